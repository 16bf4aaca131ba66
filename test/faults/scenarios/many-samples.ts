// kill -9 in the middle of records with 64 slow samples each: the samples that have an answer wait in the journal.

import type { Scenario } from '../scenario.ts'

const TOTAL = 8
const SAMPLES = 64
/** Answered calls at which the worker dies; there are more than 500. */
const MOMENTS = [100, 250, 400]

export const manySamples: Scenario = {
  fault: 'kill -9 in the middle of 64 slow samples',
  form: 'long',
  broker: 'shared',
  async play(ground) {
    const runId = ground.name('many-samples')
    const simulator = await ground.simulator({ slots: 32, latencyMs: 1000 })
    const start = () => ground.run({ runId, total: TOTAL, simulator, samples: SAMPLES })
    for (const moment of MOMENTS) {
      const worker = start()
      await ground.answered(moment, worker)
      await ground.strikes.kill([worker])
    }
    await ground.ended(start())
    return { runId, total: TOTAL }
  },
}
