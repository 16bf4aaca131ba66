// Dead letters as a person reads them, and as JSON. Texts of records and servers are shown with every character
// visible: a terminal obeys control characters.

import Table from 'cli-table3'
import { visible } from '../llm/visible.ts'
import type { LetterCount } from '../stream/letter-filter.ts'
import type { Letter } from '../stream/letters.ts'
import { PLAIN } from './table-style.ts'

/** Longest message in a table, characters. */
const MESSAGE_LENGTH = 80

/** A letter as JSON. Times: ISO 8601, UTC. */
export function letterJson(letter: Letter): Record<string, unknown> {
  const { place, id, runId, revision, key, stage, code, message, attempts, attempt, source, bytes } = letter
  return {
    ...{ place, id, run: runId, revision, problem: key, stage, code, message, attempts, attempt, source, bytes },
    failedAt: iso(letter.failedAt),
    redrivenAt: letter.redrivenAt === null ? null : iso(letter.redrivenAt),
    state: stateOf(letter),
  }
}

/** waits; redriven; broken off: a redrive has claimed it and has not said that it was sent. */
export function stateOf({ redrivenAt, claims }: Letter): 'waits' | 'redriven' | 'broken off' {
  if (redrivenAt !== null) return 'redriven'
  return claims.length === 0 ? 'waits' : 'broken off'
}

/** One line a letter. */
export function letterTable(letters: readonly Letter[]): string {
  const table = new Table({ ...PLAIN, colAligns: ['left', 'left', 'left', 'left', 'left', 'right', 'left'] })
  table.push(['place', 'failed (UTC)', 'run', 'stage', 'code', 'attempt', 'state', 'problem', 'message'])
  for (const letter of letters) {
    const { place, failedAt, runId, revision, stage, code, attempt, key, message } = letter
    const run = revision === 'main' ? runId : `${runId} (${revision})`
    table.push([place, shortTime(failedAt), run, stage, code, attempt, stateOf(letter), key, message].map(cell))
  }
  return table.toString()
}

/** How many letters by stage and code. */
export function countTable(counts: readonly LetterCount[]): string {
  const table = new Table({ ...PLAIN, colAligns: ['left', 'left', 'right', 'right'] })
  table.push(['stage', 'code', 'letters', 'waiting'])
  for (const { stage, code, letters, waiting } of counts) table.push([stage, code, letters, waiting].map(cell))
  return table.toString()
}

/** 2026-01-31 12:00:05. */
export function shortTime(milliseconds: number): string {
  return iso(milliseconds).slice(0, 19).replace('T', ' ')
}

/** ISO 8601; a time that is none, as foreign messages may have, is empty. */
export function iso(milliseconds: number): string {
  const time = new Date(milliseconds)
  return Number.isNaN(time.getTime()) ? '' : time.toISOString()
}

function cell(value: string | number): string {
  const text = visible(String(value))
  const characters = Array.from(text)
  return characters.length <= MESSAGE_LENGTH ? text : `${characters.slice(0, MESSAGE_LENGTH - 1).join('')}…`
}
