// The parts that records are made of, as TypeScript sees them; schemas/*.avsc are the truth (every field has its doc
// there), and test/schemas/records.test.ts holds these types to them. Everybody imports them from records.ts.

export type VerdictName = 'equal' | 'different' | 'unknown'

/** What a judge may say; undecided leaves the matter where it was. */
export type JudgeVerdict = 'equal' | 'different' | 'undecided'

export type RunState = 'running' | 'draining' | 'stopped' | 'finished' | 'failed'

/** What a run may be given only so much of. */
export type BudgetName = 'usd' | 'tokens' | 'hours'

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
  mannerHash: string | null
  keptFrom: string | null
}

/** What screening decided about an accepted problem. */
export interface Screening {
  version: string
  text: string
  changes: string[]
  language: string | null
  embedding: TextEmbedding | null
}

/** The vector of a text by an embedding model, or why there is none. */
export interface TextEmbedding {
  version: string
  model: string
  /** A signed 8-bit integer for each dimension. */
  vector: Buffer | null
  error: string | null
  endpoint: string
  tokens: number
  milliseconds: number
  attempts: number
  usd: number | null
}

/** Labels of a problem by a judge model. */
export interface Tags {
  version: string
  difficulty: string
  quality: string
  qualityExplanation: string | null
  category: string
  otherCategories: string[]
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

/** What the judge model said of one final answer of a problem. */
export interface Judgement {
  responseIds: string[]
  answer: string | null
  reference: string
  verdict: JudgeVerdict | null
  explanation: string | null
  symbolicVerdict: VerdictName
  symbolicReason: string | null
  error: string | null
  detail: string | null
  generation: Generation | null
}

/** What a judge model said of the verdicts that symbols could not give, and of a sample of others. */
export interface Judging {
  version: string
  against: 'reference' | 'vote' | 'none'
  judgements: Judgement[]
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
  keptFrom: string | null
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

/** What one role or reward model has cost one process, tries that failed included. */
export interface RoleSpending {
  calls: number
  promptTokens: number
  cachedTokens: number
  completionTokens: number
  unmeasured: number
  usd: number | null
}

/** One try of the questioner to go on with a conversation. */
export interface QuestionTry {
  text: string
  cleaned: string
  changes: string[]
  refusal: string | null
  detail: string | null
  collidedWith: string | null
  generation: Generation
}

/** One answer to a follow-up question. */
export interface TurnAnswer {
  id: string
  index: number
  text: string
  reasoning: string | null
  thought: 'none' | 'closed' | 'unfinished'
  complete: boolean
  split: string | null
  solution: string
  finalAnswer: string | null
  answerClass: number
  generation: Generation
}

/** One further turn of a conversation: a question and its answers. */
export interface FollowUp {
  id: string
  turn: number
  question: string | null
  tries: QuestionTry[]
  answers: TurnAnswer[]
  chosen: number | null
  winningShare: number | null
}

/** What became of the wish for further turns. */
export interface Conversation {
  version: string
  responseId: string | null
  wished: number
  followUps: FollowUp[]
  ended: string | null
  detail: string | null
}
