// Topics that are changed under a run: one that is deleted fails it by name, at work and at the next start; partitions
// that are added are said, and the next start reads them and loses nothing.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { deleteTopics } from '../../stream/topics-admin.ts'
import type { Workshop } from '../support/end-to-end.ts'
import { openWorkshop, runName, simulatedConfig } from '../support/end-to-end.ts'
import { startOwnKafka } from '../support/kafka.ts'
import { until } from '../support/stream.ts'

const TOTAL = 40

describe('topics that are changed while a run is at work', () => {
  let workshop: Workshop
  before(async () => {
    // Of its own: every run on the broker has these topics.
    workshop = await openWorkshop(await startOwnKafka())
  })
  after(async () => {
    await workshop.close()
  })

  const run = (name: string, port: string) =>
    workshop.magpie(['run', '-c', simulatedConfig, '--run', name, '--total', String(TOTAL), '--out', name], {
      SIMULATOR_PORT: port,
    })

  async function underWay(name: string) {
    const front = await workshop.serve({ slots: 8, medianMs: 60 })
    const { port } = new URL(front.url)
    const first = run(name, port)
    await until(
      () => front.stats().total.answered > 30,
      () => first.said(),
      180,
    )
    // It is at work for as long as it takes to look after the topics.
    front.hang()
    return { front, port, first }
  }

  it('added partitions end the run with what to do, and the same command reads them', async () => {
    const name = runName('wider')
    const { front, port, first } = await underWay(name)
    await workshop.connection.ask('adding partitions', async (admin) =>
      admin.createPartitions({ topicPartitions: [{ topic: 'answered', count: 20 }] }),
    )
    const stopped = await first.ended
    assert.equal(stopped.code, 1, stopped.error)
    assert.match(stopped.error, /partitions were added to answered \(12 before, 20 now\).*start run wider\S* again/)
    await front.revive()
    const second = await run(name, port).ended
    assert.equal(second.code, 0, second.error)
    const audit = await workshop.magpie(['audit', '--run', name, '--out', name]).ended
    assert.equal(audit.code, 0, audit.out + audit.error)
    assert.match(audit.out, new RegExp(`whole: ${TOTAL} problems`))
  })

  it('a topic that is deleted fails the run by its name, now and at the next start', async () => {
    const name = runName('gone')
    const { front, port, first } = await underWay(name)
    await deleteTopics(workshop.connection, ['answered'])
    const lost = new RegExp(`topic answered of run ${name} was deleted .*magpie audit --run ${name}, .*--run NAME`)
    const failed = await first.ended
    assert.equal(failed.code, 1, failed.error)
    assert.match(failed.error, lost)
    assert.doesNotMatch(failed.error, /is stopped and nothing is lost/)
    for (const again of [await run(name, port).ended, await run(name, port).ended]) {
      assert.equal(again.code, 1, again.error)
      assert.match(again.error, lost)
    }
    await front.revive()
    const other = await run(runName('other'), port).ended
    assert.equal(other.code, 0, other.error)
  })
})
