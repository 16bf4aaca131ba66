// SIGTERM, and Ctrl-C pressed twice, while each stage in turn is the last that is at work: the worker has all stages up
// to it, and the moment is when the first record has come out of it. The leader, which has the producer and the sinks,
// gets both as well. What is said: 130, and after a SIGTERM that nothing is lost.

import assert from 'node:assert/strict'
import { topicFor } from '../../../schemas/topics.ts'
import type { TopicName } from '../../../schemas/topics.ts'
import { messagesOf } from '../../support/end-to-end.ts'
import type { Running } from '../../support/end-to-end.ts'
import { until } from '../../support/stream.ts'
import type { Ground } from '../ground.ts'
import type { Scenario } from '../scenario.ts'

const TOTAL = 60
const ENDS = ['produce', 'clickhouse', 'json'] as const
/** Stages of the config with what comes out of them. */
const WAY = [
  ['screen', 'screened'],
  ['answer', 'answered'],
  ['sample', 'sampled'],
  ['verify', 'verified'],
  ['reward', 'rewarded'],
  ['curate', 'sft'],
] as const satisfies readonly (readonly [string, TopicName])[]

export const signals: Scenario = {
  fault: 'SIGTERM and a double Ctrl-C at every stage',
  form: 'long',
  broker: 'shared',
  async play(ground) {
    const runId = ground.name('signals')
    const simulator = await ground.simulator({ slots: 8, latencyMs: 200 })
    const start = (parts: readonly string[]) => ground.run({ runId, total: TOTAL, simulator, parts, limit: 8 })
    const out = async (topic: TopicName): Promise<number> => (await messagesOf(ground.workshop, runId, topic)).length
    const comesOut = async (topic: TopicName, count: number, by: Running): Promise<void> => {
      const over = { ended: false }
      void by.ended.then(() => (over.ended = true))
      await until(
        async () => over.ended || (await out(topic)) >= count,
        () => `${topicFor(topic, 'main')} has not come to ${count}:\n${by.said()}`,
        180,
      )
    }

    let leader = start(ENDS)
    await comesOut('problems', 4, leader)
    await politely(ground, leader)
    leader = start(ENDS)
    await comesOut('problems', 8, leader)
    await twice(ground, leader)
    leader = start(ENDS)

    const parts: string[] = []
    for (const [stage, topic] of WAY) {
      parts.push(stage)
      for (const end of [politely, twice]) {
        const before = await out(topic)
        const worker = start(parts)
        await comesOut(topic, before + 1, worker)
        await end(ground, worker)
      }
    }
    const last = start(parts)
    await Promise.all([leader, last].map((each) => ground.ended(each)))
    return { runId, total: TOTAL }
  },
}

async function politely(ground: Ground, worker: Running): Promise<void> {
  await ground.strikes.note()
  worker.signal('SIGTERM')
  await ground.ended(worker, 130)
  assert.match(worker.said(), /is stopped and nothing is lost/)
}

async function twice(ground: Ground, worker: Running): Promise<void> {
  await ground.strikes.note()
  worker.signal('SIGINT')
  await worker.says(/Press Ctrl-C again/)
  worker.signal('SIGINT')
  await ground.ended(worker, 130)
}
