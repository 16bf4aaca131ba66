// The audit as one screen: a table of stages, a table of stores, what is wrong by id, and the verdict in one sentence.

import Table from 'cli-table3'
import type { Audit, FaultGroup, StageLine, StoreLine } from './contract.ts'
import { rowsInFlight } from './sums.ts'

export interface RenderOptions {
  /** Options of cli-table3, for a table as the other commands print it. */
  readonly style: object
}

/** Text with line ends, the last one left out. */
export function renderAudit(audit: Audit, { style }: RenderOptions): string {
  const { run, revision, state, stages, stores, faults, notes, passes } = audit
  const of = revision === 'main' ? '' : `, revision ${revision}`
  return [
    `run ${run}${of}: ${state}${passes > 1 ? `; read in ${passes} passes` : ''}`,
    '',
    stageTable(stages, style),
    ...(stores.length === 0 ? [] : ['', storeTable(stores, style)]),
    ...(notes.length === 0 ? [] : ['', ...notes.map((note) => `note: ${note}`)]),
    ...faults.flatMap((group) => ['', ...describe(group)]),
    ...emptyStores(stores),
    '',
    verdict(audit),
  ].join('\n')
}

function stageTable(stages: readonly StageLine[], style: object): string {
  const columns = ['in', 'out', 'rejected', 'dead', 'inFlight', 'repeats', 'missing', 'doubled', 'stray'] as const
  return tableOf(
    'stage',
    columns,
    stages.map((line) => [line.stage, ...columns.map((name) => line[name])]),
    style,
  )
}

function storeTable(stores: readonly StoreLine[], style: object): string {
  const columns = ['expected', 'rows', 'surplus', 'dead', 'inFlight', 'missing', 'doubled', 'stray'] as const
  return tableOf(
    'rows',
    columns,
    stores.map((line) => [line.store, ...columns.map((name) => line[name])]),
    style,
  )
}

function tableOf(first: string, columns: readonly string[], rows: (string | number)[][], style: object): string {
  const table = new Table({ ...style, colAligns: ['left', ...columns.map(() => 'right' as const)] })
  table.push([first, ...columns.map((name) => (name === 'inFlight' ? 'in flight' : name))], ...rows)
  return table.toString()
}

function describe({ at, kind, count, first }: FaultGroup): string[] {
  const more = count - first.length
  return [
    `${count} ${kind} at ${at}:`,
    ...first.map(({ id, says, seen }) => `  ${id}  ${says}${seen === null ? '' : ` (last on the log: ${seen})`}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ]
}

/** Where a whole store is empty, as after a move to another machine: what fills it. */
function emptyStores(stores: readonly StoreLine[]): string[] {
  const empty = (['table', 'files'] as const).filter((kind) => {
    const ofKind = stores.filter(({ store }) => store.startsWith(kind))
    return ofKind.some(({ missing }) => missing > 0) && ofKind.every(({ rows }) => rows === 0)
  })
  if (empty.length === 0) return []
  const what = empty.map((kind) => (kind === 'table' ? 'no table' : 'no file')).join(' and ')
  return [
    '',
    `${what} has anything of it: the command that made it (run, import, replay), given again, fills that in from Kafka. Or is it another database or folder (CLICKHOUSE_URL, --state)?`,
  ]
}

function verdict({ whole, state, counts, stores }: Audit): string {
  const { problems, accepted, rejected, dead, inFlight, lost, doubled, stray, overdue } = counts
  const ends = `${accepted} accepted, ${rejected} rejected, ${dead} dead letters`
  const rows = rowsInFlight(stores)
  const flying = inFlight > 0 ? `${inFlight} in flight` : rows > 0 ? `${rows} rows in flight` : ''
  const late = `the run is finished, and ${counted(overdue)} in flight: start it again to bring ${overdue === 1 ? 'it to its' : 'them to their'} end`
  if (lost + doubled + stray > 0) {
    const more = overdue > 0 ? `; ${late}` : flying === '' ? '' : `; ${flying}`
    return `BROKEN: ${lost} missing, ${doubled} doubled, ${stray} stray; ${problems} problems (${ends})${more}`
  }
  if (flying === '') return `whole: ${problems} problems, each with one end (${ends})`
  const so = `${problems - inFlight} of ${problems} problems have ended, each once (${ends}); ${flying}`
  if (!whole) return `UNENDED: ${late}; ${so}`
  if (state !== 'finished') return `whole so far: ${so}`
  return `whole so far: ${so}, sent again out of dead letters: start the run again to bring ${inFlight === 1 ? 'it to its' : 'them to their'} end`
}

const counted = (records: number): string => (records === 1 ? '1 record is' : `${records} records are`)
