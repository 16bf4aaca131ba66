// A connection to ClickHouse as a queue: so many statements at a time, in order. Promises: a statement that is
// given up (signal, close) is also stopped inside ClickHouse, so that no thread goes on for nobody; a result holds
// nothing of another statement.

import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClickHouseClient, ExecParams } from '@clickhouse/client'
import { permanent } from '../../schemas/failure.ts'
import { toFailure, toInsertFailure } from './errors.ts'
import type { QueryOptions } from './contract.ts'
import type { InsertPart } from './json-lines.ts'

/** Longest wait for a server's word on an insert of 4 MB, milliseconds: one that hangs is asked anew. */
const INSERT_MS = 60_000

export const DEFAULT_FORMAT = 'TabSeparatedWithNames'

/**
 * Of one insert. Returned = in the table. Replicated tables, ClickHouse Cloud's among them, remember blocks and drop one
 * that comes again without a word, also where its rows were taken away in between. A token of its own makes each insert
 * a new one, on every version; repeats collapse by their key.
 */
export function insertSettings() {
  return { async_insert: 0, insert_deduplication_token: randomUUID(), input_format_null_as_default: 1 } as const
}
export const INSERT_FORMAT = 'JSONCompactEachRow'

export interface Lane {
  /** Statements waiting or running. */
  readonly load: number
  bytes(sql: string, options: QueryOptions): Promise<Buffer>
  insert(table: string, part: InsertPart): Promise<void>
  close(): Promise<void>
}

export interface LaneOptions {
  /** Makes the connection: on first use, and again after a failed read where `renew` is set. */
  readonly open: () => Promise<ClickHouseClient>
  /**
   * Never read from a connection again after an error: the embedded one puts what a failed statement had already
   * produced before the next statement's result (chdb 3.4.0, seen after limits, exceptions and kills).
   */
  readonly renew: boolean
  /** Statements that may run at once: 1 for an embedded connection, more for a server. */
  readonly width: number
  /**
   * Ends the statement whose SQL holds this mark; called when a signal fires while it runs. Rejects where it may not or
   * cannot, in bounded time: whoever gave the statement up waits for it.
   */
  readonly kill: (mark: string) => Promise<void>
  /** Takes the password out of what a server or a proxy says. */
  readonly redact?: (text: string) => string
  /** The connection can be cut under a statement (HTTP); else its end is waited for. */
  readonly cuts?: boolean
  /** Puts rows in where that is better done past the client. */
  readonly insertPast?: Lane['insert']
  /** What goes along with a read beside its SQL and format; its parameters, as ClickHouse reads them, when left out. */
  readonly send?: (options: QueryOptions) => Sent
}

/** Settings have the names of the HTTP interface. */
export type Sent = Pick<ExecParams, 'http_headers' | 'query_params'> & {
  readonly settings?: Readonly<Record<string, string | number>>
}

function sendParameters({ parameters = {} }: QueryOptions): Sent {
  return { query_params: { ...parameters } }
}

/** A queue in front of one connection. */
export function createLane({
  open,
  renew,
  width,
  kill,
  cuts = false,
  insertPast,
  redact,
  send = sendParameters,
}: LaneOptions): Lane {
  let opened: Promise<ClickHouseClient> | null = null
  const connection = (): Promise<ClickHouseClient> => {
    opened ??= open()
    return opened
  }
  const disconnect = async (): Promise<void> => {
    const client = opened
    opened = null
    // A connection that could not be opened has said so to the one who needed it.
    await (await client?.catch(() => null))?.close()
  }

  const waiting: (() => void)[] = []
  let running = 0
  let closed: Promise<void> | null = null
  const stop = new AbortController()

  const turn = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (running >= width) await new Promise<void>((resolve) => waiting.push(resolve))
    else running += 1
    try {
      return await work()
    } finally {
      const following = waiting.shift()
      if (following === undefined) running -= 1
      else following()
    }
  }

  const insertThrough = async (client: ClickHouseClient, table: string, part: InsertPart): Promise<void> => {
    const columns = part.columns.map((column) => `\`${column}\``).join(', ')
    const settings = Object.entries(insertSettings()).map(([name, value]) => `${name} = '${value}'`)
    const result = await client.exec({
      query: `INSERT INTO ${table} (${columns}) SETTINGS ${settings.join(', ')} FORMAT ${INSERT_FORMAT}`,
      values: Readable.from([part.lines], { objectMode: false }),
      ...(cuts ? { abort_signal: AbortSignal.any([stop.signal, AbortSignal.timeout(INSERT_MS)]) } : {}),
    })
    result.stream.resume()
    await finished(result.stream)
  }

  return {
    get load() {
      return running + waiting.length
    },
    bytes: (sql, options) =>
      turn(async () => {
        const signal = AbortSignal.any([stop.signal, ...(options.signal === undefined ? [] : [options.signal])])
        signal.throwIfAborted()
        const mark = `magpie:${randomUUID()}`
        const ended = killOn(signal, () => kill(mark))
        const { settings, ...along } = send(options)
        try {
          const result = await (
            await connection()
          ).exec({
            query: `${sql}\n/* ${mark} */`,
            clickhouse_settings: { ...settings, default_format: options.format ?? DEFAULT_FORMAT } as Record<
              string,
              string
            >,
            ...(cuts ? { abort_signal: signal } : {}),
            ...along,
          })
          return await buffer(result.stream)
        } catch (error) {
          if (renew) await disconnect()
          signal.throwIfAborted()
          throw toFailure(error, 'ClickHouse', redact)
        } finally {
          await ended()
        }
      }),
    insert: (table, part) =>
      turn(async () => {
        stop.signal.throwIfAborted()
        try {
          if (insertPast !== undefined) await insertPast(table, part)
          else await insertThrough(await connection(), table, part)
        } catch (error) {
          stop.signal.throwIfAborted()
          throw toInsertFailure(error, table, redact)
        }
      }),
    close: () => {
      closed ??= (async () => {
        stop.abort(permanent('database-closed', 'the database was closed'))
        await turn(disconnect)
      })()
      return closed
    },
  }
}

/** SQL that ends the statement with this mark. */
export function killStatement(mark: string): string {
  return `KILL QUERY WHERE query LIKE '%/* ${mark} */' AND query NOT LIKE 'KILL QUERY%' ASYNC`
}

/**
 * When the signal fires, kills again and again until the statement has ended: a kill that comes before ClickHouse
 * has registered the statement finds nothing. Where it may not or cannot kill, the statement runs to its end by itself;
 * the one who gave it up is not told. The returned function is called when it has ended.
 */
function killOn(signal: AbortSignal, kill: () => Promise<void>): () => Promise<void> {
  const ended = new AbortController()
  let killing: Promise<void> | null = null
  const listener = (): void => {
    killing = (async () => {
      while (!ended.signal.aborted) {
        const isSent = await kill().then(
          () => true,
          () => false,
        )
        if (!isSent) return
        await sleep(50, undefined, { signal: ended.signal }).catch(() => undefined) // woken by the end
      }
    })()
  }
  signal.addEventListener('abort', listener, { once: true })
  return async () => {
    signal.removeEventListener('abort', listener)
    ended.abort()
    await killing
  }
}
