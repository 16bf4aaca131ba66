// The question before a write, on kafkajs's own queue of requests: what is written, what is taken out, what is told.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, it } from 'node:test'
import { Failure } from '../../schemas/failure.ts'
import { UNCLEAR, WITHHELD } from '../../stream/fence.ts'
import { patchKafkajs } from '../../stream/kafkajs-patches.ts'
import { writingIf } from '../../stream/kafkajs-writes.ts'

const require = createRequire(import.meta.url)
const PRODUCE = 0
const METADATA = 3

interface Queue {
  push(request: object): void
  checkPendingRequests(): void
  inflight: Map<number, unknown>
}

/** A queue on a connection that notes what is written; `atOnce`: so many requests wait for their answer, the others in line. */
function openQueue(atOnce: number | null = null) {
  patchKafkajs()
  const RequestQueue = require('kafkajs/src/network/requestQueue') as new (options: object) => Queue
  const logger = { debug: () => undefined }
  const queue = new RequestQueue({ logger, maxInFlightRequests: atOnce, requestTimeout: 1000 })
  const written: string[] = []
  let count = 0
  /** Resolves with the code of what the request fails with. */
  const push = (name: string, apiKey: number): Promise<string> => {
    const { promise, resolve } = Promise.withResolvers<string>()
    const reject = (error: unknown): void => {
      resolve(error instanceof Failure ? `${error.retry} ${error.code}` : String(error))
    }
    count += 1
    const entry = { apiKey, correlationId: count, resolve: () => undefined, reject }
    queue.push({ entry, expectResponse: true, sendRequest: () => written.push(name) })
    return promise
  }
  return { queue, written, push }
}

describe('the question before a write', () => {
  it('is asked in the turn of the write, of messages only, and of those alone that came with it', async () => {
    const { queue, written, push } = openQueue()
    let mayWrite = true
    const late = writingIf(
      () => mayWrite,
      async () => {
        // The process may be stopped here.
        await Promise.resolve()
        void push('metadata', METADATA)
        return push('too late', PRODUCE)
      },
    )
    mayWrite = false
    assert.equal(await late, `transient ${WITHHELD}`)
    void push('of nobody', PRODUCE)
    assert.deepEqual([written, queue.inflight.size], [['metadata', 'of nobody'], 2])
  })

  it('says what it cannot know once something was written, and no stays no', async () => {
    const { written, push } = openQueue()
    const answers = [true, false, true]
    const codes = await writingIf(
      () => answers.shift() ?? true,
      async () => {
        void push('first', PRODUCE)
        return [await push('again', PRODUCE), await push('and again', PRODUCE)]
      },
    )
    assert.deepEqual(codes, [`transient ${UNCLEAR}`, `transient ${UNCLEAR}`])
    assert.deepEqual(written, ['first'])
  })

  it('is asked of what has stood in line, when its turn has come', async () => {
    const { queue, written, push } = openQueue(1)
    void push('before', PRODUCE)
    let mayWrite = true
    const waiting = writingIf(
      () => mayWrite,
      () => push('in line', PRODUCE),
    )
    mayWrite = false
    queue.inflight.clear()
    queue.checkPendingRequests()
    assert.equal(await waiting, `transient ${WITHHELD}`)
    void push('after', PRODUCE)
    assert.deepEqual(written, ['before', 'after'])
  })
})
