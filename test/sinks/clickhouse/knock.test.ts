// What is said of an address where no ClickHouse is, and how long that takes.

import assert from 'node:assert/strict'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { after, describe, it } from 'node:test'
import { Failure, UsageFault } from '../../../schemas/failure.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import { openDatabase } from '../../../sinks/clickhouse/database.ts'
import { knock } from '../../../sinks/clickhouse/knock.ts'
import type { Host } from '../../../sinks/clickhouse/knock.ts'
import { openServer } from '../../../sinks/clickhouse/server.ts'

const PASSWORD = 'planted-click-pass'

interface Answer {
  readonly status: number
  readonly body: string
}

describe('a knock at a server', () => {
  const servers: Server[] = []
  const closers: (() => void)[] = []
  after(() => {
    for (const close of closers) close()
    for (const server of servers) server.close()
  })

  const listening = async (server: Server): Promise<string> => {
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://magpie:${PASSWORD}@127.0.0.1:${(server.address() as AddressInfo).port}/db`
  }
  /** A server of HTTP; it says what it was asked with, as a debug page would. */
  const http = (answer: (path: string) => Answer): Promise<string> => {
    const server = createHttpServer((request, response) => {
      request.resume()
      const { status, body } = answer((request.url ?? '').split('?')[0]!)
      response.writeHead(status).end(`${body}${request.headers.authorization ?? ''}`)
    })
    closers.push(() => {
      server.closeAllConnections()
    })
    return listening(server)
  }
  const tcp = (isMute: boolean): Promise<string> =>
    listening(
      createServer((socket) => {
        closers.push(() => socket.destroy())
        socket.on('error', () => undefined)
        if (!isMute) socket.destroy()
      }),
    )
  const heardAt = async (url: string, waitMs = 60_000): Promise<Host> => {
    const database = openServer({ url })
    try {
      return await knock(database, { url }, { waitMs })
    } finally {
      await database.close()
    }
  }

  it('tells a ClickHouse from others, and what is down from what is elsewhere', async () => {
    const always = (status: number, body: string) => http(() => ({ status, body }))
    const cases: [string, Host['state'], RegExp][] = [
      [await always(404, '<html>Not\u001b[2J here</html>'), 'stranger', /^HTTP 404, "<html>Not \[2J here<\/html>"$/],
      [await always(404, '{"detail":1}'), 'stranger', /^HTTP 404/],
      [await always(200, '<html>Hello</html>'), 'stranger', /^HTTP 200, "<html>Hello/],
      [await always(302, ''), 'stranger', /^HTTP 302$/],
      [await always(503, '<html>busy</html>'), 'down', /^HTTP 503/],
      [await always(500, 'Code: 241. DB::Exception: memory'), 'lets-in', /^$/],
      [await http((path) => ({ status: 200, body: path === '/ping' ? 'Ok.\n' : 'no' })), 'stranger', /SELECT 1/],
      [await tcp(false), 'down', /hang up|ECONNRESET/],
      ['http://127.0.0.1:1/', 'down', /ECONNREFUSED/],
    ]
    for (const [url, state, said] of cases) {
      const host = await heardAt(url)
      assert.equal(host.state, state, `${url}: ${host.said}`)
      assert.match(host.said, said)
    }
  })

  it('hears for a bounded time, and takes a ClickHouse that is only slow for one', async () => {
    assert.deepEqual(await heardAt(await tcp(true), 300), { state: 'down', said: 'nothing was heard for 0.3 s' })
    const slow = createHttpServer((request, response) => {
      request.resume()
      if (request.url === '/ping') response.end('Ok.\n')
    })
    closers.push(() => {
      slow.closeAllConnections()
    })
    // Whose question is never answered, but /ping is.
    assert.equal((await heardAt(await listening(slow), 3000)).state, 'lets-in')
  })

  it('makes opening end with the address, without a credential, for whoever opens', async () => {
    const page = await http(() => ({ status: 404, body: 'a page' }))
    for (const role of ['reader', 'owner', 'sharer'] as const) {
      const opening = openDatabase({ url: page, stateDir: '/nowhere', role, log: silentLogger })
      await assert.rejects(opening, (error) => {
        assert.ok(error instanceof UsageFault)
        assert.match(
          error.message,
          /^http:\/\/127\.0\.0\.1:\d+\/db does not answer as a ClickHouse: HTTP 404, "a page"; /,
        )
        assert.ok(!error.message.includes(PASSWORD))
        return true
      })
    }
    const nobody = `http://magpie:${PASSWORD}@127.0.0.1:1/db`
    const opening = openDatabase({ url: nobody, stateDir: '/nowhere', role: 'reader', log: silentLogger })
    await assert.rejects(opening, (error) => {
      assert.ok(error instanceof Failure && error.retry === 'transient')
      assert.match(error.message, /^http:\/\/127\.0\.0\.1:1\/db does not answer as a ClickHouse: connect ECONNREFUSED/)
      return true
    })
  })
})
