// What another revision has of a record. Promises: every call that a record carries says which revision paid for it, so
// that what a revision has cost can be told from what it took over.

import type { Conversed, Envelope, Generation, Problem } from './records.ts'

/** A record of another revision (its `revision` says which), as far as it came there. */
export type PastRecord = Envelope & Partial<Omit<Conversed, keyof Envelope>>

/** What the revision that is taken over from has of this record; null: nothing. Throws Failure. */
export type PastOf = (record: Envelope, signal: AbortSignal) => Promise<PastRecord | null>

/**
 * The record that a replay has just read, with a word in each of its calls that has none yet of whose it is. A copy where
 * something changes: what was read from the log stays as it was (schemas/field-bytes.ts writes it as it lay there).
 */
export function paidBy<Read extends PastRecord | Problem>(record: Read, revision: string): Read {
  const call = <Call extends { readonly keptFrom: string | null }>(each: Call): Call => ({
    ...each,
    keptFrom: each.keptFrom ?? revision,
  })
  const made = <Made extends { readonly generation: Generation | null }>(each: Made): Made =>
    each.generation === null ? each : { ...each, generation: call(each.generation) }
  const { problem, tags, answer, samples, judging, rewards, conversation } = record as PastRecord
  return {
    ...('generation' in record ? made(record) : record),
    ...(problem === undefined ? {} : { problem: made(problem) }),
    ...(tags === undefined || tags === null ? {} : { tags: made(tags) }),
    ...(answer === undefined || answer === null ? {} : { answer: made(answer) }),
    ...(samples === undefined ? {} : { samples: samples.map(made) }),
    ...(judging === undefined || judging === null
      ? {}
      : { judging: { ...judging, judgements: judging.judgements.map(made) } }),
    ...(rewards === undefined ? {} : { rewards: rewards.map(call) }),
    ...(conversation === undefined || conversation === null
      ? {}
      : {
          conversation: {
            ...conversation,
            followUps: conversation.followUps.map((turn) => ({
              ...turn,
              tries: turn.tries.map(made),
              answers: turn.answers.map(made),
            })),
          },
        }),
  } as Read
}
