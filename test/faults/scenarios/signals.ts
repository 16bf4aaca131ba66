// SIGTERM, and Ctrl-C pressed twice, at every stage: one worker with that stage alone, once its calls are held by an
// engine that hangs, where the stage has calls, else once its first record has come out. The leader, which has the
// producer and the sinks, gets both as well. What is said: 130, and after a SIGTERM that nothing is lost.

import assert from 'node:assert/strict'
import type { StageName } from '../../../pipeline.ts'
import { lagOf } from '../../../pipeline/standing.ts'
import type { TopicName } from '../../../schemas/topics.ts'
import { messagesOf } from '../../support/end-to-end.ts'
import type { Running } from '../../support/end-to-end.ts'
import { until } from '../../support/stream.ts'
import type { Ground } from '../ground.ts'
import type { Scenario } from '../scenario.ts'
import type { Simulator } from '../simulator.ts'

const TOTAL = 40
const ENDS = ['produce', 'clickhouse', 'json'] as const
const ASKS: ReadonlySet<string> = new Set(['answer', 'sample', 'reward'])
/** Stages of the config with what they read and write. */
const WAY = [
  ['screen', 'problems', 'screened'],
  ['answer', 'screened', 'answered'],
  ['sample', 'answered', 'sampled'],
  ['verify', 'sampled', 'verified'],
  ['reward', 'verified', 'rewarded'],
  ['curate', 'rewarded', 'sft'],
] as const satisfies readonly (readonly [StageName, TopicName, TopicName])[]

export const signals: Scenario = {
  fault: 'SIGTERM and a double Ctrl-C at every stage',
  form: 'long',
  broker: 'shared',
  async play(ground) {
    const runId = ground.name('signals')
    const simulator = await ground.simulator({ slots: 8, latencyMs: 100 })
    const start = (...parts: readonly string[]) => ground.run({ runId, total: TOTAL, simulator, parts, limit: 8 })
    const { workshop } = ground
    const out = async (topic: TopicName): Promise<number> => (await messagesOf(workshop, runId, topic)).length
    const waits = (part: StageName, topic: TopicName): Promise<number> =>
      lagOf({ connection: workshop.connection, runId, revision: 'main' }, { part, topics: [topic] })

    let leader = start(...ENDS)
    for (const end of [politely, twice]) {
      await held(simulator, leader, () => end(ground, leader))
      leader = start(...ENDS)
    }
    await comes(async () => (await out('problems')) >= TOTAL, leader)

    for (const [stage, from, to] of WAY) {
      for (const end of [politely, twice]) {
        const worker = start(stage)
        if (ASKS.has(stage)) await held(simulator, worker, () => end(ground, worker))
        else {
          // What is quick may be through with all before the second one has begun.
          const before = await out(to)
          await comes(async () => (await out(to)) > before || (await waits(stage, from)) === 0, worker)
          await worker.says(/This process runs/)
          await end(ground, worker)
        }
      }
      const last = start(stage)
      await last.says(/This process runs/)
      await comes(async () => (await waits(stage, from)) === 0, last)
      // With the last stage the run is through, and all that is left of it ends by itself.
      if (stage !== 'curate') await politely(ground, last, false)
      else await ground.ended(last)
    }
    await ground.ended(leader)
    return { runId, total: TOTAL }
  },
}

/** Does something while calls of this process wait for an engine that hangs. */
async function held(simulator: Simulator, by: Running, act: () => Promise<void>): Promise<void> {
  await simulator.control('hang', {})
  await comes(async () => (await simulator.stats()).inFlight > 0, by)
  await act()
  await simulator.control('hang', { forMs: 0 })
}

async function comes(condition: () => Promise<boolean>, by: Running): Promise<void> {
  const over = { ended: false }
  void by.ended.then(() => (over.ended = true))
  await until(
    async () => over.ended || (await condition()),
    () => by.said(),
    180,
  )
}

async function politely(ground: Ground, worker: Running, isStrike = true): Promise<void> {
  if (isStrike) await ground.strikes.note()
  worker.signal('SIGTERM')
  await ground.ended(worker, 130)
  assert.match(worker.said(), /is stopped and nothing is lost|has left run .*; nothing is lost/)
}

async function twice(ground: Ground, worker: Running): Promise<void> {
  await ground.strikes.note()
  worker.signal('SIGINT')
  await worker.says(/Press Ctrl-C again/)
  worker.signal('SIGINT')
  await ground.ended(worker, 130)
}
