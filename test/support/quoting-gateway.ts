// A gateway before a model server that quotes in its errors what a client sent, keys included, as careless servers do.

import { createServer, request as ask } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface QuotingGateway {
  readonly url: string
  /** Errors answered until now. */
  quoted(): number
  close(): void
}

/** Passes calls on to `target`; of the chat calls one in `every` is refused for good and another breaks down once. */
export async function startQuotingGateway(target: string, every: number): Promise<QuotingGateway> {
  let calls = 0
  let quoted = 0
  const refuse = (status: number, { headers }: IncomingMessage, response: ServerResponse): void => {
    quoted += 1
    const message = `Incorrect API key provided: ${headers.authorization ?? ''} with ${JSON.stringify(headers)}`
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error: { message } }))
  }
  const server = createServer((request, response) => {
    const isChat = request.url === '/v1/chat/completions'
    if (isChat) calls += 1
    if (isChat && calls % every === 0) {
      refuse(400, request, response)
      return
    }
    if (isChat && calls % every === Math.ceil(every / 2)) {
      refuse(500, request, response)
      return
    }
    const { method, headers, url } = request
    const passed = ask(new URL(url ?? '/', target), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    passed.on('error', () => response.destroy())
    response.on('close', () => passed.destroy())
    request.pipe(passed)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    quoted: () => quoted,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
