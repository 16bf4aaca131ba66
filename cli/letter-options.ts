// What the commands of dead letters share: the options that choose letters, the log they are read from, and a word
// about names that nothing has.

import { Option } from 'commander'
import type { Command } from 'commander'
import { nearest } from '../configs/nearest.ts'
import { PART_NAMES } from '../pipeline.ts'
import { isDropped, readNewest } from '../pipeline/run-records.ts'
import { createCodec } from '../schemas/codec.ts'
import { topicFor } from '../schemas/topics.ts'
import { UsageFault } from '../schemas/failure.ts'
import type { KafkaConnection } from '../stream/kafka.ts'
import type { LetterFilter } from '../stream/letter-filter.ts'
import { openLetterBook } from '../stream/letters.ts'
import type { Letter, LetterBook } from '../stream/letters.ts'
import { topicNames } from '../stream/topics-admin.ts'
import { withConfiguredKafka } from './brokers.ts'
import { collect, moment, positiveInteger } from './options.ts'

export interface LetterOptions {
  readonly run?: string
  readonly revision?: string
  readonly stage?: string
  readonly code?: string
  readonly since?: number
  readonly until?: number
  readonly id?: string[]
  readonly limit?: number
  readonly config?: string
  readonly state: string
}

/** `-c FILE`: where Kafka is and how to log in, as the run's config says. */
export function kafkaOption(): Option {
  return new Option('-c, --config <file>', 'the config of the run, for where Kafka is')
}

/** Adds the options that choose letters. */
export function addLetterOptions(command: Command): Command {
  return command
    .option('--run <name>', 'only of this run')
    .option('--revision <name>', 'only of this revision')
    .option('--stage <name>', 'only those that this stage or sink could not take')
    .option('--code <code>', 'only with this code, as context-length')
    .addOption(new Option('--since <time>', 'failed at or after: 2026-01-31T12:00:00Z, or 2h ago').argParser(moment))
    .addOption(new Option('--until <time>', 'failed before').argParser(moment))
    .option('--id <id>', 'only this one: its place (3/17), its id, or its problem; may be repeated', collect)
    .option('--limit <n>', 'so many at most', positiveInteger)
}

/** Reads the letters of the log and hands them over with the connection, which is closed afterwards. */
export async function withLetters<Result>(
  options: { readonly state: string; readonly config?: string },
  work: (connection: KafkaConnection, book: LetterBook, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const { signal } = new AbortController()
  return await withConfiguredKafka(options, async (connection) => {
    const exists = (await topicNames(connection)).includes(topicFor('dead-letters', 'main'))
    const book = exists ? await openLetterBook(connection, signal, await keptRevisions(connection, signal)) : NO_LETTERS
    return await work(connection, book, signal)
  })
}

/** Letters of dropped revisions stay on the shared topic, and are nobody's any more. */
async function keptRevisions(connection: KafkaConnection, signal: AbortSignal) {
  const codec = await createCodec({ registryUrl: process.env['SCHEMA_REGISTRY_URL'] })
  const isThere = (await topicNames(connection)).includes(topicFor('runs', 'main'))
  const records = isThere ? await readNewest(connection, codec, signal) : []
  const dropped = new Set(records.filter(isDropped).map(({ id }) => id))
  return (runId: string, revision: string): boolean => !dropped.has(`${runId}/${revision}`)
}

const NO_LETTERS: LetterBook = {
  letters: () => [],
  at: () => null,
  foreign: () => 0,
  readOn: () => Promise.resolve(),
}

/**
 * The options as a filter. Throws UsageFault, all faults at once, for a stage that there is not, and for a run, code or
 * id that no letter has and that is near to one that some have.
 */
export function filterOf(options: LetterOptions, letters: readonly Letter[]): LetterFilter {
  const { run, revision, stage, code, since, until, id: ids } = options
  const faults: string[] = []
  const meant = (near: string | null): string => (near === null ? '' : `; did you mean ${near}?`)
  const misspelt = (option: string, given: string | undefined, known: ReadonlySet<string>): void => {
    if (given === undefined || known.has(given)) return
    const near = nearest(given, known)
    if (near !== null) faults.push(`${option}: no dead letter has "${given}"${meant(near)}`)
  }
  const parts: readonly string[] = PART_NAMES
  if (stage !== undefined && !parts.includes(stage) && !letters.some((letter) => letter.stage === stage))
    faults.push(`--stage: there is no "${stage}"${meant(nearest(stage, parts))}; there are ${parts.join(', ')}`)
  misspelt('--run', run, new Set(letters.map((letter) => letter.runId)))
  misspelt('--revision', revision, new Set(letters.map((letter) => letter.revision)))
  misspelt('--code', code, new Set(letters.map((letter) => letter.code)))
  if (since !== undefined && until !== undefined && since >= until) faults.push('--since must be before --until')
  if (faults.length > 0) throw new UsageFault(faults)
  return { run, revision, stage, code, since, until, ids }
}
