// Translates what went wrong at an engine into a Failure, with what it means for the engine. Promises: the
// server's own words are kept, whatever the shape of the body, and no key or prompt gets into a message.

import { Failure } from '../schemas/failure.ts'
import { tlsAdvice } from '../schemas/tls.ts'

/**
 * What a failed call says about its engine:
 * - none: the request itself is wrong there, the engine is well
 * - busy: well, but full (429, 503); ask later
 * - doubtful: broke off, answered nonsense or 5xx; look at its health
 * - unreachable: nobody listens
 * - refusing: it would refuse every call of this role (wrong key, unknown model or route)
 */
export type EngineState = 'none' | 'busy' | 'doubtful' | 'unreachable' | 'refusing'

export class EngineFailure extends Failure {
  readonly engine: EngineState
  /** Asked for by the server with Retry-After; null when it said nothing. */
  readonly retryAfterMs: number | null

  constructor(
    engine: EngineState,
    code: string,
    message: string,
    more: { retryAfterMs?: number | null; cause?: unknown } = {},
  ) {
    super(
      engine === 'none' ? 'permanent' : 'transient',
      code,
      message,
      more.cause === undefined ? {} : { cause: more.cause },
    )
    this.name = 'EngineFailure'
    this.engine = engine
    this.retryAfterMs = more.retryAfterMs ?? null
  }
}

/**
 * Failure of an HTTP status other than 2xx.
 *
 * body: the reply's text as it came. 400, 404 and 422 are permanent, except where the role itself is refused:
 * 401, 403, an unknown model or route, a redirect are the config's fault, not the record's, so they wait.
 */
export function failureOfStatus(
  status: number,
  body: string,
  header: (name: string) => string | null,
  now: number,
): EngineFailure {
  const said = serverMessage(body)
  const message = `${status}${said === '' ? ' without a message' : `: ${said}`}`
  if (status === 401 || status === 403)
    return new EngineFailure('refusing', 'unauthorized', `${message} (is the key in keyEnv right?)`)
  if (status === 404)
    return /model/i.test(said)
      ? new EngineFailure('refusing', 'model-not-found', message)
      : new EngineFailure('refusing', 'route-not-found', `${message} (is this the base URL of such a server?)`)
  if (status === 405 || status === 501) return new EngineFailure('refusing', 'route-not-found', message)
  if (status >= 300 && status < 400)
    return new EngineFailure(
      'refusing',
      'redirected',
      `${status} to ${header('location') ?? 'nowhere'}; give that URL in the config`,
    )
  if (status === 429 || status === 503 || status === 529)
    return new EngineFailure('busy', status === 429 ? 'too-many-requests' : 'overloaded', message, {
      retryAfterMs: retryAfter(header, now),
    })
  if (status === 408 || status === 409 || status === 425 || status >= 500)
    return new EngineFailure('doubtful', `http-${status}`, message, { retryAfterMs: retryAfter(header, now) })
  return new EngineFailure(
    'none',
    isContextLength(said) ? 'context-length' : status === 422 ? 'unprocessable' : 'bad-request',
    message,
  )
}

/** Failure of a call that brought no whole reply: connection, DNS, TLS, a broken or unreadable body. */
export function failureOfError(error: unknown): EngineFailure {
  if (error instanceof EngineFailure) return error
  if (error instanceof SyntaxError)
    return new EngineFailure('doubtful', 'unreadable-reply', 'the reply is not whole JSON', { cause: error })
  const chain = causes(error)
  const code = chain.map((link) => link.code).find((name) => name !== undefined)
  const words = chain.at(-1)?.message ?? String(error)
  if (code !== undefined && UNREACHABLE.has(code))
    return new EngineFailure('unreachable', 'unreachable', `${code}: ${words}`, { cause: error })
  const advice = code === undefined ? null : tlsAdvice({ code, message: words })
  if (advice !== null) return new EngineFailure('unreachable', 'tls', advice, { cause: error })
  return new EngineFailure('doubtful', 'connection-lost', code === undefined ? words : `${code}: ${words}`, {
    cause: error,
  })
}

/** How servers say that they do not take the field; a reply may quote texts that have the word as well. */
const NO_PRIORITY =
  /\bpriority scheduling\b|\b(?:extra|unrecogni[sz]ed|unknown|unsupported|unexpected)\b.{0,80}\bpriority\b|\bpriority\b.{0,80}\b(?:extra|permitted|supported|allowed|unsupported|unknown|unexpected)\b/is
const REFUSED: ReadonlySet<string> = new Set(['bad-request', 'unprocessable'])

/** The failure of a call that was refused for its priority; null for any other. */
export function refusedPriority(error: unknown): EngineFailure | null {
  if (!(error instanceof EngineFailure) || !REFUSED.has(error.code) || !NO_PRIORITY.test(error.message)) return null
  return new EngineFailure(
    'refusing',
    'priority-refused',
    `${error.message} (the config has schedulingPolicy: priority at this endpoint: start the server with --scheduling-policy priority, or take the key out)`,
  )
}

/** Whether the server said that it has no such route. */
export function isRouteMissing(error: unknown): boolean {
  return error instanceof EngineFailure && error.code === 'route-not-found'
}

/** Whether the error is one of the network or of the reply; anything else is a bug of ours. */
export function isConnectionError(error: unknown): boolean {
  return error instanceof SyntaxError || causes(error).some((link) => link.code !== undefined)
}

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
])

function causes(error: unknown): { message: string; code: string | undefined }[] {
  const chain: { message: string; code: string | undefined }[] = []
  let link = error
  while (link instanceof Error && chain.length < 8) {
    const code: unknown = 'code' in link ? link.code : undefined
    chain.push({ message: link.message, code: typeof code === 'string' ? code : undefined })
    // Several addresses of one name: the first one's error stands for all.
    link = link instanceof AggregateError && link.errors.length > 0 ? (link.errors[0] as unknown) : link.cause
  }
  return chain
}

/** The text inside the new ({error: {message}}), flat ({message}), string ({error}) and {detail} bodies, or the body itself. */
export function serverMessage(body: string): string {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    return clip(body.replace(/<[^>]*>/g, ' '))
  }
  return clip(textIn(json) ?? (body === 'null' ? '' : body))
}

function textIn(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null) return undefined
  const fields = value as Record<string, unknown>
  return (
    textIn(fields.error) ??
    textIn(fields.message) ??
    (fields.detail === undefined ? undefined : (textIn(fields.detail) ?? detailText(fields.detail)))
  )
}

/** Faults of a request's shape as FastAPI lists them: place and words, without the input that they quote. */
function detailText(detail: unknown): string {
  const faults = Array.isArray(detail) ? (detail as unknown[]) : [detail]
  return faults
    .map((fault) => {
      const { loc, msg } =
        typeof fault === 'object' && fault !== null ? (fault as { loc?: unknown; msg?: unknown }) : {}
      return [Array.isArray(loc) ? loc.join('.') : '', typeof msg === 'string' ? msg : ''].filter(Boolean).join(': ')
    })
    .join('; ')
}

/** What a server quotes of the request is left out: it may be a prompt. */
function clip(text: string): string {
  const line = text
    .replace(/(['"])input\1: .*?(?=, (['"])(?:ctx|url)\2: |\}?\s*$)/gm, "'input': …")
    .replace(/\s+/g, ' ')
    .trim()
  return line.length > 600 ? `${line.slice(0, 600)} …` : line
}

function isContextLength(said: string): boolean {
  return /context length|context size|maximum model length|max_model_len|too long|max_tokens must be at least 1, got (0|-)/i.test(
    said,
  )
}

/** Retry-After: seconds or an HTTP date; nonsense counts as not said; at most ten minutes are believed. */
function retryAfter(header: (name: string) => string | null, now: number): number | null {
  const value = header('retry-after')?.trim()
  if (value === undefined || value === '') return null
  const wait = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return Number.isFinite(wait) ? Math.min(600_000, Math.max(0, wait)) : null
}
