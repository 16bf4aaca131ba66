// The small parts that need no broker: back-off, dead letters' share, translated errors, client ids, the queue.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import kafkajs from 'kafkajs'
import { Failure, transient } from '../../schemas/failure.ts'
import { backOffDelay, pauseFor, settledWithin } from '../../stream/back-off.ts'
import type { Arrival } from '../../stream/arrival.ts'
import { watchDeadLetters } from '../../stream/dead-letter-share.ts'
import { MAX_SPREAD } from '../../stream/done-set.ts'
import { kafkaErrorType, toFailure } from '../../stream/kafka-failure.ts'
import { createSchedule } from '../../stream/schedule.ts'
import { clientIdOfProcess, processOfClientId } from '../../stream/client-id.ts'
import { beginTenure } from '../../stream/tenure.ts'

describe('back-off', () => {
  it('doubles to its limit and ends at once when aborted', async () => {
    const times = { first: 2000, longest: 60_000 }
    assert.deepEqual(
      [1, 2, 3, 6, 50].map((failures) => backOffDelay(failures, times, () => 0.5)),
      [2000, 4000, 8000, 60_000, 60_000],
    )
    assert.equal(await pauseFor(1e9, AbortSignal.abort()), false)
    assert.equal(await pauseFor(0, new AbortController().signal), true)
    assert.equal(await settledWithin(Promise.reject(new Error('x')), 1e6), true)
    assert.equal(await settledWithin(new Promise(() => undefined), 1), false)
  })
})

describe('share of dead letters', () => {
  it('looks at the last 50 records only', () => {
    const isTooMany = watchDeadLetters(0.2)
    for (let index = 0; index < 10; index += 1) assert.equal(isTooMany(true), false)
    for (let index = 0; index < 50; index += 1) assert.equal(isTooMany(false), false)
    for (let index = 0; index < 10; index += 1) assert.equal(isTooMany(true), false)
    assert.equal(isTooMany(true), true)
  })
})

describe("kafkajs's errors", () => {
  it('become failures that say whether to try again', () => {
    const protocol = (type: string) =>
      new kafkajs.KafkaJSProtocolError(Object.assign(new Error(type), { type, code: 1 }))
    const wrapped = new kafkajs.KafkaJSNumberOfRetriesExceeded(protocol('MESSAGE_TOO_LARGE'), {
      retryCount: 1,
      retryTime: 1,
    })
    assert.deepEqual(
      [toFailure(wrapped, 'sending').code, toFailure(wrapped, 'sending').retry],
      ['record-too-large', 'permanent'],
    )
    assert.equal(kafkaErrorType(wrapped), 'MESSAGE_TOO_LARGE')
    const down = toFailure(new kafkajs.KafkaJSConnectionError('Connection error: refused'), 'sending')
    assert.deepEqual(
      [down.code, down.retry, down.message],
      ['kafka-unavailable', 'transient', 'sending: Connection error: refused'],
    )
    assert.equal(toFailure(protocol('NOT_LEADER_FOR_PARTITION'), 'x').retry, 'transient')
    assert.equal(toFailure(protocol('TOPIC_AUTHORIZATION_FAILED'), 'x').code, 'kafka-refused')
    assert.equal(toFailure(new TypeError('undefined'), 'x').code, 'kafka-bug')
    assert.equal(
      toFailure(new kafkajs.KafkaJSAggregateError('several', [protocol('INVALID_CONFIG')]), 'x').code,
      'kafka-refused',
    )
    const own = transient('a', 'b')
    assert.equal(toFailure(own, 'x'), own)
    assert.ok(toFailure('text', 'x') instanceof Failure)
  })
})

describe('client ids', () => {
  it('name the process, on this machine only', () => {
    assert.equal(processOfClientId(clientIdOfProcess('a@b.c', 77)), 77)
    assert.equal(processOfClientId(clientIdOfProcess('magpie')), process.pid)
    for (const id of ['magpie', 'magpie@elsewhere.1.77', 'magpie@77', '']) assert.equal(processOfClientId(id), null)
  })
})

describe('schedule', () => {
  const arrivals = (tenure: Arrival['tenure'], offsets: readonly number[]): Arrival[] =>
    offsets.map((offset) => {
      tenure.ledger.deliver(offset)
      return { tenure, offset, timestamp: 0, key: null, value: Buffer.alloc(10), headers: {} }
    })

  it('gives out each record once, in order within a partition, partitions in turn', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 2000 })), { maxLength: 12 }), (feeds) => {
        const tenures = [0, 1, 2, 3].map((partition) => beginTenure('t', partition))
        const schedule = createSchedule()
        const ends = [0, 0, 0, 0]
        for (const [partition, count] of feeds) {
          schedule.add(
            arrivals(
              tenures[partition]!,
              Array.from({ length: count }, (_, index) => ends[partition]! + index),
            ),
          )
          ends[partition]! += count
        }
        assert.equal(
          schedule.size(),
          ends.reduce((sum, each) => sum + each, 0),
        )
        const seen = [0, 0, 0, 0]
        for (let each = schedule.next(); each !== null; each = schedule.next()) {
          const { partition, ledger } = each.tenure
          assert.equal(each.offset, seen[partition])
          seen[partition]! += 1
          ledger.finish(each.offset)
        }
        assert.deepEqual(seen, ends)
        assert.deepEqual(schedule.ready(), { records: 0, bytes: 0 })
      }),
      { numRuns: 50 },
    )
  })

  it('passes over a partition whose next record must wait', () => {
    const [slow, free] = [beginTenure('t', 0), beginTenure('t', 1)]
    const schedule = createSchedule()
    schedule.add(arrivals(slow, [0, MAX_SPREAD, MAX_SPREAD + 1]))
    schedule.add(arrivals(free, [5]))
    assert.equal(schedule.next()?.offset, 0)
    assert.equal(schedule.ready().records, 1)
    assert.equal(schedule.next()?.tenure, free)
    assert.equal(schedule.next(), null)
    assert.equal(schedule.size(), 2)
    slow.ledger.finish(0)
    assert.equal(schedule.next()?.offset, MAX_SPREAD)
    schedule.drop(slow)
    assert.equal(schedule.next(), null)
    assert.equal(schedule.size(), 0)
  })
})
