// A statement that is given up over a connection that can be cut: its caller hears why, whatever ClickHouse says to the
// request to stop it.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ClickHouseClient, ExecParams } from '@clickhouse/client'
import { createLane } from '../../../sinks/clickhouse/lane.ts'

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
})
