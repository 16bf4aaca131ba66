// A small fetch over one undici pool, given to the openai client: what that client reads of a Response and no
// more. Costs about half the CPU of Node's own fetch. Promises: no time-out of its own (a generation may take
// hours: the caller's signal ends it), no redirects followed, nothing decompressed.

import { Readable } from 'node:stream'
import { Pool } from 'undici'
import type { TlsMaterial } from '../schemas/tls.ts'

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

export interface LeanFetch {
  readonly fetch: Fetch
  /** From now on requests take new connections; what is under way on the old ones goes on there. */
  renew(): void
  /** Ends every connection at once. */
  close(): Promise<void>
}

/** vLLM's uvicorn drops idle connections after 5 s; ours go first, so a request never meets a closed one. */
const KEEP_ALIVE_MS = 4_000
const CONNECT_TIMEOUT_MS = 10_000

/**
 * A fetch for one origin (scheme, host, port); tls: other certificates than those of the system.
 *
 * Takes a URL of that origin and method, headers, a string body and a signal. Rejects with undici's errors
 * (ECONNREFUSED, UND_ERR_SOCKET, …) or the signal's reason, while sending and while reading the body.
 */
export function createLeanFetch(origin: string, tls: TlsMaterial | null = null): LeanFetch {
  const open = (): Pool =>
    new Pool(origin, {
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      connect: { timeout: CONNECT_TIMEOUT_MS, ...tls },
    })
  let pool = open()
  const leaving = new Set<Pool>()

  const leanFetch = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    if (typeof input !== 'string' && !(input instanceof URL)) throw new TypeError('lean fetch takes a URL')
    const url = typeof input === 'string' ? input : input.href
    if (!url.startsWith(origin)) throw new TypeError(`lean fetch serves ${origin} only`)
    if (init.body !== undefined && init.body !== null && typeof init.body !== 'string')
      throw new TypeError('lean fetch sends strings only')
    const reply = await pool.request({
      path: url.slice(origin.length) || '/',
      method: init.method ?? 'GET',
      headers: plainHeaders(init.headers),
      body: init.body ?? null,
      signal: init.signal ?? null,
    })
    return leanResponse(url, reply)
  }

  return {
    fetch: leanFetch,
    renew: () => {
      const old = pool
      pool = open()
      leaving.add(old)
      // Idle connections end now, busy ones with what they carry; destroy() rejects this, which is no news.
      const gone = (): unknown => leaving.delete(old)
      old.close().then(gone, gone)
    },
    close: async () => {
      await Promise.all([pool, ...leaving].map((each) => each.destroy()))
    },
  }
}

/** openai's statistics about itself (x-stainless-…) are left out. */
function plainHeaders(headers: RequestInit['headers']): Record<string, string> {
  const plain: Record<string, string> = {}
  if (headers instanceof Headers) {
    headers.forEach((value, name) => {
      if (!name.startsWith('x-stainless-')) plain[name] = value
    })
  } else if (Array.isArray(headers)) {
    for (const [name, value] of headers) plain[name.toLowerCase()] = value
  } else if (headers !== undefined) {
    for (const [name, value] of Object.entries(headers)) plain[name.toLowerCase()] = String(value)
  }
  return plain
}

type PoolReply = Awaited<ReturnType<Pool['request']>>

function leanResponse(url: string, reply: PoolReply): Response {
  const { statusCode: status, body } = reply
  let web: ReturnType<typeof Readable.toWeb> | undefined
  const response = {
    url,
    status,
    statusText: '',
    ok: status >= 200 && status < 300,
    redirected: false,
    type: 'default',
    headers: leanHeaders(reply.headers),
    get bodyUsed() {
      return body.bodyUsed
    },
    /** A web stream, made only when somebody streams. */
    get body() {
      web ??= Readable.toWeb(body)
      return web
    },
    text: () => body.text(),
    json: () => body.json(),
    arrayBuffer: () => body.arrayBuffer(),
  }
  return response as unknown as Response
}

function leanHeaders(
  raw: PoolReply['headers'],
): Pick<Headers, 'get' | 'has' | 'forEach'> & { entries(): Iterable<[string, string]> } {
  const text = (value: string | string[] | undefined): string | null =>
    value === undefined ? null : Array.isArray(value) ? value.join(', ') : value
  function* entries(): Generator<[string, string]> {
    for (const name of Object.keys(raw)) {
      const value = text(raw[name])
      if (value !== null) yield [name, value]
    }
  }
  return {
    get: (name) => text(raw[name.toLowerCase()]),
    has: (name) => raw[name.toLowerCase()] !== undefined,
    entries,
    forEach: (callback) => {
      for (const [name, value] of entries()) callback(value, name, new Headers())
    },
  }
}
