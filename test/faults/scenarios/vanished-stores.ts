// kill -9 of a run, and its database and its data files are taken away before it is started again: both are filled again
// from the topics, and no model is asked again for it.

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { OUT } from '../ground.ts'
import type { Scenario } from '../scenario.ts'

const TOTAL = 40
const STRIDE = 200

export const vanishedStores: Scenario = {
  fault: 'database and data files are deleted between two starts',
  form: 'long',
  broker: 'shared',
  async play(ground) {
    const runId = ground.name('vanished-stores')
    const simulator = await ground.simulator({ slots: 8, latencyMs: 100 })
    const first = ground.run({ runId, total: TOTAL, simulator })
    await ground.answered(STRIDE, first)
    await ground.strikes.kill([first])
    await rm(join(ground.stateDir, 'clickhouse'), { recursive: true })
    await rm(join(ground.workshop.folder, OUT), { recursive: true })
    const second = ground.run({ runId, total: TOTAL, simulator })
    await second.says(/ClickHouse: what this run wrote there is missing/)
    await second.says(/JSON files: what this run wrote there is missing/)
    await ground.ended(second)
    return { runId, total: TOTAL }
  },
}
