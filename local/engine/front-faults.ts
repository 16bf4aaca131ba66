// What the front refuses, in vLLM's words: status and body of each kind of error reply.

import { Failure } from '../../schemas/failure.ts'

/** An error reply. Thrown by whoever finds the fault, sent by the front. */
export class HttpFault extends Error {
  readonly status: number
  /** Sent as JSON; undefined: the reply is empty. */
  readonly body: unknown
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    super(`HTTP ${status}`)
    this.name = 'HttpFault'
    this.status = status
    this.body = body
    this.headers = headers
  }
}

function error(status: number, type: string, message: string, param: string | null): HttpFault {
  return new HttpFault(status, { error: { message, type, param, code: status } })
}

/** 400 for a request that is well formed and means nothing possible. */
export function badRequest(message: string, param: string | null = null): HttpFault {
  return error(400, 'BadRequestError', message, param)
}

/** badRequest about one parameter: its name and value are told as vLLM tells them. */
export function badParameter(message: string, param: string, value?: string | number): HttpFault {
  return badRequest(`${message} (parameter=${param}${value === undefined ? '' : `, value=${value}`})`, param)
}

/** 404 for a model that is not served. `known` names the ones that are (the generation routes tell, /pooling does not). */
export function unknownModel(model: string, known?: readonly string[]): HttpFault {
  const tail = known === undefined ? '' : ` Valid aliases: ${known.join(', ')}.`
  return error(
    404,
    'NotFoundError',
    `The model \`${model}\` does not exist.${tail}`,
    known === undefined ? null : 'model',
  )
}

/** 404 or 405 of the router. */
export function noRoute(methodIsWrong: boolean): HttpFault {
  return methodIsWrong
    ? new HttpFault(405, { detail: 'Method Not Allowed' })
    : new HttpFault(404, { detail: 'Not Found' })
}

/** 401: no key or a wrong one. */
export function unauthorized(): HttpFault {
  return new HttpFault(401, { error: 'Unauthorized' })
}

/** 403 of the routes that vLLM has behind --enable-scale-out. */
export function scaleOutDisabled(): HttpFault {
  const message = 'Scale-out endpoints are disabled. Restart vllm serve with --enable-scale-out to enable them.'
  return error(403, 'PermissionDeniedError', message, null)
}

/** 503 of a server whose queue is full; vLLM sends no Retry-After. */
export function serverBusy(headers: Readonly<Record<string, string>> = {}): HttpFault {
  const message =
    'The engine is currently busy and cannot accept new requests. Please try again later or on a different instance.'
  return new HttpFault(503, { error: { message, type: 'Service Unavailable', param: null, code: 503 } }, headers)
}

/** 503 of a server that is loading its model. */
export function stillLoading(): HttpFault {
  return error(503, 'Service Unavailable', 'The model is still loading.', null)
}

/** 429, as gateways say it. */
export function tooMany(headers: Readonly<Record<string, string>>): HttpFault {
  const message = 'Rate limit reached, please try again later.'
  return new HttpFault(429, { error: { message, type: 'rate_limit_exceeded', param: null, code: 429 } }, headers)
}

/** The reply to whatever was thrown: a permanent Failure of the engine is a wrong request, anything else a 500. */
export function toFault(thrown: unknown): HttpFault {
  if (thrown instanceof HttpFault) return thrown
  if (thrown instanceof Failure && thrown.retry === 'permanent') return badRequest(thrown.message)
  return error(500, 'InternalServerError', thrown instanceof Error ? thrown.message : 'unknown error', null)
}

/** One fault of a body's shape, in the words of pydantic, which vLLM passes on. */
export interface ShapeFault {
  readonly type: string
  readonly loc: string
  readonly msg: string
  readonly input?: unknown
  /** Shown as it stands, a Python dict's inside. */
  readonly ctx?: string
}

/** 400 for a body of the wrong shape: all its faults in one message, `param` is the first one's place. */
export function invalidShape(faults: readonly ShapeFault[]): HttpFault {
  const lines = faults.map(({ type, loc, msg, input, ctx }) => {
    const parts = [`'type': ${pythonString(type)}`, `'loc': ${pythonString(loc)}`, `'msg': ${pythonString(msg)}`]
    parts.push(`'input': ${pythonString(shown(input))}`)
    if (ctx !== undefined) parts.push(`'ctx': {${ctx}}`)
    return `\n  {${parts.join(', ')}}`
  })
  const count = faults.length === 1 ? '1 validation error' : `${faults.length} validation errors`
  return error(400, 'Bad Request', `${count}:${lines.join('')}`, faults[0]?.loc ?? null)
}

/** 400 for a body that is not JSON by its own account. */
export function wrongMediaType(): HttpFault {
  return error(
    400,
    'Bad Request',
    "1 validation error:\n  Unsupported Media Type: Only 'application/json' is allowed",
    null,
  )
}

/** A string as Python shows it. */
export function pythonString(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll(quote, `\\${quote}`)
  return `${quote}${escaped}${quote}`
}

/** A number as Python shows a float. */
export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  return Number.isInteger(value) ? `${value}.0` : String(value)
}

function shown(input: unknown): string {
  if (Array.isArray(input)) return `<list of ${input.length} items>`
  if (typeof input === 'object' && input !== null) return `<dict of ${Object.keys(input).length} items>`
  if (input === null || input === undefined) return 'None'
  if (typeof input === 'boolean') return input ? 'True' : 'False'
  if (typeof input === 'number') return Number.isInteger(input) ? BigInt(input).toString() : pythonFloat(input)
  return input as string
}
