// What a comparison of two revisions of a run says. `left` is the first that was named; a difference is right − left.

import type { ReplayOf } from '../report/contract.ts'

export interface RewardMean {
  readonly name: string
  readonly responses: number
  readonly mean: number | null
}

/** One revision by itself. */
export interface Side {
  readonly revision: string
  /** running, draining, stopped, finished, failed; null when it has left no record of itself. */
  readonly state: string | null
  /** What a replay reads; null: it makes its problems itself. */
  readonly replay: ReplayOf | null
  /** Revision whose responses it has curated. */
  readonly answersOf: string
  /** Problems that it has taken, and how they ended. */
  readonly problems: number
  readonly accepted: number
  readonly rejected: number
  readonly deadLetters: number
  readonly open: number
  readonly sft: number
  readonly preferences: number
  readonly passRate: number | null
  readonly rewards: readonly RewardMean[]
  /** What its own stages have asked for. */
  readonly promptTokens: number
  readonly completionTokens: number
  readonly usd: number | null
}

export interface ReasonPair {
  readonly stage: string
  readonly reason: string
  readonly left: number
  readonly right: number
}

/** Responses by both verdicts; `none`: without one. */
export interface VerdictPair {
  readonly left: string
  readonly right: string
  readonly responses: number
  /** Ids of the first of them. */
  readonly examples: readonly string[]
}

/** Rows that one side alone has, by why the other has none. */
export interface RowReason {
  readonly reason: string
  readonly rows: number
  readonly examples: readonly string[]
}

/** One data set, row by row. */
export interface RowChange {
  readonly type: 'sft' | 'preference'
  /** Rows that both have, and of these, those that hold other responses. */
  readonly both: number
  readonly changed: number
  readonly changedExamples: readonly string[]
  /** Rows of the right alone, of problems that both have taken. */
  readonly gained: number
  readonly gainedBecause: readonly RowReason[]
  /** Rows of the left alone, likewise. */
  readonly lost: number
  readonly lostBecause: readonly RowReason[]
  /** Rows of problems that the other has not taken. */
  readonly onlyLeftTook: number
  readonly onlyRightTook: number
}

export interface Comparison {
  readonly run: string
  readonly left: Side
  readonly right: Side
  /** Problems that both have taken. */
  readonly both: number
  readonly reasons: readonly ReasonPair[]
  readonly verdicts: {
    /** Responses that both have, and of these, those whose verdict differs. */
    readonly compared: number
    readonly changed: number
    readonly matrix: readonly VerdictPair[]
  }
  readonly rows: readonly RowChange[]
}
