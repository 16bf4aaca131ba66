// What the pipeline knows of mathematics.

import type { VerdictName } from '../schemas/records.ts'

/** reason: exact, numeric, symbolic, set, interval …; or parse-failed, timed-out, empty when unknown. */
export interface Comparison {
  readonly verdict: VerdictName
  readonly reason: string
}

export interface AnswerGroups {
  /** For each answer the index of its class; -1 for null answers. */
  readonly classOf: readonly number[]
  /** Largest first, ties by first appearance. answer: as its first member wrote it. */
  readonly classes: readonly { readonly answer: string; readonly members: readonly number[] }[]
}

/** Answers judged in worker threads, each call with a hard time limit (the worker is killed and replaced). Never throws, never hangs. */
export interface MathPool {
  /** Does pred mean what gold means? */
  compare(gold: string, pred: string): Promise<Comparison>
  /** Equivalence classes of final answers (null: none was found). */
  group(answers: readonly (string | null)[]): Promise<AnswerGroups>
  close(): Promise<void>
}
