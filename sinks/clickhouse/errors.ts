// ClickHouse's errors, embedded or over HTTP, as Failures: may the same call be made again?

import { Failure, permanent, transient } from '../../schemas/failure.ts'
import { tlsAdvice } from '../../schemas/tls.ts'
import { STORE_LOST } from '../../stream/delivered.ts'

/** ClickHouse error codes that pass by themselves or when someone makes room; the rest stay wrong. */
const PASSING: ReadonlyMap<number, string> = new Map([
  [3, 'unexpected end of file'],
  [74, 'cannot read from file'],
  [75, 'cannot write to file'],
  [76, 'cannot open file'],
  [159, 'timeout'],
  [160, 'too slow'],
  // A login that is refused says nothing of the rows: a password was changed, and will be again.
  [192, 'unknown user'],
  [193, 'wrong password'],
  [194, 'a password is asked for'],
  [516, 'authentication failed'],
  [202, 'too many queries'],
  [203, 'no free connection'],
  [209, 'socket timeout'],
  [210, 'network error'],
  [225, 'no keeper'],
  [236, 'aborted'],
  [241, 'memory limit'],
  [242, 'table is read-only'],
  [243, 'disk is full'],
  [252, 'too many parts'],
  [279, 'all connections failed'],
  [285, 'too few replicas'],
  [319, 'state of the insert unknown'],
  [394, 'query was cancelled'],
  [425, 'system error'],
  [439, 'no thread'],
  [473, 'deadlock avoided'],
  [499, 'object storage'],
  [999, 'keeper'],
])

/** ClickHouse's complaints about a value of a row: that row can never be written, whoever mends the server. */
const ABOUT_ROWS: ReadonlySet<number> = new Set([
  6, 25, 26, 27, 28, 38, 41, 53, 69, 70, 72, 117, 128, 130, 131, 190, 321, 349, 376, 407, 469, 691,
])

/** No such table, no such database: what was written is gone, or it is another database. */
const STORE_GONE: ReadonlySet<number> = new Set([60, 81])

/** Longest message handed on: ClickHouse may quote a whole batch of rows. */
const MESSAGE_LIMIT = 2000

/**
 * Any error of @clickhouse/client or chdb as a Failure. Code `clickhouse-<number>` for ClickHouse's own,
 * `clickhouse-unreachable` for the way there, `clickhouse-tls` for its certificates, permanent `clickhouse-client` for anything else. Messages are trimmed; the original is the cause.
 */
export function toFailure(error: unknown, doing: string, redact = (text: string): string => text): Failure {
  if (error instanceof Failure) return error
  const message = wholeMessage(error)
  const number = codeOf(error, message)
  const text = `${doing}: ${redact(trim(message))}`
  const advice = tlsAdvice(error)
  if (advice !== null) return transient('clickhouse-tls', `${doing}: ${advice}`, { cause: error })
  if (number === null) {
    return isOnTheWay(error, message)
      ? transient('clickhouse-unreachable', text, { cause: error })
      : permanent('clickhouse-client', text, { cause: error })
  }
  const code = `clickhouse-${number}`
  return PASSING.has(number) ? transient(code, text, { cause: error }) : permanent(code, text, { cause: error })
}

/**
 * The same for an insert, where `permanent` would make rows dead letters: only what ClickHouse says about a row is that.
 * A table that is gone is STORE_LOST; anything else (rights, a proxy, settings) is waited for until someone mends it.
 */
export function toInsertFailure(error: unknown, table: string, redact?: (text: string) => string): Failure {
  const failure = toFailure(error, `insert into ${table}`, redact)
  const number = Number(/^clickhouse-(\d+)$/.exec(failure.code)?.[1] ?? Number.NaN)
  if (STORE_GONE.has(number)) {
    const advice =
      'the database was emptied, or is another one; start the run again: its tables are made and filled again'
    return permanent(STORE_LOST, `${failure.message}: ${advice}`, { cause: error })
  }
  const isBug = error instanceof TypeError || error instanceof RangeError
  if (failure.retry === 'transient' || ABOUT_ROWS.has(number) || isBug || failure === error) return failure
  return transient(failure.code, failure.message, { cause: error })
}

/** The client cuts ClickHouse's message at the first bracket in capitals; the embedded one keeps it whole as the cause. */
function wholeMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error && FROM_CLICKHOUSE.test(error.cause.message) ? error.cause.message : error.message
}

const FROM_CLICKHOUSE = /\bCode: (\d+)\. DB::/

/** ClickHouse's number of the error; null when it did not come from ClickHouse itself. */
function codeOf(error: unknown, message: string): number | null {
  // The client and chdb each have their own copy of the error's class: its shape tells, not instanceof.
  const { code } = (error ?? {}) as { code?: unknown }
  if (typeof code === 'string' && /^\d+$/.test(code)) return Number(code)
  const found = FROM_CLICKHOUSE.exec(message)
  return found === null ? null : Number(found[1])
}

/** A fault of the network or of a proxy: no route, no answer, an error page. */
function isOnTheWay(error: unknown, message: string): boolean {
  const { code } = (error ?? {}) as { code?: unknown }
  if (typeof code === 'string' && /^E[A-Z_]+$/.test(code)) return true
  return /time-?d? ?out|socket|hang up|aborted|connection|network|gateway|unavailable|<html/i.test(message)
}

function trim(message: string): string {
  const line = message
    .replace(/^Code: \d+\. DB::\w*Exception: /, '')
    .replace(/\s*\/\* magpie:[0-9a-f-]{36} \*\//g, '')
    .replace(/\s*\([A-Z_]+\)\s*(\(version [^)]*\))?\s*$/, '')
    .trim()
  return line.length > MESSAGE_LIMIT ? `${line.slice(0, MESSAGE_LIMIT)} …` : line
}
