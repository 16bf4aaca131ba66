// The records as TypeScript sees them, all in one file: they are one vocabulary, read side by side. schemas/*.avsc are the truth (every field has its doc there);
// test/schemas/records.test.ts holds these types to them field by field.

export type VerdictName = 'equal' | 'different' | 'unknown'

export type RunState = 'running' | 'draining' | 'stopped' | 'finished' | 'failed'

/** What a run may be given only so much of. */
export type BudgetName = 'usd' | 'tokens' | 'hours'

/** What every record on a topic begins with. createdAt: milliseconds since 1970 UTC. */
export interface Envelope {
  id: string
  runId: string
  revision: string
  createdAt: number
}

/** How a model was asked for one text and what the call cost: the provenance of every generated text. */
export interface Generation {
  role: string
  model: string
  endpoint: string
  template: string | null
  promptHash: string | null
  temperature: number
  topP: number
  topK: number
  minP: number
  repetitionPenalty: number
  maxTokens: number
  seed: number
  finishReason: string
  stopReason: string | null
  promptTokens: number
  completionTokens: number
  milliseconds: number
  attempts: number
  cachedTokens: number
  firstTemperature: number | null
  continuations: number
  usd: number | null
}

/** A problem as a model or a file gave it, untouched. */
export interface Problem extends Envelope {
  slot: number
  choice: number
  text: string
  source: 'magpie' | 'jsonl'
  sourceFile: string | null
  sourceLine: number | null
  referenceAnswer: string | null
  opener: string | null
  controlTask: string | null
  generation: Generation | null
  metadata: Record<string, string>
}

/** What screening decided about an accepted problem. */
export interface Screening {
  version: string
  text: string
  changes: string[]
  language: string | null
}

/** Labels of a problem by a judge model. */
export interface Tags {
  version: string
  difficulty: string
  quality: string
  qualityExplanation: string | null
  category: string
  language: string | null
  safety: string | null
  intent: string | null
  knowledge: string | null
  generation: Generation
}

/** What a model said to a problem, untouched. */
export interface Response {
  id: string
  kind: 'answer' | 'sample'
  index: number
  text: string
  reasoning: string | null
  generation: Generation
}

/** What verification found in one response. */
export interface Verdict {
  responseId: string
  complete: boolean
  thought: 'none' | 'closed' | 'unfinished'
  reasoning: string | null
  solution: string
  finalAnswer: string | null
  answerClass: number
  voteShare: number
  verdict: VerdictName
  reason: string | null
}

/** Responses whose final answers mean the same. */
export interface AnswerClass {
  answer: string
  size: number
}

/** Final answers grouped into equivalence classes, voted on and compared. */
export interface Verification {
  version: string
  against: 'reference' | 'vote' | 'none'
  referenceAnswer: string | null
  verdicts: Verdict[]
  classes: AnswerClass[]
  winningAnswer: string | null
  winningShare: number
  passRate: number | null
}

/** One reward of one response. */
export interface RewardScore {
  responseId: string
  name: string
  version: string
  value: number | null
  steps: number[]
  error: string | null
  model: string | null
  endpoint: string | null
  tokens: number
  milliseconds: number
  attempts: number
  usd: number | null
  detail: string | null
}

/** A problem that passed screening. */
export interface Screened extends Envelope {
  problem: Problem
  screening: Screening
}

/** A screened problem with labels. */
export interface Tagged extends Screened {
  tags: Tags | null
}

/** A problem with its cool answer. */
export interface Answered extends Tagged {
  answer: Response | null
}

/** A problem with its samples. */
export interface Sampled extends Answered {
  samples: Response[]
}

/** A problem with verdicts. */
export interface Verified extends Sampled {
  verification: Verification
}

/** A problem with everything that curation chooses from. */
export interface Rewarded extends Verified {
  rewards: RewardScore[]
}

/** Tokens of a call. */
export interface Usage {
  promptTokens: number
  completionTokens: number
}

/** One turn. */
export interface ConversationTurn {
  from: 'human' | 'gpt'
  value: string
}

/** A row of an SFT data set. */
export interface SftRecord extends Envelope {
  problemId: string
  instruction: string
  reasoning: string | null
  response: string
  conversations: ConversationTurn[]
  responseId: string
  model: string
  questionModel: string | null
  source: string
  finalAnswer: string | null
  referenceAnswer: string | null
  verdict: VerdictName
  verdictReason: string | null
  voteShare: number
  reward: number | null
  rewardName: string | null
  rewards: Record<string, number>
  difficulty: string | null
  quality: string | null
  category: string | null
  language: string | null
  safety: string | null
  usage: Usage
  problemGeneration: Generation | null
  generation: Generation
  version: string
  pairRefusal: string | null
}

/** A row of a preference data set. */
export interface PreferenceRecord extends Envelope {
  problemId: string
  instruction: string
  chosen: string
  rejected: string
  chosenId: string
  rejectedId: string
  chosenReward: number
  rejectedReward: number
  margin: number
  rewardName: string
  chosenVerdict: VerdictName
  rejectedVerdict: VerdictName
  chosenModel: string
  rejectedModel: string
  chosenReasoning: string | null
  rejectedReasoning: string | null
  questionModel: string | null
  source: string
  referenceAnswer: string | null
  difficulty: string | null
  quality: string | null
  category: string | null
  language: string | null
  safety: string | null
  problemGeneration: Generation | null
  chosenGeneration: Generation
  rejectedGeneration: Generation
  version: string
  sftRefusal: string | null
}

/** A record that a stage refused, with the reason: one of the three ends of a problem. */
export interface Rejection extends Envelope {
  problemId: string
  stage: string
  reason: string
  detail: string | null
  collidedWith: string | null
  topic: string | null
  partition: number | null
  offset: number | null
  record: Buffer
}

/** State of a run; the newest record of a name counts. */
export interface RunRecord extends Envelope {
  state: RunState
  config: string
  configHash: string
  startedAt: number
  finishedAt: number | null
  host: string
  pid: number
  version: string
  endedBy: BudgetName | null
}

/** What one role or reward model has cost one process, tries that failed included. */
export interface RoleSpending {
  calls: number
  promptTokens: number
  cachedTokens: number
  completionTokens: number
  unmeasured: number
  usd: number | null
}

/** What one process has spent on a run since its start; the newest record of a process counts. */
export interface Spending extends Envelope {
  leadMilliseconds: number
  roles: Record<string, RoleSpending>
  done: Record<string, number>
}

/** The records that topics hold, by Avro name. */
export interface Records {
  Problem: Problem
  Screened: Screened
  Tagged: Tagged
  Answered: Answered
  Sampled: Sampled
  Verified: Verified
  Rewarded: Rewarded
  SftRecord: SftRecord
  PreferenceRecord: PreferenceRecord
  Rejection: Rejection
  RunRecord: RunRecord
  Spending: Spending
}

export type RecordName = keyof Records
