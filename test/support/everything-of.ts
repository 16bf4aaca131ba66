// Everything of a revision as it lies on the log and in the tables, to be held against the same at another time.

import assert from 'node:assert/strict'
import type { TopicName } from '../../schemas/topics.ts'
import { messagesOf, query } from './end-to-end.ts'
import type { Workshop } from './end-to-end.ts'

export interface Everything {
  /** A message each, with its place, time, headers and bytes; sorted. */
  readonly log: readonly string[]
  /** A row each, behind the name of its table; sorted. */
  readonly rows: readonly string[]
}

const TABLES = ['problems', 'responses', 'sft', 'preferences', 'rejections', 'dead_letters', 'runs', 'run_starts']

/** Everything of revision main of a run in these topics and all tables. */
export async function everythingOf(
  workshop: Workshop,
  runId: string,
  topics: readonly TopicName[],
): Promise<Everything> {
  const log: string[] = []
  for (const topic of topics)
    for (const { partition, offset, timestamp, key, value, headers } of await messagesOf(workshop, runId, topic))
      log.push(JSON.stringify([topic, partition, Number(offset), timestamp, key, value.toString('base64'), headers]))
  const all = TABLES.map(
    (name) =>
      `SELECT toString(('${name}', tuple(*))) AS row FROM ${name} FINAL WHERE run_id = '${runId}' AND revision = 'main'`,
  )
  const rows = await query<{ row: string }>(workshop, all.join(' UNION ALL '))
  return { log: log.sort(), rows: rows.map(({ row }) => row).sort() }
}

/** Nothing has come, gone or changed. Not by deepEqual, which takes minutes to draw a difference of whole runs. */
export function assertUnchanged(now: Everything, before: Everything): void {
  for (const part of ['log', 'rows'] as const) {
    assert.ok(before[part].length > 0, `there is nothing in the ${part}`)
    assert.equal(now[part].length, before[part].length, part)
    assert.ok(
      now[part].every((each, index) => each === before[part][index]),
      `the ${part} has changed`,
    )
  }
}
