// kill -9 of the broker in the middle of a run, twice: the run says so and waits, the broker is started again, the run
// says so and goes on.

import { processIsAlive } from '../../../stream/process-alive.ts'
import { until } from '../../support/stream.ts'
import type { Scenario } from '../scenario.ts'

const TOTAL = 60
const KILLS = 2
/** Calls that are answered between a broker's start and its death. */
const STRIDE = 80

export const killBroker: Scenario = {
  fault: 'kill -9 of the broker and a restart',
  form: 'long',
  broker: 'own',
  async play(ground) {
    const runId = ground.name('kill-broker')
    const simulator = await ground.simulator({ slots: 8, latencyMs: 100 })
    const worker = ground.run({ runId, total: TOTAL, simulator })
    const says = async (pattern: RegExp, from: number): Promise<void> => {
      await until(
        () => pattern.test(worker.said().slice(from)),
        () => `not said: ${String(pattern)}\n${worker.said()}`,
        180,
      )
    }
    for (let kill = 0; kill < KILLS; kill += 1) {
      await ground.answered(simulator.paid().answered + STRIDE, worker)
      const pid = await ground.brokerPid()
      const saidBefore = worker.said().length
      process.kill(pid, 'SIGKILL')
      await ground.strikes.note()
      await until(() => !processIsAlive(pid))
      await says(/Waiting for Kafka/, saidBefore)
      const words = ['services', 'up', '--only', 'kafka', '--state', ground.stateDir]
      await ground.ended(ground.workshop.magpie(words))
      await ground.strikes.over()
      await says(/Kafka is back/, saidBefore)
    }
    await ground.ended(worker)
    return { runId, total: TOTAL }
  },
}
