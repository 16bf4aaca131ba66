// A ClickHouse server for the suite, as a process of its own: the embedded engine behind as much of the server's HTTP
// interface as the program's client speaks, with the faults that a real one has. One argument: folder; port 0 or given.
// hang: accepts and never answers. mute: writes and cuts the connection. torn: writes half and is killed.
//   POST /fault {"kind": "...", "requests": n}   the next n requests (all: -1) meet it; kinds below.

import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Failure } from '../../schemas/failure.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { openEmbedded } from '../../sinks/clickhouse/embedded.ts'

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
const database = (await openEmbedded(folder, silentLogger))!
let fault = { kind: '', requests: 0 }
let inserts = 0

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    if (response.headersSent || response.destroyed) return
    const code = error instanceof Failure ? /^clickhouse-(\d+)$/.exec(error.code)?.[1] : undefined
    response.writeHead(500).end(`Code: ${code ?? 1002}. DB::Exception: ${String(error)} (ERROR)\n`)
  })
})

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  if (url.pathname === '/fault') {
    fault = { ...fault, ...(JSON.parse(await text(request)) as typeof fault) }
    response.end(JSON.stringify({ inserts }))
    return
  }
  const asked = url.searchParams.get('query')
  const [, table, named] = /^INSERT INTO (\w+) \(([^)]*)\)/.exec(asked ?? '') ?? []
  const met = meet(table !== undefined)
  if (met === 'hang') return
  const word = WORDS[met]
  if (word !== undefined) {
    request.resume()
    response.writeHead(word[0], { 'content-type': 'text/plain' }).end(word[1])
    return
  }
  const body = await text(request)
  if (table !== undefined) {
    const lines = body.split('\n').filter((line) => line !== '')
    const written = met === 'torn' ? lines.slice(0, lines.length / 2) : lines
    const columns = named!.split(',').map((column) => column.trim().replaceAll('`', ''))
    const rowOf = (line: string): object =>
      Object.fromEntries((JSON.parse(line) as unknown[]).map((value, index) => [columns[index]!, value]))
    await database.insert(table, written.map(rowOf))
    inserts += 1
    if (met === 'torn') process.kill(process.pid, 'SIGKILL')
    if (met === 'mute') response.destroy()
    else response.end()
    return
  }
  const sql = asked === null ? body : `${asked}\n${body}`
  const parameters = Object.fromEntries(
    [...url.searchParams].filter(([name]) => name.startsWith('param_')).map(([name, value]) => [name.slice(6), value]),
  )
  const format = url.searchParams.get('default_format') ?? 'TabSeparated'
  response.end(await database.bytes(sql, { format, parameters }))
}

/** The fault that this request meets, or ''. Those of a write that goes half way are met by inserts alone. */
function meet(isInsert: boolean): string {
  const { kind, requests } = fault
  if (requests === 0 || ((kind === 'mute' || kind === 'torn') && !isInsert)) return ''
  if (requests > 0) fault.requests -= 1
  return kind
}

server.listen(Number(port), '127.0.0.1', () => {
  process.stdout.write(`ready at http://127.0.0.1:${(server.address() as AddressInfo).port}\n`)
})
