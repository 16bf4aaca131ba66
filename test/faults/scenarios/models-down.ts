// The only model server is not there when the run starts, dies in the middle, and dies slowly: it hangs first, with all
// requests in it, and is killed after a while.

import { setTimeout as wait } from 'node:timers/promises'
import { until } from '../../support/stream.ts'
import type { Scenario } from '../scenario.ts'

const TOTAL = 60
const STRIDE = 80
const DOWN_MS = 4000

export const modelsDown: Scenario = {
  fault: 'all model servers are down: at the start, in the middle, and after hanging',
  form: 'long',
  broker: 'shared',
  async play(ground) {
    const runId = ground.name('models-down')
    const simulator = await ground.simulator({ slots: 8, latencyMs: 100 })
    await ground.strikes.kill([simulator.process()])
    const worker = ground.run({ runId, total: TOTAL, simulator })
    const says = async (pattern: RegExp, from: number): Promise<void> => {
      await until(
        () => pattern.test(worker.said().slice(from)),
        () => `not said: ${String(pattern)}\n${worker.said()}`,
        120,
      )
    }
    await says(/Waiting for the model server/, 0)
    await simulator.startAgain()
    await says(/The model server .* is back/, 0)
    for (const isSlow of [false, true]) {
      await ground.answered(simulator.paid().answered + STRIDE, worker)
      const from = worker.said().length
      if (isSlow) {
        await ground.strikes.note()
        const hanging = simulator.process()
        hanging.signal('SIGSTOP')
        await wait(DOWN_MS)
        hanging.signal('SIGKILL')
        await hanging.ended
      } else {
        await ground.strikes.kill([simulator.process()])
      }
      await says(/Waiting for the model server/, from)
      await wait(DOWN_MS)
      await simulator.startAgain()
      await says(/The model server .* is back/, from)
    }
    await ground.ended(worker)
    return { runId, total: TOTAL }
  },
}
