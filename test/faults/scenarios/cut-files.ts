// No file of the run's process may grow over a few kilobytes for a while, so that what its database, its data files and
// its log write is cut off in the middle. The database does not notice by itself (docs/decisions/0016).

import { spawnSync } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { until } from '../../support/stream.ts'
import type { Scenario } from '../scenario.ts'

const TOTAL = 80
const STRIDE = 60
const TIMES = 2
const CUT_MS = 5000

export const cutFiles: Scenario = {
  fault: 'the operating system cuts off what database, data files and log write',
  form: 'long',
  broker: 'shared',
  mayRepeat: false,
  unable: () => (spawnSync('prlimit', ['--version']).status === 0 ? null : 'the limit is set by prlimit (util-linux)'),
  async play(ground) {
    const runId = ground.name('cut-files')
    const simulator = await ground.simulator({ slots: 8, latencyMs: 100 })
    const worker = ground.run({ runId, total: TOTAL, simulator })
    const limit = (bytes: string): void => {
      spawnSync('prlimit', ['--pid', `${worker.pid}`, `--fsize=${bytes}:unlimited`])
    }
    for (let time = 0; time < TIMES; time += 1) {
      await ground.answered(simulator.paid().answered + STRIDE, worker)
      const from = worker.said().length
      limit('4096')
      await ground.strikes.note()
      await until(
        // A few rows fit into a part of the database even so; then it is the data files that are cut.
        () => /Waiting for (ClickHouse|JSON files)/.test(worker.said().slice(from)),
        () => worker.said(),
        180,
      )
      await wait(CUT_MS)
      limit('unlimited')
      await ground.strikes.over()
    }
    await ground.ended(worker)
    return { runId, total: TOTAL }
  },
}
