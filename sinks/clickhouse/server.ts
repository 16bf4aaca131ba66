// A ClickHouse server over HTTP, or the port of a run that owns an embedded one. Promise: no credential in any
// message, log or `where`.

import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { Agent } from 'node:https'
import { UsageFault } from '../../schemas/failure.ts'
import { basicPair, createRedactor } from '../../schemas/redact.ts'
import { isServerUrl } from './address.ts'
import type { ServerAddress } from './address.ts'
import { tableFilters } from './as-of.ts'
import type { Database, QueryOptions } from './contract.ts'
import { insertParts, rowsOf } from './json-lines.ts'
import { createLane, killStatement } from './lane.ts'
import type { Sent } from './lane.ts'
import { sendToOwner } from './owner-options.ts'
import { READ_ONLY_SETTINGS, assertReadOnly } from './read-only.ts'

const CONNECTIONS = 8

/** One insert: what a proxy lets through and a slow line carries in time. */
const PART_LIMITS = { rows: 5000, bytes: 4 * 1024 * 1024 }

/** Longest wait for one answer, ms: a SELECT of our own over a large table may take minutes. */
const REQUEST_TIMEOUT_MS = 300_000

/** A server begins to answer before it is done, and breaks off where it then fails: so that it says why, it is to finish first. */
const WHOLE_ANSWERS = { wait_end_of_query: 1 } as const

/** Longest wait for its word on a statement that is given up, ms. */
const KILL_MS = 2000

export interface ServerOptions extends ServerAddress {
  /** The far end bounds and checks by itself and takes no settings (the port of an owner). */
  readonly readOnlyEnd?: boolean
}

/** Makes the client; nothing is sent before the first call. Throws UsageFault on a URL that is none. */
export function openServer(options: ServerOptions): Database {
  const url = parseUrl(options.url)
  const username = options.user ?? (decodeURIComponent(url.username) || 'default')
  const password = options.password ?? decodeURIComponent(url.password)
  const redact = createRedactor([password, basicPair(username, password)])
  const name = decodeURIComponent(url.pathname.replace(/^\/|\/$/g, '')) || 'default'
  const client = createClient({
    url: url.origin,
    username,
    password,
    ...agentOf(url, options.tls),
    database: name,
    application: 'magpie',
    request_timeout: REQUEST_TIMEOUT_MS,
    max_open_connections: CONNECTIONS,
    log: { level: ClickHouseLogLevel.OFF },
  })
  const open = () => Promise.resolve(client)
  const kill = async (mark: string): Promise<void> => {
    if (options.readOnlyEnd === true) return // the end stops what its client has left
    // Whoever gave up does not wait for a server that says nothing; it stops the statement by itself at its own limit.
    await client.command({ query: killStatement(mark), abort_signal: AbortSignal.timeout(KILL_MS) })
  }
  const shared = {
    open,
    renew: false,
    width: CONNECTIONS,
    kill,
    cuts: true,
    redact,
  }
  const sendWith =
    (settings: Sent['settings'] = {}) =>
    ({ parameters = {}, asOf }: QueryOptions): Sent => ({
      query_params: { ...parameters },
      settings: {
        ...WHOLE_ANSWERS,
        ...settings,
        ...(asOf === undefined ? {} : { additional_table_filters: tableFilters(asOf, name) }),
      },
    })
  const isOwner = options.readOnlyEnd === true
  const lane = createLane({ ...shared, send: isOwner ? sendToOwner : sendWith() })
  const strangers = createLane({ ...shared, send: isOwner ? sendToOwner : sendWith(READ_ONLY_SETTINGS) })

  const bytes: Database['bytes'] = async (sql, queryOptions = {}) => {
    if (queryOptions.readOnly !== true) return await lane.bytes(sql, queryOptions)
    assertReadOnly(sql)
    return await strangers.bytes(sql, queryOptions)
  }
  const query: Database['query'] = async (sql, queryOptions) => (await bytes(sql, queryOptions)).toString('utf8')

  return {
    where: `${url.origin}${url.pathname === '/' ? '' : url.pathname}`,
    insert: async (table, rows) => {
      for await (const part of insertParts(rows, PART_LIMITS)) await lane.insert(table, part)
    },
    command: async (sql) => {
      await lane.bytes(sql, {})
    },
    bytes,
    query,
    rows: async (sql, parameters = {}, queryOptions = {}) =>
      rowsOf(await query(sql, { ...queryOptions, format: 'JSONEachRow', parameters })),
    close: async () => {
      await strangers.close()
      await lane.close()
    },
  }
}

function parseUrl(text: string): URL {
  if (!isServerUrl(text))
    throw new UsageFault('CLICKHOUSE_URL is not an http:// or https:// URL, as http://127.0.0.1:8123/magpie')
  return new URL(text)
}

/** The client's own TLS options know no passphrase. */
function agentOf(url: URL, tls: ServerAddress['tls']): { http_agent?: Agent; set_basic_auth_header?: boolean } {
  if (tls === undefined || url.protocol !== 'https:') return {}
  return { http_agent: new Agent({ ...tls, keepAlive: true, maxSockets: CONNECTIONS }), set_basic_auth_header: true }
}
