// A ClickHouse server for the suite, as a process of its own: a real one behind a proxy that has the faults that servers
// and what stands before them have. Arguments: folder; port, 0 for any.
// hang: accepts and never answers. mute: writes and cuts the connection. torn: writes half and is killed.
//   POST /fault {"kind": "...", "requests": n}   the next n requests (all: -1) meet it; kinds below.

import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { startTestServer } from '../support/clickhouse-server.ts'

/** What a server says that cannot take an insert, with its status. */
const WORDS: Readonly<Record<string, readonly [number, string]>> = {
  error: [500, '<html><body>502 Bad Gateway</body></html>'],
  'too-many-parts': [
    500,
    'Code: 252. DB::Exception: Too many parts (3001). Merges are processing slower. (TOO_MANY_PARTS)',
  ],
  memory: [500, 'Code: 241. DB::Exception: (total) memory limit exceeded: would use 4.00 GiB. (MEMORY_LIMIT_EXCEEDED)'],
  'read-only': [500, 'Code: 164. DB::Exception: default: Cannot execute query in readonly mode. (READONLY)'],
  rights: [403, 'Code: 497. DB::Exception: default: Not enough privileges. (ACCESS_DENIED)'],
  login: [401, 'Code: 516. DB::Exception: default: Authentication failed. (AUTHENTICATION_FAILED)'],
}

const [folder = '', port = '0'] = process.argv.slice(2)
// Ends with this process, also when that is killed.
const server = await startTestServer({ folder })
let fault = { kind: '', requests: 0 }
let inserts = 0

const proxy = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    if (!response.headersSent && !response.destroyed) response.writeHead(502).end(`Bad Gateway: ${String(error)}\n`)
  })
})

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', server.url)
  const body = await text(request)
  if (url.pathname === '/fault') {
    fault = { ...fault, ...(JSON.parse(body) as typeof fault) }
    response.end(JSON.stringify({ inserts }))
    return
  }
  const isInsert = /^INSERT INTO /.test(url.searchParams.get('query') ?? '')
  const met = meet(isInsert)
  if (met === 'hang') return
  const word = WORDS[met]
  if (word !== undefined) {
    response.writeHead(word[0], { 'content-type': 'text/plain' }).end(word[1])
    return
  }
  const lines = body.split('\n')
  const sent = met === 'torn' ? lines.slice(0, lines.length / 2).join('\n') : body
  const reply = await fetch(url, { method: 'POST', body: sent, headers: loginOf(request) })
  const answered = Buffer.from(await reply.arrayBuffer())
  if (isInsert && reply.ok) inserts += 1
  if (met === 'torn') {
    await server.kill()
    process.kill(process.pid, 'SIGKILL')
  }
  if (met === 'mute') response.destroy()
  else response.writeHead(reply.status, { 'content-type': 'text/plain' }).end(answered)
}

function loginOf({ headers }: IncomingMessage): Record<string, string> {
  return headers.authorization === undefined ? {} : { authorization: headers.authorization }
}

/** The fault that this request meets, or ''. Those of a write that goes half way are met by inserts alone. */
function meet(isInsert: boolean): string {
  const { kind, requests } = fault
  if (requests === 0 || ((kind === 'mute' || kind === 'torn') && !isInsert)) return ''
  if (requests > 0) fault.requests -= 1
  return kind
}

proxy.listen(Number(port), '127.0.0.1', () => {
  process.stdout.write(`ready at http://127.0.0.1:${(proxy.address() as AddressInfo).port}/magpie\n`)
})
