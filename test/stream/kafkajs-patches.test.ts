// The places inside kafkajs that stream/ corrects are still where they were, and the corrections work.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, it, mock } from 'node:test'
import kafkajs from 'kafkajs'
import { patchKafkajs } from '../../stream/kafkajs-patches.ts'

const require = createRequire(import.meta.url)

interface Queue {
  pending: unknown[]
  throttledUntil: number
  throttleCheckTimeoutId: unknown
  scheduleCheckPendingRequests(): void
  checkPendingRequests(): void
}

describe('patches of kafkajs', () => {
  it('are for the version that is installed', () => {
    assert.equal((require('kafkajs/package.json') as { version: string }).version, '2.2.4')
    const { prototype: queue } = require('kafkajs/src/network/requestQueue') as { prototype: Record<string, unknown> }
    const { prototype: runner } = require('kafkajs/src/consumer/runner') as { prototype: Record<string, unknown> }
    const { prototype: group } = require('kafkajs/src/consumer/consumerGroup') as { prototype: Record<string, unknown> }
    const { prototype: broker } = require('kafkajs/src/broker') as { prototype: Record<string, unknown> }
    assert.equal(typeof group['joinAndSync'], 'function')
    for (const name of ['heartbeat', 'listOffsets']) assert.equal(typeof broker[name], 'function')
    for (const name of ['scheduleCheckPendingRequests', 'checkPendingRequests'])
      assert.equal(typeof queue[name], 'function')
    for (const name of ['commitOffsets', 'heartbeat', 'stop']) assert.equal(typeof runner[name], 'function')
  })

  it('arm no timer on an idle connection, and one while a request waits', () => {
    patchKafkajs()
    const RequestQueue = require('kafkajs/src/network/requestQueue') as new (options: object) => Queue
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1000 })
    try {
      const queue = new RequestQueue({
        logger: { debug: () => undefined },
        maxInFlightRequests: null,
        requestTimeout: 1000,
      })
      queue.scheduleCheckPendingRequests()
      assert.equal(queue.throttleCheckTimeoutId, null)
      let checks = 0
      queue.checkPendingRequests = () => {
        checks += 1
      }
      queue.pending.push('a request')
      queue.throttledUntil = 1500
      queue.scheduleCheckPendingRequests()
      queue.scheduleCheckPendingRequests()
      mock.timers.tick(499)
      assert.equal(checks, 0)
      mock.timers.tick(1)
      assert.equal(checks, 1)
    } finally {
      mock.timers.reset()
    }
  })

  it('make a commit one try, and an error once the consumer has stopped', async () => {
    patchKafkajs()
    const { prototype } = require('kafkajs/src/consumer/runner') as {
      prototype: { commitOffsets(this: object, offsets: object): Promise<void> }
    }
    let tries = 0
    const consumerGroup = {
      commitOffsets() {
        tries += 1
        return Promise.reject(new Error('not taken'))
      },
    }
    await assert.rejects(prototype.commitOffsets.call({ running: true, consumerGroup }, {}), /not taken/)
    assert.equal(tries, 1)
    await assert.rejects(prototype.commitOffsets.call({ running: false, consumerGroup }, {}), /not in its group/)
    assert.equal(tries, 1)
  })

  it('give it zstd', async () => {
    patchKafkajs()
    const codec = kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD]() as {
      compress(encoder: { buffer: Buffer }): Promise<Buffer>
      decompress(buffer: Buffer): Promise<Buffer>
    }
    const text = Buffer.from('What is 1 + 1? '.repeat(1000))
    const small = await codec.compress({ buffer: text })
    assert.ok(small.length < text.length / 20)
    assert.ok((await codec.decompress(small)).equals(text))
    assert.equal(small.readUInt32LE(0), 0xfd2fb528)
  })
})
