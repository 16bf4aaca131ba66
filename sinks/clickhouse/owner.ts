// The port by which other processes read the embedded database of a running one, and have it write (owner-writes.ts).
// Speaks as much of ClickHouse's HTTP interface as its client needs for reads. Promises: only on 127.0.0.1, by that name,
// with the token of owner.json; SQL only reads (read-only lane), and a query whose client has gone is stopped.

import { randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Failure } from '../../schemas/failure.ts'
import type { Logger } from '../../schemas/logger.ts'
import type { Database } from './contract.ts'
import { DEFAULT_FORMAT } from './lane.ts'
import { optionsAtOwner } from './owner-options.ts'
import { removeOwnerNote, writeOwnerNote } from './owner-file.ts'
import { isWrite, takeWrite } from './owner-writes.ts'

export interface ServedOwner {
  readonly url: string
  close(): Promise<void>
}

/** Listens on a free port and leaves the note for readers in the folder. */
export async function serveOwner(options: {
  readonly database: Database
  readonly folder: string
  readonly log: Logger
}): Promise<ServedOwner> {
  const { database, folder, log } = options
  const token = randomBytes(24).toString('hex')
  const expected = Buffer.from(`Basic ${Buffer.from(`magpie:${token}`).toString('base64')}`)
  const server = createServer((request, response) => {
    // A page in a browser that was led here by a name of its own (DNS rebinding) names that, and an origin.
    if (request.headers.host !== new URL(url).host || request.headers.origin !== undefined) {
      response.writeHead(403, { 'content-type': 'text/plain' }).end('Code: 516. DB::Exception: wrong host.\n')
      return
    }
    const given = Buffer.from(request.headers.authorization ?? '')
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      response
        .writeHead(401, { 'content-type': 'text/plain' })
        .end('Code: 516. DB::Exception: wrong token. (AUTHENTICATION_FAILED)\n')
      return
    }
    answer(database, request, response).catch((error: unknown) => {
      log.warn({ error: error instanceof Error ? error.message : String(error) }, 'a reader of the database went away')
      response.destroy()
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  writeOwnerNote(folder, { pid: process.pid, url, token })
  // Nobody's reason to keep the process alive.
  server.unref()
  return {
    url,
    close: async () => {
      removeOwnerNote(folder)
      const closed = new Promise<void>((resolve) =>
        server.close(() => {
          resolve()
        }),
      )
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(database: Database, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  if (url.pathname === '/magpie-owner') {
    response.writeHead(204).end()
    return
  }
  if (url.pathname === '/ping') {
    response.end('Ok.\n')
    return
  }
  if (isWrite(url.pathname)) {
    await takeWrite(database, url, await text(request), response)
    return
  }
  const gone = new AbortController()
  response.on('close', () => {
    gone.abort(new Error('the reader has gone'))
  })
  const sql = [url.searchParams.get('query') ?? '', await text(request)].join('\n')
  const format = url.searchParams.get('default_format') ?? DEFAULT_FORMAT
  try {
    const asked = optionsAtOwner(request.headers)
    const result = await database.bytes(sql, { ...asked, format, readOnly: true, signal: gone.signal })
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'x-clickhouse-format': format }).end(result)
  } catch (error) {
    if (gone.signal.aborted) return
    const [status, body] = asException(error)
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(body)
  }
}

/** A Failure the way ClickHouse says it, so that the client at the other end reads code and message. */
function asException(error: unknown): [number, string] {
  const message = error instanceof Error ? error.message : String(error)
  if (!(error instanceof Failure)) return [500, `Code: 1002. DB::Exception: ${message} (UNKNOWN_EXCEPTION)\n`]
  // 164 is ClickHouse's own READONLY: what the read-only check refuses is that. 1002: no error of ClickHouse's.
  const number = error.code === 'sql-refused' ? '164' : (/^clickhouse-(\d+)$/.exec(error.code)?.[1] ?? '1002')
  return [number === '164' ? 403 : 500, `Code: ${number}. DB::Exception: ${message} (ERROR_AT_OWNER)\n`]
}
