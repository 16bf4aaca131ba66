// Two processes want to lead one run: the one that comes later, and of two that come at the same moment one, is refused
// with the number and the host of the first.

import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import type { Running } from '../../support/end-to-end.ts'
import type { Scenario } from '../scenario.ts'

const TOTAL = 40
const TIMES = 2

export const twoRuns: Scenario = {
  fault: 'a second run of the same name',
  form: 'long',
  broker: 'shared',
  mayRepeat: false,
  async play(ground) {
    const runId = ground.name('two-runs')
    const simulator = await ground.simulator({ slots: 8, latencyMs: 100 })
    const start = () => ground.run({ runId, total: TOTAL, simulator })
    const twins = [start(), start()]
    const refused = await Promise.race(twins.map((twin) => twin.ended.then(() => twin)))
    const leader = twins.find((twin) => twin !== refused)!
    await assertRefused(refused, leader)
    for (let time = 0; time < TIMES; time += 1) {
      await ground.answered(simulator.paid().answered + 20, leader)
      await ground.strikes.note()
      const late = start()
      await late.ended
      await assertRefused(late, leader)
      await ground.strikes.over()
    }
    await ground.ended(leader)
    return { runId, total: TOTAL }
  },
}

async function assertRefused(refused: Running, leader: Running): Promise<void> {
  const { code, error } = await refused.ended
  assert.equal(code, 2, `the second one ended with ${code}:\n${error}`)
  assert.ok(error.includes(String(leader.pid)), `the process ${leader.pid} is not named:\n${error}`)
  assert.ok(error.includes(hostname()), `the host is not named:\n${error}`)
}
