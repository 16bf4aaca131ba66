// A statement that is given up over a connection that can be cut: its caller hears why, whatever ClickHouse says to the
// request to stop it.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import type { ClickHouseClient, ExecParams } from '@clickhouse/client'
import { createLane } from '../../../sinks/clickhouse/lane.ts'
import { openServer } from '../../../sinks/clickhouse/server.ts'

/** A connection whose statements go on until they are cut. */
const endless = {
  exec: ({ abort_signal: signal }: ExecParams) =>
    new Promise((_, reject) => {
      signal!.addEventListener('abort', () => {
        reject(new Error('cut'))
      })
    }),
  close: () => Promise.resolve(),
} as unknown as ClickHouseClient

describe('a statement that is given up', () => {
  for (const [rights, kill] of [
    ['may be stopped', () => Promise.resolve()],
    ['may not be stopped', () => Promise.reject(new Error('Not enough privileges'))],
  ] as const)
    it(`ends with the reason that its caller gave, where it ${rights}`, async () => {
      const kills: string[] = []
      const lane = createLane({
        ...{ open: () => Promise.resolve(endless), renew: false, width: 1, cuts: true },
        kill: (mark) => {
          kills.push(mark)
          return kill()
        },
      })
      const stop = new AbortController()
      const asked = lane.bytes('SELECT sleep(3)', { signal: stop.signal })
      setImmediate(() => {
        stop.abort(new Error('interrupted by a person'))
      })
      await assert.rejects(asked, /interrupted by a person/)
      assert.equal(kills.length, 1)
      await lane.close()
    })

  for (const [kind, answer] of [
    ['refuses to stop it', (response: ServerResponse) => response.writeHead(403).end('Code: 497. DB::Exception: no')],
    ['says nothing any more', () => undefined],
  ] as const)
    it(`ends so within bounded time at a server that ${kind}`, async () => {
      const asked = Promise.withResolvers<undefined>()
      const kills: string[] = []
      const server = createServer((request, response) => {
        void text(request).then((sql) => {
          if (!sql.startsWith('KILL QUERY')) {
            asked.resolve(undefined)
            return
          }
          kills.push(sql)
          answer(response)
        })
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const database = openServer({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` })
      const stop = new AbortController()
      const answered = database.query('SELECT sleep(3)', { signal: stop.signal })
      void asked.promise.then(() => {
        stop.abort(new Error('interrupted by a person'))
      })
      await assert.rejects(answered, /interrupted by a person/)
      assert.equal(kills.length, 1)
      await database.close()
      server.closeAllConnections()
      server.close()
    })
})
