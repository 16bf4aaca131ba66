// One engine's HTTP: the openai client over a lean fetch. Promises: nothing is tried twice here; every failure is an
// EngineFailure (or the signal's reason) that keeps the server's own words.

import OpenAI, { APIError, APIUserAbortError } from 'openai'
import { createRedactor } from '../schemas/redact.ts'
import type { Access } from './access.ts'
import type { Clock } from './clock.ts'
import { EngineFailure, failureOfError, failureOfStatus, isConnectionError } from './engine-failure.ts'
import { createLeanFetch, type Fetch } from './lean-fetch.ts'

export interface Transport {
  /** path: below /v1, or a whole URL of the same origin. Resolves with the parsed JSON, or the text of other replies. */
  readonly send: (
    method: 'get' | 'post',
    path: string,
    body: object | undefined,
    signal: AbortSignal,
  ) => Promise<unknown>
  /** New connections from now on. */
  renew(): void
  close(): Promise<void>
}

/** The longest timer there is: the client's own time-out never comes first. */
const NEVER_MS = 2_147_483_647

export interface EngineOptions extends Partial<Access> {
  /** Base URL without /v1. */
  readonly url: string
  readonly key: string | null
  readonly clock: Clock
  /** Stands for the lean one in tests and benches. */
  readonly fetch?: Fetch
}

/** The transport of one engine. What the server says is kept without our own key: servers quote the key they refuse. */
export function createTransport(engine: EngineOptions): Transport {
  const { url, key, headers = {}, tls = null, clock } = engine
  const redact = createRedactor([key, ...Object.values(headers)])
  const lean = createLeanFetch(new URL(url).origin, tls)
  const fetch = engine.fetch ?? lean.fetch
  // openai keeps the status and the parsed error only; the text of a failed reply is kept here for its message.
  const keeping: Fetch = async (input, init) => {
    const response = await fetch(input, init)
    if (response.ok) return response
    const body = await response.text().catch(() => '')
    const header = (name: string): string | null => {
      const value = response.headers.get(name)
      return value === null ? null : redact(value)
    }
    throw failureOfStatus(response.status, redact(body), header, clock.now())
  }
  const openai = new OpenAI({
    baseURL: `${url}/v1`,
    apiKey: key ?? 'none',
    organization: null,
    project: null,
    adminAPIKey: null,
    defaultHeaders: { ...(key === null ? { Authorization: null } : {}), ...headers },
    maxRetries: 0,
    timeout: NEVER_MS,
    logLevel: 'off',
    fetch: keeping,
  })
  return {
    send: async (method, path, body, signal) => {
      signal.throwIfAborted()
      try {
        return await openai.request<unknown>({ method, path, signal, ...(body === undefined ? {} : { body }) })
      } catch (error) {
        throw translated(error, signal)
      }
    },
    renew: () => {
      lean.renew()
    },
    close: () => lean.close(),
  }
}

function translated(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  if (error instanceof APIUserAbortError) return signal.reason ?? error
  // A failure thrown inside our fetch comes back as the cause of openai's connection error.
  if (error instanceof APIError && error.cause instanceof EngineFailure) return error.cause
  if (error instanceof APIError || isConnectionError(error)) return failureOfError(error)
  return error
}
