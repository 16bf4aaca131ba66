// Whether a run is whole: each problem that was to be made has one end, and log, tables and files say the same of it.
// An end that is on the log twice with the same content is one end; with two contents it is doubled.

import { resolve } from 'node:path'
import { problemId } from '../../schemas/ids.ts'
import { dataFiles, logOf, query } from '../support/end-to-end.ts'
import { type Ground, OUT } from './ground.ts'
import type { Played } from './scenario.ts'

export interface Ends {
  /** Ids of problems that are missing somewhere, with where. */
  readonly lost: readonly string[]
  /** Ids of problems that have two ends or two contents, with which. */
  readonly doubled: readonly string[]
  readonly deadLetters: number
}

const CHOICES = 4

/** Looks at everything that the run has left. */
export async function endsOf(
  { workshop, stateDir }: Ground,
  { runId, total, out = OUT, environment }: Played,
): Promise<Ends> {
  const log = await logOf(workshop, runId)
  const files = await dataFiles(resolve(workshop.folder, out))
  const wanted = Array.from({ length: total }, (_, index) =>
    problemId(runId, Math.floor(index / CHOICES), index % CHOICES),
  )
  const known = new Set(wanted)
  const contents = new Map<string, Map<string, Set<string>>>()
  const note = (problem: string, what: string, content: unknown): void => {
    const of = contents.get(problem) ?? new Map<string, Set<string>>()
    contents.set(problem, of.set(what, (of.get(what) ?? new Set()).add(JSON.stringify(content))))
  }
  for (const { id, text } of log.problems) note(id, 'problem', text)
  for (const { problemId: id, stage, reason } of log.rejections) note(id, 'rejection', [stage, reason])
  for (const { id, problemId: problem, response } of log.sft) note(problem, `row ${id}`, response)
  for (const { id, problemId: problem, chosen, rejected } of log.preferences)
    note(problem, `row ${id}`, [chosen, rejected])
  for (const { key } of log.dead) note(key, 'dead letter', null)
  const lost: string[] = []
  const doubled: string[] = []
  for (const id of new Set([...wanted, ...contents.keys()])) {
    const of = contents.get(id) ?? new Map<string, Set<string>>()
    const ends = ['rejection', 'dead letter', 'row'].filter((end) =>
      [...of.keys()].some((what) => what.startsWith(end)),
    )
    if (!known.has(id)) {
      if (!of.has('dead letter')) doubled.push(`${id}: no problem of this run has this id`)
      continue
    }
    if (!of.has('problem')) lost.push(`${id}: not on the log`)
    else if (ends.length === 0) lost.push(`${id}: no end`)
    if (ends.length > 1) doubled.push(`${id}: ${ends.join(' and ')}`)
    for (const [what, different] of of)
      if (different.size > 1) doubled.push(`${id}: ${different.size} contents of ${what}`)
  }
  for (const [table, onLog] of [
    ['problems', log.problems],
    ['rejections', log.rejections],
    ['sft', log.sft],
    ['preferences', log.preferences],
  ] as const) {
    const sql = `SELECT id FROM ${table} FINAL WHERE run_id = '${runId}'`
    const rows = (await query<{ id: string }>(workshop, sql, stateDir, environment)).map(({ id }) => id)
    compare(
      `table ${table}`,
      rows,
      onLog.map(({ id }) => id),
      { lost, doubled },
    )
  }
  for (const [type, onLog] of [
    ['sft', log.sft],
    ['preference', log.preferences],
  ] as const) {
    const rows = files[type].flatMap((file) => file.rows.map(({ id }) => id))
    compare(
      `file of ${type}`,
      rows,
      onLog.map(({ id }) => id),
      { lost, doubled },
    )
  }
  return { lost, doubled, deadLetters: log.dead.length }
}

function compare(
  where: string,
  found: readonly string[],
  wanted: readonly string[],
  { lost, doubled }: { lost: string[]; doubled: string[] },
): void {
  const there = new Set(found)
  const onLog = new Set(wanted)
  for (const id of onLog) if (!there.has(id)) lost.push(`${id}: not in ${where}`)
  for (const id of there) if (!onLog.has(id)) doubled.push(`${id}: in ${where} and not on the log`)
  if (there.size < found.length) doubled.push(`${where}: ${found.length - there.size} rows twice`)
}
