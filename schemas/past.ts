// What another revision has of a record. Promises: every call that a record carries says which revision paid for it, so
// that what a revision has cost can be told from what it took over.

import type { Conversed, Envelope, Generation, Problem } from './records.ts'

/** A record of another revision (its `revision` says which), as far as it came there. */
export type PastRecord = Envelope & Partial<Omit<Conversed, keyof Envelope>>

/** What the revision that is taken over from has of this record; null: nothing. Throws Failure. */
export type PastOf = (record: Envelope, signal: AbortSignal) => Promise<PastRecord | null>

/** Every model call that the record carries, its scores aside. */
export function* generationsOf(record: PastRecord | Problem): Generator<Generation> {
  if ('generation' in record && record.generation !== null) yield record.generation
  const { problem, tags, answer, samples, judging, conversation } = record as PastRecord
  if (problem !== undefined && problem.generation !== null) yield problem.generation
  if (tags !== undefined && tags !== null) yield tags.generation
  if (answer !== undefined && answer !== null) yield answer.generation
  for (const { generation } of samples ?? []) yield generation
  for (const { generation } of judging?.judgements ?? []) if (generation !== null) yield generation
  for (const { tries, answers } of conversation?.followUps ?? [])
    for (const { generation } of [...tries, ...answers]) yield generation
}

/** Writes into a record that a replay has just read whose its calls are, where they do not say so already. */
export function markPaid(record: PastRecord | Problem, revision: string): void {
  for (const generation of generationsOf(record)) generation.keptFrom ??= revision
  if ('rewards' in record) for (const score of record.rewards ?? []) score.keptFrom ??= revision
}
