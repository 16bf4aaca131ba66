// As a power cut: kill -9 of the worker (ClickHouse is in it), the broker and the simulator at the same moment, during
// the run's first calls and in its middle; then all of it is started again.

import { processIsAlive } from '../../../stream/process-alive.ts'
import { until } from '../../support/stream.ts'
import type { Scenario } from '../scenario.ts'

const TOTAL = 40
/** Answered calls between a start and the cut. */
const STRIDES = [5, 90]

export const powerCut: Scenario = {
  fault: 'kill -9 of everything at the same time',
  form: 'both',
  broker: 'own',
  async play(ground) {
    const runId = ground.name('power-cut')
    const simulator = await ground.simulator({ slots: 8, latencyMs: 100 })
    const start = () => ground.run({ runId, total: TOTAL, simulator })
    for (const stride of STRIDES) {
      const worker = start()
      await ground.answered(simulator.paid().answered + stride, worker)
      const broker = await ground.brokerPid()
      await ground.strikes.kill([worker, simulator.process()], [broker])
      await until(() => !processIsAlive(broker))
      await simulator.startAgain()
    }
    await ground.ended(start())
    return { runId, total: TOTAL }
  },
}
