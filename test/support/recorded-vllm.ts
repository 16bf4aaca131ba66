// A small HTTP server that answers with recorded replies of a real vLLM (../shared/data/vllm) or with faults.
// Tests that need a recording skip with a printed reason where the folder is missing.

import { existsSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

const folder = new URL('../../../shared/data/vllm/', import.meta.url)

/** Reason to skip, or false: for node:test's `skip`. */
export const noRecordings: string | false = existsSync(folder) ? false : 'no ../shared/data/vllm here'

export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as it is; an object is sent as JSON. */
  readonly body?: unknown
  /** How the connection misbehaves: cut before the head, in the body, a body that ends early, or never an answer. */
  readonly fault?: 'reset' | 'reset-in-body' | 'half-json' | 'hang'
}

export interface Request {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Readonly<Record<string, unknown>>
  /** Aborts when the client closes the connection before an answer. */
  readonly gone: Promise<void>
}

export interface Recording extends Answer {
  readonly request: {
    readonly method: string
    readonly path: string
    readonly body?: Readonly<Record<string, unknown>>
  }
  readonly status: number
  readonly body: unknown
}

/** The exchange NAME.json as recorded. */
export function recorded(name: string): Recording {
  const exchange = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as {
    request: Recording['request']
    response: { status: number; headers: Record<string, string>; json?: unknown; text?: string }
  }
  const { status, headers, json, text: body } = exchange.response
  return {
    request: exchange.request,
    status,
    headers: { 'content-type': headers['content-type'] ?? '' },
    body: json ?? body ?? '',
  }
}

export interface TestServer {
  readonly url: string
  readonly port: number
  readonly requests: Request[]
  close(): Promise<void>
}

/** Starts a server on a free port (or the given one); `answer` may take its time. */
export async function startServer(
  answer: (request: Request) => Answer | Promise<Answer>,
  port = 0,
): Promise<TestServer> {
  const requests: Request[] = []
  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const raw = await text(incoming)
    const gone = new Promise<void>((resolve) => {
      response.on('close', () => {
        if (!response.writableEnded) resolve()
      })
    })
    const body = (raw === '' ? {} : JSON.parse(raw)) as Record<string, unknown>
    const request = { method: incoming.method ?? '', path: incoming.url ?? '', headers: incoming.headers, body, gone }
    requests.push(request)
    send(response, await answer(request))
  }
  const server = createServer((incoming, response) => {
    handle(incoming, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)))
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const taken = (server.address() as AddressInfo).port
  return {
    url: `http://127.0.0.1:${taken}`,
    port: taken,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      }),
  }
}

function send(response: ServerResponse, { status = 200, headers = {}, body = '', fault }: Answer): void {
  if (fault === 'hang') return
  if (fault === 'reset') {
    response.socket?.resetAndDestroy()
    return
  }
  const isText = typeof body === 'string'
  const payload = isText ? body : JSON.stringify(body)
  const type = isText ? 'text/plain' : 'application/json'
  if (fault === 'reset-in-body') {
    response.writeHead(status, {
      'content-type': type,
      'content-length': String(Buffer.byteLength(payload)),
      ...headers,
    })
    response.write(payload.slice(0, payload.length / 2), () => {
      response.socket?.resetAndDestroy()
    })
    return
  }
  response.writeHead(status, { 'content-type': type, ...headers })
  response.end(fault === 'half-json' ? payload.slice(0, payload.length / 2) : payload)
}
