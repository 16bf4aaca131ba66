// Holds pipeline/read-records.ts and what counts with it (pipeline/accepted.ts): of a shared log, only the run's own.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { keysOf, readRecords } from '../../pipeline/read-records.ts'
import type { ReadRun } from '../../pipeline/read-records.ts'
import { topicFor } from '../../schemas/topics.ts'
import { ensureTopics } from '../../stream/topics-admin.ts'
import { CONFIG, openRunBench } from './run-bench.ts'
import type { RunBench } from './run-bench.ts'

const SIGNAL = new AbortController().signal

let bench: RunBench
before(async () => {
  bench = await openRunBench()
  const { connection, revision } = bench
  await ensureTopics(connection, { revision, names: ['problems', 'sft'], topics: CONFIG.kafka.topics })
})
after(async () => {
  await bench.close()
})

const runOf = (runId: string): ReadRun => ({ ...bench, runId })

async function idsOf(runId: string): Promise<string[]> {
  const ids: string[] = []
  for await (const { id } of readRecords(runOf(runId), 'problems', 'Problem', SIGNAL)) ids.push(id)
  return ids
}

describe('readRecords', () => {
  it('gives the run’s records in order and passes over those of others', async () => {
    await bench.fill('problems', 'mine', [0, 1])
    await bench.fill('problems', 'theirs', [7])
    await bench.fill('problems', 'mine', [2])
    assert.deepEqual(await idsOf('mine'), ['p0', 'p1', 'p2'])
    assert.deepEqual(await idsOf('theirs'), ['p7'])
    assert.deepEqual(await idsOf('nobody'), [])
  })

  it('does not even decode what is others’, and passes over what is no record', async () => {
    const before = await idsOf('mine')
    const topic = topicFor('problems', bench.revision)
    await bench.sender.send([
      { topic, key: 'x', value: Buffer.from('no Avro'), headers: { 'magpie.run': 'broken', 'magpie.revision': 'x' } },
    ])
    assert.deepEqual(await idsOf('mine'), before)
    assert.deepEqual(await idsOf('broken'), [])
  })

  it('reads the topic of the run’s revision only', async () => {
    const { connection } = bench
    const revision = bench.name('other')
    await ensureTopics(connection, { revision, names: ['problems'], topics: CONFIG.kafka.topics })
    const elsewhere = readRecords({ ...runOf('mine'), revision }, 'problems', 'Problem', SIGNAL)
    for await (const { id } of elsewhere) assert.fail(`read ${id}`)
  })
})

describe('keysOf', () => {
  it('counts a repeat once, and nothing of others', async () => {
    await bench.fill('sft', 'counted', [0, 1, 1, 2, 0])
    await bench.fill('sft', 'other', [3, 4])
    assert.equal((await keysOf(runOf('counted'), 'sft', SIGNAL)).size, 3)
    assert.equal((await keysOf(runOf('other'), 'sft', SIGNAL)).size, 2)
    assert.equal((await keysOf(runOf('nobody'), 'sft', SIGNAL)).size, 0)
  })
})
