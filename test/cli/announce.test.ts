// Holds cli/announce.ts: what changes between two looks is said once, and said again when it happens again.

import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { describe, it } from 'node:test'
import { createAnnouncer } from '../../cli/announce.ts'
import { messagesIn } from '../../cli/messages/choose.ts'
import type { Messages } from '../../cli/messages/contract.ts'
import type { ProduceEnd } from '../../pipeline/produce.ts'
import { sumOf } from '../../pipeline/spending.ts'
import { endpointState, runSnapshot, sinkState } from './run-snapshot.ts'

const en = messagesIn('en')
const announcer = (messages: Messages, stateDir = resolve('.magpie')) =>
  createAnnouncer({ messages, runId: 'my-run', stateDir })

const servers = (...endpoints: ReturnType<typeof endpointState>[]) =>
  runSnapshot({ llm: { endpoints, waiting: 0, usage: {} } })

describe('the announcer', () => {
  it('says nothing while all is well', () => {
    const announce = announcer(en)
    const well = runSnapshot({ ...servers(endpointState('http://a:1')), sinks: [sinkState('clickhouse')] })
    assert.deepEqual(announce(well, 1000), [])
    assert.deepEqual(announce(well, 2000), [])
  })

  it('says once that a model server went, and after how long it came back', () => {
    const announce = announcer(en)
    const up = endpointState('http://a:1')
    const down = endpointState('http://b:2', { downSince: 10_000, lastError: 'ECONNREFUSED' })
    assert.deepEqual(announce(servers(up, down), 11_000), [en.endpointWaiting('http://b:2', 'ECONNREFUSED')])
    assert.deepEqual(announce(servers(up, { ...down, lastError: 'ECONNRESET' }), 12_000), [])
    const back = servers(up, endpointState('http://b:2'))
    assert.deepEqual(announce(back, 52_000), [en.endpointReturned('http://b:2', 42)])
    assert.deepEqual(announce(back, 53_000), [])
    assert.equal(announce(servers(up, down), 60_000).length, 1)
  })

  it('tells servers apart', () => {
    const announce = announcer(en)
    const a = endpointState('http://a:1', { downSince: 1000 })
    const b = endpointState('http://b:2', { downSince: 2000 })
    assert.equal(announce(servers(a, b), 3000).length, 2)
    assert.deepEqual(announce(servers(endpointState('http://a:1'), b), 4000), [en.endpointReturned('http://a:1', 3)])
  })

  it('says which sink waits, and that it goes on, in the language of the run', () => {
    const ja = messagesIn('ja')
    const announce = announcer(ja)
    const waiting = sinkState('clickhouse', { waiting: true, lastError: 'ECONNRESET' })
    const part = ja.parts.clickhouse
    assert.deepEqual(announce(runSnapshot({ sinks: [waiting] }), 0), [ja.waitingFor(part, 'ECONNRESET')])
    assert.deepEqual(announce(runSnapshot({ sinks: [waiting] }), 1), [])
    assert.deepEqual(announce(runSnapshot({ sinks: [sinkState('clickhouse')] }), 2), [ja.goingOn(part)])
    assert.deepEqual(announce(runSnapshot({ sinks: [sinkState('clickhouse')] }), 3), [])
  })

  it('says that Kafka is away by its name', () => {
    const announce = announcer(en)
    const sender = { sent: 0, waiting: 1, downSince: 1, lastError: 'no broker' }
    assert.deepEqual(announce(runSnapshot({ sender }), 0), [en.waitingFor('Kafka', 'no broker')])
    assert.deepEqual(announce(runSnapshot(), 1), [en.goingOn('Kafka')])
  })

  it('says once that servers count no tokens', () => {
    const announce = announcer(en)
    const blind = (unmeasured: number) => runSnapshot({ spent: { ...sumOf([]), unmeasured } })
    assert.deepEqual(announce(blind(3), 1000), [en.unmeasured(3)])
    assert.deepEqual(announce(blind(9), 2000), [])
  })

  it('says once that production has ended, and why', () => {
    const said = (produced: ProduceEnd): string[] => {
      const announce = announcer(en)
      assert.deepEqual(announce(runSnapshot({ made: 5 }), 0), [])
      const end = runSnapshot({ made: 7, produced, accepted: { sft: 3, preference: 1 } })
      const lines = announce(end, 1)
      assert.deepEqual(announce(end, 2), [])
      return lines
    }
    assert.deepEqual(said('total'), [en.totalReached(7)])
    assert.deepEqual(said('end'), [en.totalReached(7)])
    assert.deepEqual(said('accepted'), [en.acceptReached(3, 1)])
    assert.deepEqual(said('aborted'), [])
  })

  it('says once, at the end of production, how many lines of the file were refused and where each is', () => {
    const sql = `./magpie sql "SELECT detail FROM rejections WHERE run_id = 'my-run' AND stage = 'jsonl'"`
    for (const [stateDir, command] of [
      [resolve('.magpie'), sql],
      ['/elsewhere', `${sql} --state /elsewhere`],
    ] as const) {
      const announce = announcer(en, stateDir)
      assert.deepEqual(announce(runSnapshot({ made: 5, brokenLines: 2 }), 0), [])
      const end = runSnapshot({ made: 41, brokenLines: 3, produced: 'end' })
      assert.deepEqual(announce(end, 1), [en.totalReached(41), en.brokenLines(3, command)])
      assert.deepEqual(announce(end, 2), [])
    }
    assert.equal(en.brokenLines(3, 'X'), '3 lines of the file refused; to see why: X')
  })
})
