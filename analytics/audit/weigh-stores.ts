// Weighs the rows of a pass: what the topics hold against what a reader finds in the tables and files.

import { idOfWords } from '../../schemas/id-map.ts'
import { preferenceId, rejectionId, sftId } from '../../schemas/ids.ts'
import type { FaultKind } from './contract.ts'
import {
  countResponses,
  DEAD_IN_FILES,
  DEAD_IN_TABLE,
  DUE_IN_FILES,
  DUE_IN_TABLE,
  ENDS,
  GIVES_PROBLEM,
  holdsResponses,
  IN_DATA_SET,
  IN_SEGMENTS,
  IN_TABLE,
  ODD_RESPONSES,
  OPEN,
  PLACE,
  RESPONSE_ROWS,
  RESPONSES,
  ROW,
  SEEN,
  topicBit,
  TWICE,
} from './entry.ts'
import { seenAt } from './pass.ts'
import type { Pass } from './pass.ts'
import type { Sums } from './sums.ts'

/** Rows of one kind that a data set may have at most; null: all. */
export type Limits = Readonly<Record<'sft' | 'preference', number | null>>

interface Row {
  readonly id: string
  readonly seen: () => string | null
  readonly isOnLog: boolean
  readonly isDue: boolean
  readonly isDead: boolean
}

export interface StoreRules {
  readonly limits: Limits
  /** Table of another revision whose rows gain something: which of them had it before, nobody can tell. */
  readonly addedTo: 'problems' | 'responses' | null
}

/** Adds up one pass. isOver: the run has finished, so its data sets are put together. */
export function weighStores(pass: Pass, sums: Sums, isOver: boolean, { limits, addedTo }: StoreRules): void {
  const words = pass.problems.words()
  const withTables = sums.stores.has('table problems')
  const withFiles = sums.stores.has('files sft')
  for (const at of pass.problems.entries()) {
    const [seen, open] = [words[at + SEEN]!, words[at + OPEN]!]
    const seenLast = (): string | null => seenAt(pass, words, at + PLACE)
    const uuid = idOfWords(words, at)
    if (withTables) {
      for (const table of ['problems', 'sft', 'rejections'] as const) {
        const isOnLog = {
          problems: (open & GIVES_PROBLEM) !== 0,
          sft: (seen & topicBit('sft')) !== 0,
          rejections: (words[at + ENDS]! & 0xffff) !== 0,
        }[table]
        const id = table === 'problems' ? uuid : table === 'sft' ? sftId(uuid) : rejectionId(uuid)
        const row = {
          id,
          isOnLog,
          seen: seenLast,
          isDue: (open & DUE_IN_TABLE[table]) !== 0,
          isDead: (open & DEAD_IN_TABLE[table]) !== 0,
        }
        if (table === addedTo && !isOnLog) continue
        weighRow(sums, `table ${table}`, row, rowsOf(seen, IN_TABLE[table]))
      }
      if (addedTo !== 'responses' || words[at + RESPONSES] !== 0) weighResponses(sums, uuid, words, at, seenLast)
    }
    if (withFiles) {
      const row = { id: sftId(uuid), seen: seenLast, ...inFiles(seen, open, 'sft') }
      weighFileRow(sums, 'sft', row, seen, isOver && limits.sft === null)
    }
  }
  weighPairs(pass, sums, isOver, limits)
  if (withTables) weighLetterRows(pass, sums)
  for (const { type, name, rows } of pass.share.from === 0 ? pass.misnamed : [])
    sums.faults.add(`files ${type}`, 'stray', name, () => ({
      says: `it holds ${rows} rows, not what its name says`,
      seen: null,
    }))
  for (const { store, id } of pass.strayRows)
    if (sums.stores.has(store))
      sums.faults.add(store, 'stray', id, () => ({ says: 'no id of this program', seen: null }))
}

function inFiles(seen: number, open: number, topic: 'sft' | 'preferences') {
  return {
    isOnLog: (seen & topicBit(topic)) !== 0,
    isDue: (open & DUE_IN_FILES) !== 0,
    isDead: (open & DEAD_IN_FILES) !== 0,
  }
}

function weighPairs(pass: Pass, sums: Sums, isOver: boolean, limits: Limits): void {
  const words = pass.pairs.words()
  for (const at of pass.pairs.entries()) {
    const [seen, open] = [words[at + ROW.seen]!, words[at + ROW.open]!]
    const id = preferenceId(idOfWords(words, at), words[at + 4])
    const seenLast = (): string | null => seenAt(pass, words, at + ROW.place)
    if (sums.stores.has('table preferences')) {
      const isOnLog = (seen & topicBit('preferences')) !== 0
      const row = {
        id,
        isOnLog,
        seen: seenLast,
        isDue: (open & DUE_IN_TABLE.sft) !== 0,
        isDead: (open & DEAD_IN_TABLE.sft) !== 0,
      }
      weighRow(sums, 'table preferences', row, rowsOf(seen, IN_TABLE.sft))
    }
    if (sums.stores.has('files preference')) {
      const row = { id, seen: seenLast, ...inFiles(seen, open, 'preferences') }
      weighFileRow(sums, 'preference', row, seen, isOver && limits.preference === null)
    }
  }
}

/** How often a reader meets the row. */
function rowsOf(seen: number, bit: number): number {
  return (seen & bit) === 0 ? 0 : (seen & (bit << TWICE)) === 0 ? 1 : 2
}

function weighRow(sums: Sums, store: string, row: Row, rows: number): void {
  const sum = sums.stores.get(store)!
  const { id, isOnLog, isDue, isDead } = row
  const add = (kind: FaultKind, says: string): void => {
    sums.faults.add(store, kind, id, () => ({ says, seen: row.seen() }))
  }
  if (isOnLog) sum.expected += 1
  sum.rows += rows
  if (rows > 1) add('doubled', 'a reader meets it twice')
  if (rows > 0 && !isOnLog) add('stray', 'the topics do not hold it')
  if (rows > 0 || !isOnLog) return
  if (isDue) add('missing', 'the sink has finished its message, and it is not there')
  else if (isDead) sum.dead += 1
  else sum.inFlight += 1
}

/** isWhole: everything must be in the data set, nothing beside it. */
function weighFileRow(sums: Sums, type: 'sft' | 'preference', row: Row, seen: number, isWhole: boolean): void {
  const store = `files ${type}`
  const set = sums.sets[type]
  const [isInSet, isBeside] = [(seen & IN_DATA_SET) !== 0, (seen & (IN_DATA_SET | IN_SEGMENTS)) === IN_SEGMENTS]
  if (isInSet) {
    set.rows += 1
    if (row.id > set.greatest) set.greatest = row.id
  }
  if (isBeside) {
    set.beside += 1
    if (set.least === null || row.id < set.least) set.least = row.id
  }
  weighRow(sums, store, row, rowsOf(seen, IN_DATA_SET) + Number(isBeside))
  if (isBeside && row.isOnLog && isWhole) {
    sums.faults.add(store, 'missing', row.id, () => ({
      says: 'in the segments, and not in the data set of a run that has finished',
      seen: row.seen(),
    }))
  }
}

function weighResponses(sums: Sums, id: string, words: Uint32Array, at: number, seen: () => string | null): void {
  const sum = sums.stores.get('table responses')!
  const [due, all] = [words[at + RESPONSES]! & 0xffff, words[at + RESPONSES]! >>> 16]
  const rows = words[at + RESPONSE_ROWS]! & 0xffff
  const add = (kind: FaultKind, says: string): void => {
    sums.faults.add('table responses', kind, id, () => ({ says, seen: seen() }))
  }
  const expected = countResponses(all)
  sum.expected += expected
  sum.rows += countResponses(rows)
  if ((words[at + RESPONSE_ROWS]! & ODD_RESPONSES) !== 0)
    add('missing', 'its rows are not the answer and the samples 0, 1, … without a gap')
  else if (!holdsResponses(rows, due)) add('missing', `${inWords(due)} must be there, and there is ${inWords(rows)}`)
  else if (!holdsResponses(all, rows)) add('stray', `there is ${inWords(rows)}, and the topics give ${inWords(all)}`)
  else sum.inFlight += expected - countResponses(rows)
}

function inWords(packed: number): string {
  const samples = packed & 0x7fff
  const parts = [...(packed >= 0x8000 ? ['an answer'] : []), ...(samples > 0 ? [`${samples} samples`] : [])]
  return parts.length === 0 ? 'no response' : parts.join(' and ')
}

function weighLetterRows(pass: Pass, sums: Sums): void {
  for (const [id, { messages, isDue, rows, seen }] of pass.letterRows) {
    weighRow(sums, 'table dead_letters', { id, isOnLog: messages > 0, isDue, isDead: false, seen: () => seen }, rows)
  }
}
