// Topics that somebody writes to in transactions: their marks take up offsets and are no records, and what was taken
// back is for nobody. A group that did not pass over them would always have something left, and no run would end.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { silentLogger } from '../../schemas/logger.ts'
import { groupPosition } from '../../stream/groups-admin.ts'
import { startStage } from '../../stream/stage.ts'
import { type Bench, openBench, problemMessages, until } from '../support/stream.ts'

describe('a stage behind transactions', () => {
  let bench: Bench
  before(async () => {
    bench = await openBench()
  })
  after(async () => {
    await bench.close()
  })

  it('takes what was committed, nothing that was taken back, and is through at the end', async (test) => {
    const runId = bench.name('run')
    const [from, to] = [await bench.topic(2, 'from'), await bench.topic(1, 'to')]
    const group = bench.name('group')
    const transactionalId = bench.name('writer')
    const producer = bench.connection.client.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    test.after(() => producer.disconnect())
    /** Problem n, alone in a transaction, in partition n % 2; what is returned ends it. */
    const begin = async (number: number) => {
      const transaction = await producer.transaction()
      const messages = problemMessages(bench.codec, from, runId, 1, number).map((each) => ({
        ...{ key: each.key, value: each.value, partition: number % 2 },
        headers: each.headers ?? {},
      }))
      await transaction.send({ topic: from, messages })
      return transaction
    }
    const write = async (number: number, how: 'commit' | 'abort') => {
      await (await begin(number))[how]()
    }
    /** Is nothing left of so many offsets, a record and a mark for each transaction? The mark comes a moment later. */
    const through = async (end: number) => {
      const positions = await groupPosition(bench.connection, group, [from])
      return (
        positions.reduce((sum, position) => sum + position.end, 0) === end && positions.every(({ lag }) => lag === 0)
      )
    }
    // Partition 0 ends with a mark behind a record, partition 1 holds nothing that is for anybody.
    await write(0, 'commit')
    await write(1, 'abort')
    const stage = startStage({
      ...{ connection: bench.connection, sender: bench.sender, codec: bench.codec, log: silentLogger },
      ...{ name: 'test', group, from, reads: 'Problem', runId, revision: bench.name('r'), inFlight: () => 8 },
      process: (problem) => Promise.resolve({ emit: problem }),
      route: (problem) => [{ topic: to, key: problem.id, value: bench.codec.encode('Problem', problem) }],
    })
    test.after(() => stage.drain(0))
    await until(() => through(4))
    // While the stage waits for more.
    await write(3, 'abort')
    await until(() => through(6))
    await write(4, 'commit')
    await until(() => through(8))
    // Somebody is in the middle of one: it is not known yet whether there is something left to do.
    const open = await begin(6)
    const [position] = await groupPosition(bench.connection, group, [from])
    assert.equal(position!.lag, 1)
    await open.commit()
    await until(() => through(10))
    await stage.drain(1000)
    assert.deepEqual(
      (await bench.read(to)).map(({ key }) => key),
      ['p0', 'p4', 'p6'],
    )
  })
})
