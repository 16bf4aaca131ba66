// What a report says. Every number is of one run and revision; shares are between 0 and 1.

export interface ReplayOf {
  /** Revision and topic that it reads. */
  readonly of: string
  readonly from: string
  readonly stages: readonly string[]
  /** Revision whose rows gain what it adds; null: it has rows of its own. */
  readonly into: string | null
}

export interface ReportRun {
  readonly id: string
  readonly revision: string
  /** What a replay reads; null: it makes its problems itself. */
  readonly replay: ReplayOf | null
  /** running, draining, stopped, finished, failed; null when the run has left no record of itself. */
  readonly state: string | null
  /** Times: ISO 8601, UTC. */
  readonly startedAt: string
  readonly finishedAt: string | null
  /** When the newest row was made. */
  readonly lastAt: string
  /** From the start to the end, or to the newest row while there is no end. */
  readonly seconds: number
}

export interface FunnelStep {
  readonly step: string
  readonly problems: number
  /** Of all problems. */
  readonly share: number
}

/** How the problems ended. A problem with an SFT row and a preference row is one accepted problem. */
export interface Ends {
  readonly accepted: number
  readonly rejected: number
  readonly deadLetters: number
  /** On the way still. */
  readonly open: number
}

export interface Reason {
  readonly stage: string
  readonly reason: string
  readonly problems: number
  readonly share: number
}

export interface DeadLetters {
  readonly stage: string
  readonly code: string
  readonly count: number
  readonly redriven: number
  readonly example: string
}

/** Of a replay, what its own stages have asked for. */
export interface Cost {
  readonly role: string
  readonly model: string
  readonly calls: number
  /** Tries that were repeated until these calls were answered. */
  readonly retries: number
  readonly promptTokens: number
  /** Of promptTokens, those out of the engine's prefix cache. */
  readonly cachedTokens: number
  readonly completionTokens: number
  /** Sum of the wall times of its calls; many ran at once. */
  readonly seconds: number
  /** US dollars; null without a price. */
  readonly usd: number | null
}

/** US dollars of the run, by what its records carry; null where no model has a price. */
export interface Money {
  readonly total: number | null
  /** The whole divided by the rows of each kind: rows of both kinds share the same work. null without such rows. */
  readonly perSftRow: number | null
  readonly perPreferenceRow: number | null
  /** Roles without a price, whose cost is missing. */
  readonly unpriced: readonly string[]
}

export interface VerdictCount {
  readonly verdict: string
  readonly responses: number
  readonly share: number
}

/** Responses by what symbols and the judge said of their final answers. */
export interface RuledCount {
  readonly symbolic: string
  /** equal, different, undecided, or unreadable where it gave no verdict. */
  readonly judge: string
  readonly responses: number
}

/** What the judge was asked and what came of it. */
export interface Ruled {
  readonly calls: number
  readonly responses: number
  /** Unknown verdicts that it settled. */
  readonly recovered: number
  /** It says equal where symbols say different; symbols stand. */
  readonly disagreements: number
  readonly matrix: readonly RuledCount[]
}

/** What a rule of curation cost one data set. */
export interface RuleCost {
  readonly rule: string
  /** Problems without a row of the data set because of it. */
  readonly rows: number
  /** rows, of all problems that were curated. */
  readonly share: number
  /** Responses that it took out, those of problems that gave a row all the same included. */
  readonly responses: number
}

/** What curation made of the problems that reached it; most costly rules first. */
export interface Curation {
  readonly problems: number
  readonly sft: readonly RuleCost[]
  readonly preference: readonly RuleCost[]
}

/** Responses that are no answers because they did not come to their end. */
export interface Unfinished {
  /** The thought never closed. */
  readonly thoughts: number
  /** Cut at their length, unfinished thoughts included. */
  readonly cut: number
  /** Went on in further calls after they had been cut, whatever came of it. */
  readonly continued: number
}

/** Conversations that reached so many turns, and why there are no more; null: all wished are there. */
export interface ConversationEnd {
  readonly turns: number
  readonly ended: string | null
  readonly conversations: number
}

export interface RewardSummary {
  readonly name: string
  readonly responses: number
  readonly errors: number
  readonly mean: number | null
  readonly least: number | null
  readonly median: number | null
  readonly greatest: number | null
}

export interface Rates {
  readonly problemsPerHour: number
  readonly acceptedPerHour: number
  /** New tokens of all models, over the run's time. */
  readonly tokensPerSecond: number
}

export interface Report {
  readonly run: ReportRun
  readonly funnel: readonly FunnelStep[]
  readonly ends: Ends
  readonly rows: { readonly sft: number; readonly preferences: number }
  readonly reasons: readonly Reason[]
  readonly curation: Curation
  readonly deadLetters: readonly DeadLetters[]
  readonly cost: readonly Cost[]
  readonly tokens: { readonly prompt: number; readonly cached: number; readonly completion: number }
  readonly money: Money
  /** Revision whose responses the answers below are: of a replay that only curates, the one that it reads. */
  readonly answersOf: string
  /** Settled: what symbols and the judge say together. */
  readonly verdicts: readonly VerdictCount[]
  readonly judge: Ruled
  readonly unfinished: Unfinished
  /** Mean over problems of the share of their samples that are right; null without verified samples. */
  readonly passRate: number | null
  /** Empty where the converse stage is off. */
  readonly conversations: readonly ConversationEnd[]
  readonly rewards: readonly RewardSummary[]
  readonly rates: Rates
}
