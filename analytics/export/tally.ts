// What the manifest says of the records that an export took: runs, models, places on the log, the newest of them.

import type { Columns } from '../../sinks/clickhouse/read-rows.ts'
import type { Manifest } from './contract.ts'

interface OfRun {
  rows: number
  readonly configHashes: Set<string>
}

export interface Tally {
  note(columns: Columns): void
  readonly runs: ReadonlyMap<string, Readonly<OfRun>>
  readonly models: Readonly<Record<string, number>>
  readonly questionModels: Readonly<Record<string, number>>
  readonly offsets: Manifest['offsets']
  /** Milliseconds since 1970 UTC; null: there was none. */
  newest(): number | null
}

/** An empty tally. */
export function createTally(): Tally {
  const runs = new Map<string, OfRun>()
  const models: Record<string, number> = {}
  const questionModels: Record<string, number> = {}
  const offsets: Manifest['offsets'] = {}
  let newest: number | null = null
  return {
    ...{ runs, models, questionModels, offsets },
    newest: () => newest,
    note(columns) {
      const { run_id, config_hash, topic, partition, offset, created_ms, question_model } = columns as {
        run_id: string
        config_hash: string
        topic: string
        partition: number
        offset: number
        created_ms: number
        question_model: string | null
      }
      const ofRun = runs.get(run_id) ?? { rows: 0, configHashes: new Set<string>() }
      runs.set(run_id, ofRun)
      ofRun.rows += 1
      if (config_hash !== '') ofRun.configHashes.add(config_hash)
      const model = (columns['model'] ?? columns['chosen_model']) as string
      models[model] = (models[model] ?? 0) + 1
      if (question_model !== null) questionModels[question_model] = (questionModels[question_model] ?? 0) + 1
      const ranges = (offsets[topic] ??= {})
      const range = (ranges[String(partition)] ??= { lowest: offset, highest: offset })
      if (offset < range.lowest) range.lowest = offset
      if (offset > range.highest) range.highest = offset
      if (newest === null || created_ms > newest) newest = created_ms
    },
  }
}
