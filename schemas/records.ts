// The records as TypeScript sees them: one vocabulary, with the parts that they are made of. schemas/*.avsc are the truth
// (every field has its doc there); test/schemas/records.test.ts holds these types to them field by field.

import type {
  BudgetName,
  Conversation,
  ConversationTurn,
  Generation,
  Judging,
  JudgeVerdict,
  Response,
  RewardScore,
  RoleSpending,
  RunState,
  Screening,
  Tags,
  Usage,
  VerdictName,
  Verification,
} from './record-parts.ts'

export type * from './record-parts.ts'

/** What every record on a topic begins with. createdAt: milliseconds since 1970 UTC. */
export interface Envelope {
  id: string
  runId: string
  revision: string
  createdAt: number
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

/** A problem with the verdicts of symbols and of the judge. */
export interface Judged extends Verified {
  judging: Judging | null
}

/** A problem with everything that curation chooses from. */
export interface Rewarded extends Judged {
  rewards: RewardScore[]
}

/** A rewarded problem with further turns of its conversation. */
export interface Conversed extends Rewarded {
  conversation: Conversation | null
}

/** What rows of both data sets say of their problem. */
export interface DataRow extends Envelope {
  problemId: string
  instruction: string
  questionModel: string | null
  source: string
  referenceAnswer: string | null
  difficulty: string | null
  quality: string | null
  qualityExplanation: string | null
  category: string | null
  otherCategories: string[]
  language: string | null
  safety: string | null
  intent: string | null
  knowledge: string | null
  problemGeneration: Generation | null
  version: string
  passRate: number | null
  passRateDifficulty: string | null
  sftDropped: Record<string, number>
  pairDropped: Record<string, number>
}

/** A row of an SFT data set. */
export interface SftRecord extends DataRow {
  reasoning: string | null
  response: string
  conversations: ConversationTurn[]
  responseId: string
  model: string
  finalAnswer: string | null
  verdict: VerdictName
  verdictReason: string | null
  symbolicVerdict: VerdictName | null
  judgeVerdict: JudgeVerdict | null
  voteShare: number
  reward: number | null
  rewardName: string | null
  rewards: Record<string, number>
  usage: Usage
  generation: Generation
  pairRefusal: string | null
  turns: number
  furtherPromptTokens: number
  furtherCompletionTokens: number
  conversationEnded: string | null
}

/** A row of a preference data set. */
export interface PreferenceRecord extends DataRow {
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
  chosenGeneration: Generation
  rejectedGeneration: Generation
  sftRefusal: string | null
  strategy: string | null
  chosenRewards: Record<string, number>
  rejectedRewards: Record<string, number>
}

/** What curation made of the responses of a problem: why there is no row, and what each rule took out. */
export interface Curation {
  sftRefusal: string | null
  pairRefusal: string | null
  sftDropped: Record<string, number>
  pairDropped: Record<string, number>
}

/** A record that a stage refused, with the reason: one of the three ends of a problem. */
export interface Rejection extends Envelope {
  problemId: string
  stage: string
  reason: string
  detail: string | null
  collidedWith: string | null
  curation: Curation | null
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

/** What one process has spent on a run since its start; the newest record of a process counts. */
export interface Spending extends Envelope {
  leadMilliseconds: number
  roles: Record<string, RoleSpending>
  done: Record<string, number>
  passed: Record<string, number>
}

/** One start of one process of a run, with the config that it works by. */
export interface RunStart extends Envelope {
  config: string
  configHash: string
  parts: string[]
  host: string
  pid: number
  version: string
  clickhouse: string | null
}

/** A model call that has its answer, of a record that is not done yet. */
export interface Call extends Envelope {
  stage: string
  problemId: string
  topic: string
  offset: number
  call: string
  result: string
}

/** A part of the problems that a replay was to take: the whole selection is all parts of one hash. */
export interface Selection extends Envelope {
  sha256: string
  part: number
  parts: number
  ids: Buffer
}

/** The records that topics hold, by Avro name. */
export interface Records {
  Problem: Problem
  Screened: Screened
  Tagged: Tagged
  Answered: Answered
  Sampled: Sampled
  Verified: Verified
  Judged: Judged
  Rewarded: Rewarded
  Conversed: Conversed
  SftRecord: SftRecord
  PreferenceRecord: PreferenceRecord
  Rejection: Rejection
  RunRecord: RunRecord
  Spending: Spending
  Call: Call
  RunStart: RunStart
  Selection: Selection
}

export type RecordName = keyof Records
