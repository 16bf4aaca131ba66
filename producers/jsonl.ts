// Producer jsonl: problems from a file, one JSON object a line. Promises: files of any size in bounded memory; a
// broken line is reported by its number and ends as a rejection, the rest goes on; identical lines are two records
// with ids of their own; after a restart each line is on the log once.

import { basename } from 'node:path'
import { stat } from 'node:fs/promises'
import { UsageFault } from '../schemas/failure.ts'
import { createIdMap } from '../schemas/id-map.ts'
import { importedId } from '../schemas/ids.ts'
import type { Logger } from '../schemas/logger.ts'
import type { Problem, Rejection } from '../schemas/records.ts'
import { readLines, type Line } from './lines.ts'
import { PROBLEM_FIELDS, readProblemLine } from './problem-line.ts'
import { producerRejection } from './rejection.ts'
import type { Existing } from './resume.ts'
import { pauseByClock, waitForRoom, type Pause, type Room } from './room.ts'

/** A line beyond this is refused: its record would not fit on the log with what later stages add. */
export const MAX_LINE_BYTES = 4 * 1024 * 1024
/** Of a refused line this much is kept. */
const KEPT_BYTES = 64 * 1024
/** Problems published together. */
const BATCH = 256
/** Lines without a problem at the head of a file that make it a wrong file. */
const HEAD = 20

export interface JsonlRun {
  readonly file: string
  readonly runId: string
  readonly revision: string
  readonly signal: AbortSignal
  readonly existing: Existing
  /** Resolves when the log has them. */
  readonly publish: (problems: Problem[]) => Promise<void>
  readonly reject: (rejections: Rejection[]) => Promise<void>
  readonly room: Room
  /** True once enough was accepted: no problem is published any more. */
  readonly shouldStop?: () => boolean
  /** Problems wanted in all; null or absent takes the whole file. */
  readonly total?: number | null
  readonly log: Logger
  readonly now: () => number
  /** For tests; by the machine's clock unless given. */
  readonly pause?: Pause
}

export type JsonlEnd = 'end' | 'total' | 'accepted' | 'aborted'

/** Imports the file; resolves with why it stopped. Run checkJsonl first: this only throws what reading throws. */
export async function importJsonl(run: JsonlRun): Promise<JsonlEnd> {
  const { runId, signal, log } = run
  const pause = run.pause ?? pauseByClock
  const stopped = (): JsonlEnd | null => (signal.aborted ? 'aborted' : run.shouldStop?.() === true ? 'accepted' : null)
  const total = run.total ?? Infinity
  let taken = 0
  let waiting: Problem[] = []

  /** Publishes what waits, as far as there is room; false where the run ends. */
  const flush = async (): Promise<boolean> => {
    while (waiting.length > 0) {
      if (stopped() !== null) return false
      let free: number
      try {
        free = await waitForRoom(run.room, pause, signal)
      } catch (error) {
        if (signal.aborted) return false
        throw error
      }
      if (stopped() !== null) return false
      const batch = waiting.slice(0, free)
      await run.publish(batch)
      waiting = waiting.slice(batch.length)
    }
    return true
  }

  for await (const { line, id } of numberedLines(run.file, runId)) {
    if (stopped() !== null || taken >= total) break
    const read = readLine(line)
    if ('fault' in read) {
      if (run.existing.has(id)) continue
      const detail = `line ${line.number}: ${read.fault}`
      log.warn({ file: basename(run.file), line: line.number }, 'broken line')
      const origin = { runId, revision: run.revision, stage: 'jsonl' as const, now: run.now() }
      await run.reject([
        producerRejection(origin, id, 'broken-line', detail, Buffer.from(line.bytes.subarray(0, KEPT_BYTES))),
      ])
      continue
    }
    taken += 1
    if (run.existing.has(id)) continue
    waiting.push({
      id,
      runId,
      revision: run.revision,
      createdAt: run.now(),
      slot: line.number - 1,
      choice: 0,
      source: 'jsonl',
      sourceFile: basename(run.file),
      sourceLine: line.number,
      opener: null,
      controlTask: null,
      generation: null,
      ...read,
    })
    if (waiting.length >= BATCH && !(await flush())) break
  }
  if (stopped() === null) await flush()
  return stopped() ?? (taken >= total ? 'total' : 'end')
}

/** The lines of a file that stand for problems, good or broken, with their ids; blank ones are left out. */
export async function* numberedLines(file: string, runId: string): AsyncGenerator<{ line: Line; id: string }> {
  const occurrences = createIdMap()
  for await (const line of readLines(file, MAX_LINE_BYTES)) {
    if (isBlank(line.bytes)) continue
    const content = line.bytes.toString('utf8')
    const first = importedId(runId, content)
    const occurrence = occurrences.get(first) ?? 0
    occurrences.set(first, occurrence + 1)
    yield { line, id: occurrence === 0 ? first : importedId(runId, content, occurrence) }
  }
}

/**
 * Looks at the head of the file before anything is started. Throws a UsageFault (exit code 2) that names file, line
 * and field where the file cannot be read, is empty, or has no problem in its first 20 lines.
 */
export async function checkJsonl(file: string): Promise<void> {
  let looked = 0
  let firstFault: string | null = null
  try {
    if ((await stat(file)).isDirectory()) throw new UsageFault(`${file} is a folder; name a JSONL file`)
    for await (const line of readLines(file, MAX_LINE_BYTES)) {
      if (isBlank(line.bytes)) continue
      if (looked === 0 && line.bytes.toString('latin1').trimStart().startsWith('['))
        throw new UsageFault(`${file}:${line.number}: a JSON array; write one object a line (JSONL)`)
      const read = readLine(line)
      if (!('fault' in read)) return
      firstFault ??= `${file}:${line.number}: ${read.fault}`
      looked += 1
      if (looked === HEAD) break
    }
  } catch (error) {
    if (error instanceof UsageFault) throw error
    throw new UsageFault(`${file} cannot be read: ${reasonOf(error)}`)
  }
  const wanted = `each line must be a JSON object with a field ${PROBLEM_FIELDS.map((field) => `"${field}"`).join(' or ')}`
  if (firstFault === null) throw new UsageFault(`${file}:1: the file holds no line; ${wanted}`)
  throw new UsageFault(`${firstFault}; ${wanted} (none of the first ${looked} has one)`)
}

function readLine({ bytes, cut }: Line): ReturnType<typeof readProblemLine> {
  if (cut) return { fault: `longer than ${MAX_LINE_BYTES} bytes` }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return { fault: 'not UTF-8; save the file as UTF-8' }
  }
  return readProblemLine(text)
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d)
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied'
  return error instanceof Error ? error.message : String(error)
}
