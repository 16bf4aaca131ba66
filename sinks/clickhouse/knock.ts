// Who is at a server's address, asked once when it is opened: a ClickHouse, something else, or nobody. Promises: an answer
// in bounded time; no credential in what is said of it: what a stranger says was asked for without one.

import type { ClientRequest, IncomingMessage } from 'node:http'
import { get } from 'node:http'
import { get as getSecurely } from 'node:https'
import { Failure } from '../../schemas/failure.ts'
import { harmless } from '../../schemas/terminal-text.ts'
import type { ServerAddress } from './address.ts'
import type { Database } from './contract.ts'

/** lets-in: also a ClickHouse that is busy or ill. down: it may come back; nothing but another setting helps the others. */
export interface Host {
  readonly state: 'lets-in' | 'refuses-us' | 'no-trust' | 'stranger' | 'down'
  /** Why, as half a sentence; '' of one that lets us in. */
  readonly said: string
}

const LETS_IN: Host = { state: 'lets-in', said: '' }

/** Unknown user, wrong password, none, failed login. */
const REFUSALS = new Set(['clickhouse-192', 'clickhouse-193', 'clickhouse-194', 'clickhouse-516'])

/** A server that is slow to answer so little is no fault of the config. */
const KNOCK_MS = 10_000
const PING_MS = 5000

/** Asks for nothing, to hear who answers. Throws the signal's reason. */
export async function knock(
  database: Pick<Database, 'query'>,
  address: ServerAddress,
  { signal, waitMs = KNOCK_MS }: { readonly signal?: AbortSignal | undefined; readonly waitMs?: number } = {},
): Promise<Host> {
  const late = AbortSignal.timeout(waitMs)
  let said = 'SELECT 1 brings something else'
  try {
    const answer = await database.query('SELECT 1', {
      format: 'TabSeparated',
      signal: signal === undefined ? late : AbortSignal.any([late, signal]),
    })
    if (answer === '1\n') return LETS_IN
  } catch (error) {
    signal?.throwIfAborted()
    if (late.aborted) said = `nothing was heard for ${waitMs / 1000} s`
    else if (!(error instanceof Failure)) throw error
    else {
      said = error.message.replace(/^ClickHouse: /, '')
      if (error.code === 'clickhouse-tls') return { state: 'no-trust', said }
      if (REFUSALS.has(error.code)) return { state: 'refuses-us', said }
      if (/^clickhouse-\d+$/.test(error.code)) return LETS_IN
    }
  }
  const patience = AbortSignal.timeout(Math.min(waitMs, PING_MS))
  const heard = await ping(address, signal === undefined ? patience : AbortSignal.any([patience, signal]))
  signal?.throwIfAborted()
  if (late.aborted) return heard?.text === PONG ? LETS_IN : { state: 'down', said }
  if (heard === null) return { state: 'down', said }
  if (heard.text === PONG) return { state: 'stranger', said }
  return {
    state: heard.status >= 500 || heard.status === 429 ? 'down' : 'stranger',
    said: `HTTP ${heard.status}${heard.text === '' ? '' : `, ${JSON.stringify(heard.text)}`}`,
  }
}

/** What a ClickHouse says to /ping, whoever asks. */
const PONG = 'Ok.'
const QUOTED = 100

interface Heard {
  readonly status: number
  /** The beginning of the answer, on one line. */
  readonly text: string
}

/** null: no answer of HTTP. */
async function ping({ url, tls }: ServerAddress, signal: AbortSignal): Promise<Heard | null> {
  const { origin, protocol } = new URL(url)
  const options = { agent: false, signal } as const
  const request =
    protocol === 'https:' ? getSecurely(`${origin}/ping`, { ...tls, ...options }) : get(`${origin}/ping`, options)
  try {
    const response = await answerOf(request)
    let text = ''
    for await (const piece of response.setEncoding('utf8') as AsyncIterable<string>) {
      text += piece
      if (text.length > QUOTED) break
    }
    return { status: response.statusCode ?? 0, text: harmless(text).slice(0, QUOTED) }
  } catch {
    return null // the first question has said why
  } finally {
    request.destroy()
  }
}

function answerOf(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on('response', resolve).on('error', reject)
  })
}
