// Which dead letters may be sent on their way again, and what keeps the others. A letter goes back to the stage or sink
// that failed, by the run's own config: whoever is not part of that run any more cannot take it.

import { configSchema } from '../configs/schema.ts'
import { PART_NAMES, planStages } from '../pipeline.ts'
import type { RunRecord } from '../schemas/records.ts'
import { TOPICS } from '../schemas/topics.ts'
import type { Codec } from '../schemas/codec.ts'
import type { KafkaConnection } from '../stream/kafka.ts'
import type { Letter } from '../stream/letters.ts'
import { topicEnds } from '../stream/positions.ts'
import { topicNames } from '../stream/topics-admin.ts'
import { isDropped, readRunRecords } from './run-records.ts'
import { plannedSinks, readingParts, topicsReadBy } from './standing.ts'

/** Attempts that a record gets unless more are asked for, the first one included. */
export const MAX_ATTEMPTS = 3

export interface RedrivePlan {
  readonly send: readonly Letter[]
  /** Tried as often as is allowed. */
  readonly spent: readonly Letter[]
  /** Nobody is there to take them; why, for people. */
  readonly homeless: readonly { readonly letter: Letter; readonly why: string }[]
  /** The runs of the letters by runOf, with their newest state; null: no record of it. */
  readonly runs: ReadonlyMap<string, RunRecord | null>
}

/** Names the run and revision of a letter. */
export function runOf({ runId, revision }: Pick<Letter, 'runId' | 'revision'>): string {
  return `${runId}/${revision}`
}

/** Judges letters, which must wait. Throws Failure when Kafka does not answer. */
export async function planRedrive(
  connection: KafkaConnection,
  codec: Codec,
  letters: readonly Letter[],
  { maxAttempts, signal }: { maxAttempts: number; signal: AbortSignal },
): Promise<RedrivePlan> {
  const records = new Map<string, Map<string, RunRecord>>()
  const existing = new Set(await topicNames(connection))
  if (existing.has('runs'))
    for (const revision of new Set(letters.map((letter) => letter.revision)))
      records.set(revision, await readRunRecords(connection, codec, revision, signal))
  const partitions = new Map<string, number>()
  for (const topic of new Set(letters.map(({ source }) => source.topic)))
    if (existing.has(topic)) partitions.set(topic, (await topicEnds(connection, topic)).length)

  const send: Letter[] = []
  const spent: Letter[] = []
  const homeless: { letter: Letter; why: string }[] = []
  const runs = new Map<string, RunRecord | null>()
  for (const letter of letters) {
    const run = records.get(letter.revision)?.get(letter.runId) ?? null
    runs.set(runOf(letter), run)
    const why =
      run === null
        ? `run ${letter.runId} has left no record of itself on this Kafka`
        : isDropped(run)
          ? `revision ${letter.revision} of run ${letter.runId} was dropped`
          : whyNobody(letter, run)
    if (why !== null) homeless.push({ letter, why })
    else if (letter.source.partition >= (partitions.get(letter.source.topic) ?? 0))
      homeless.push({
        letter,
        why: `topic ${letter.source.topic} has no partition ${letter.source.partition} any more`,
      })
    else if (letter.attempt >= maxAttempts) spent.push(letter)
    else send.push(letter)
  }
  return { send, spent, homeless, runs }
}

/** Why no part of the letter's run can take its record; null: one can. */
export function whyNobody({ stage, source, runId, revision }: Letter, run: Pick<RunRecord, 'config'>): string | null {
  if (!(PART_NAMES as readonly string[]).includes(stage)) return `"${stage}" is no stage and no sink of this program`
  const config = configSchema.safeParse(configOf(run)).data
  if (config === undefined) return `the config of run ${runId} is of another version of this program`
  const planned = planStages(config)
  const part = readingParts(planned, plannedSinks(planned, config.sinks)).find((each) => each.part === stage)
  if (part === undefined) return `${stage} is switched off in run ${runId}`
  const topics = topicsReadBy(part, revision)
  const topic = part.topics[topics.indexOf(source.topic)]
  if (topic === undefined)
    return `${stage} does not read topic ${source.topic} in run ${runId} but ${topics.join(', ')}`
  return TOPICS[topic].compacted
    ? `topic ${topic} keeps the newest record of a key: an old one sent again would stand for the newest`
    : null
}

function configOf({ config }: Pick<RunRecord, 'config'>): unknown {
  try {
    return JSON.parse(config)
  } catch {
    return null
  }
}
