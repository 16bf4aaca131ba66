// Two workers beside the leader of a run come and go all the time: one after a SIGTERM, the other by kill -9.

import type { Scenario } from '../scenario.ts'

const TOTAL = 120
const ROUNDS = 4
/** Answered calls between a coming and a going. */
const STRIDE = 30
const SHARED = ['screen', 'answer', 'sample', 'verify', 'reward', 'curate'] as const

export const comingAndGoing: Scenario = {
  fault: 'two workers that join and leave all the time',
  form: 'long',
  broker: 'shared',
  async play(ground) {
    const runId = ground.name('coming-and-going')
    const simulator = await ground.simulator({ slots: 16, latencyMs: 150 })
    const start = (parts?: readonly string[]) =>
      ground.run({ runId, total: TOTAL, simulator, limit: 8, ...(parts && { parts }) })
    const leader = start()
    await ground.answered(10, leader)
    const next = () => ground.answered(simulator.paid().answered + STRIDE, leader)
    for (let round = 0; round < ROUNDS; round += 1) {
      // A coming is a strike too: what moves to the new member may be paid again.
      await ground.strikes.note()
      const polite = start(SHARED)
      await polite.says(/This process runs/)
      await next()
      await ground.strikes.note()
      const doomed = start(SHARED)
      await doomed.says(/This process runs/)
      await next()
      await ground.strikes.note()
      polite.signal('SIGTERM')
      await ground.ended(polite, 130)
      await ground.strikes.kill([doomed])
    }
    await ground.ended(leader)
    return { runId, total: TOTAL }
  },
}
