// Reads the problems of a benchmark for `magpie fingerprint`: one JSON object a line. Every fault of the file is
// reported at once, each with its line and field: a fingerprint of half a benchmark would be believed.

import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { visible } from '../llm/visible.ts'
import { UsageFault } from '../schemas/failure.ts'
import { readLines } from '../producers/lines.ts'
import { wordsOf } from '../processors/screening/contamination-words.ts'
import { NOT_UTF8 } from './not-utf8.ts'

/** Fields that hold the problem, the first that a line has counts. */
const FIELDS = ['problem', 'question', 'prompt'] as const
const WANTED = 'each line must be a JSON object with the problem as a text in "problem", "question" or "prompt"'

const MAX_LINE_BYTES = 16 * 1024 * 1024
const MAX_FAULTS = 20
const MAX_FAULT_CHARACTERS = 400

export interface Benchmark {
  readonly problems: readonly string[]
  /** SHA-256 of the file's lines, each ended by one line feed: the same however the file ends its lines. */
  readonly source: string
}

/** Throws UsageFault for a file that cannot be read or that holds anything but problems. */
export async function readBenchmark(file: string): Promise<Benchmark> {
  const problems: string[] = []
  const faults: string[] = []
  let more = 0
  const hash = createHash('sha256')
  try {
    for await (const { number, bytes, cut } of readLines(file, MAX_LINE_BYTES)) {
      hash.update(bytes).update('\n')
      if (bytes.toString('utf8').trim() === '') continue
      const read = cut ? { fault: `longer than ${MAX_LINE_BYTES} bytes; shorten it, or take it out` } : readLine(bytes)
      if ('problem' in read) problems.push(read.problem)
      else if (faults.length === MAX_FAULTS) more += 1
      else faults.push(`${file}:${number}: ${shown(read.fault)}`)
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : message
    throw new UsageFault(`${file}: cannot be read (${why}); name a file of JSON lines`)
  }
  if (problems.length === 0 && faults.length === 0) throw new UsageFault(`${file}: the file holds no line; ${WANTED}`)
  if (more > 0) faults.push(`${file}: … and ${more} more faults`)
  if (faults.length > 0) throw new UsageFault(faults)
  return { problems, source: hash.digest('hex') }
}

/** What is quoted of a file neither steers the terminal nor fills it. */
function shown(fault: string): string {
  const characters = Array.from(visible(fault))
  return characters.length <= MAX_FAULT_CHARACTERS
    ? characters.join('')
    : `${characters.slice(0, MAX_FAULT_CHARACTERS).join('')}…`
}

function readLine(bytes: Buffer): { readonly problem: string } | { readonly fault: string } {
  if (!isUtf8(bytes)) return { fault: NOT_UTF8 }
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    return { fault: `not JSON (${error instanceof Error ? error.message : String(error)}); ${WANTED}` }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { fault: `no object; ${WANTED}` }
  const fields = value as Record<string, unknown>
  const name = FIELDS.find((field) => Object.hasOwn(fields, field))
  if (name === undefined) {
    const others = Object.keys(fields)
      .slice(0, 8)
      .map((field) => (field.length > 32 ? `${field.slice(0, 31)}…` : field))
      .join(', ')
    return {
      fault: `there is no field "problem", "question" or "prompt" (there is ${others === '' ? 'none at all' : others}); rename the one with the problem`,
    }
  }
  const problem = fields[name]
  if (typeof problem !== 'string')
    return { fault: `field "${name}" is ${kindOf(problem)}; it must be the problem's text` }
  if (wordsOf(problem).count < 2)
    return { fault: `field "${name}" has fewer than two words or numbers; take the line out, or mend its text` }
  return { problem }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
