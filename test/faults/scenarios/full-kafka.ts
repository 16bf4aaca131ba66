// The disk under the broker's log fills up: the broker ends itself, the run says that it waits for Kafka, and goes on when
// there is room and the broker was started again.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { processIsAlive } from '../../../stream/process-alive.ts'
import { until } from '../../support/stream.ts'
import { smallDisk, whyNoSmallDisk } from '../small-disk.ts'
import type { Scenario } from '../scenario.ts'

const TOTAL = 60
const STRIDE = 120

export const fullKafka: Scenario = {
  fault: "the disk of the broker's log is full",
  form: 'long',
  broker: 'own',
  unable: whyNoSmallDisk,
  async play(ground) {
    const runId = ground.name('full-kafka')
    const up = ['services', 'up', '--only', 'kafka', '--state', ground.stateDir]
    await ground.ended(ground.workshop.magpie(['services', 'down', '--only', 'kafka', '--state', ground.stateDir]))
    const disk = smallDisk(join(ground.stateDir, 'kafka', 'data'), 256 * 2 ** 20)
    ground.onClose(() => {
      spawnSync('sync')
      disk.unmount()
    })
    await ground.ended(ground.workshop.magpie(up))
    const simulator = await ground.simulator({ slots: 8, latencyMs: 100 })
    const worker = ground.run({ runId, total: TOTAL, simulator })
    await ground.answered(STRIDE, worker)
    const broker = await ground.brokerPid()
    const from = worker.said().length
    disk.fill(0)
    await ground.strikes.note()
    await until(
      () => !processIsAlive(broker) && /Waiting for Kafka/.test(worker.said().slice(from)),
      () => `the broker is ${processIsAlive(broker) ? 'alive' : 'gone'}\n${worker.said()}`,
      120,
    )
    disk.empty()
    await ground.ended(ground.workshop.magpie(up))
    await ground.strikes.over()
    await ground.ended(worker)
    return { runId, total: TOTAL }
  },
}
