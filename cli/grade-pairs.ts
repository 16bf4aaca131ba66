// Reads what `magpie grade` grades: a JSON array (or an object with one under `cases`), or JSON lines, of {gold, pred}.
// Every fault of the file is reported at once, each with its line or place and its field.

import { readFile } from 'node:fs/promises'
import { visible } from '../llm/visible.ts'
import { UsageFault } from '../schemas/failure.ts'
import { linesNotUtf8, NOT_UTF8 } from './not-utf8.ts'

export interface Pair {
  readonly gold: string
  readonly pred: string
  /** Where the file says what is expected (1 or true: equal). */
  readonly expected: boolean | null
}

const maximumFaults = 20

/** Throws UsageFault for a file that cannot be read or that holds anything but pairs. */
export async function readPairs(file: string): Promise<Pair[]> {
  const text = (await readText(file)).replace(/^\uFEFF/, '')
  const start = text.trimStart()
  if (start === '')
    throw new UsageFault(`${file}: the file is empty; expected {"gold": …, "pred": …} in a JSON array or one a line.`)
  const whole = start.startsWith('[') || !looksLikeLines(start) ? parseWhole(file, text) : null
  const faults: string[] = []
  const pairs: Pair[] = []
  const take = (value: unknown, place: string): void => {
    const pair = toPair(value, place, faults)
    if (pair !== null) pairs.push(pair)
  }
  if (whole !== null) {
    whole.forEach((value, index) => {
      take(value, `${file}: entry ${index}`)
    })
  } else {
    text.split('\n').forEach((line, index) => {
      if (line.trim() === '') return
      const place = `${file}:${index + 1}`
      let value: unknown
      try {
        value = JSON.parse(line)
      } catch (error) {
        faults.push(`${place}: not JSON (${visible((error as Error).message)}).`)
        return
      }
      take(value, place)
    })
  }
  if (faults.length > 0) throw new UsageFault(shortened(file, faults))
  return pairs
}

function shortened(file: string, faults: readonly string[]): string[] {
  if (faults.length <= maximumFaults) return [...faults]
  return [...faults.slice(0, maximumFaults), `${file}: … and ${faults.length - maximumFaults} more faults.`]
}

async function readText(file: string): Promise<string> {
  let bytes: Buffer
  try {
    bytes = await readFile(file)
  } catch (error) {
    throw new UsageFault(`${file}: cannot be read (${error instanceof Error ? error.message : String(error)}).`)
  }
  const faults = linesNotUtf8(bytes).map((number) => `${file}:${number}: ${NOT_UTF8}`)
  if (faults.length > 0) throw new UsageFault(shortened(file, faults))
  return bytes.toString('utf8')
}

/** JSON lines: the first line is an object of its own. */
function looksLikeLines(text: string): boolean {
  const [first = ''] = text.split('\n', 1)
  try {
    const value: unknown = JSON.parse(first)
    return !(isRecord(value) && Array.isArray(value['cases']))
  } catch {
    // A broken first line of JSON lines closes its own brace; the first line of a spread-out object does not.
    return first.trimEnd().endsWith('}') || !text.trimEnd().endsWith('}')
  }
}

function parseWhole(file: string, text: string): unknown[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new UsageFault(`${file}: not JSON (${visible((error as Error).message)}).`)
  }
  if (Array.isArray(value)) return value
  if (isRecord(value) && Array.isArray(value['cases'])) return value['cases']
  throw new UsageFault(`${file}: expected a JSON array of {"gold": …, "pred": …}, or one such object a line.`)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function toPair(value: unknown, place: string, faults: string[]): Pair | null {
  if (!isRecord(value)) {
    faults.push(`${place}: expected an object with the fields gold and pred.`)
    return null
  }
  const gold = readField(value, 'gold', place, faults)
  const pred = readField(value, 'pred', place, faults)
  const { expected } = value
  return gold === null || pred === null
    ? null
    : { gold, pred, expected: expected === undefined || expected === null ? null : expected === 1 || expected === true }
}

function readField(value: Record<string, unknown>, field: string, place: string, faults: string[]): string | null {
  const content = value[field]
  if (typeof content === 'string') return content
  if (typeof content === 'number') return String(content)
  // A solution without an answer: its verdict is unknown, empty.
  if (content === null && field === 'pred') return ''
  faults.push(
    content === undefined
      ? `${place}: the field ${field} is missing.`
      : `${place}: the field ${field} must be a text or a number.`,
  )
  return null
}
