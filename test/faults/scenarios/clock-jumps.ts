// The wall clock of a run's process is set forward by six hours and back by twelve in the middle of its work, and forward
// again: nothing that it does may depend on that.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Scenario } from '../scenario.ts'

const TOTAL = 60
const STRIDE = 60
const HOUR_MS = 3_600_000
const SHIFTS = [6 * HOUR_MS, -6 * HOUR_MS, 6 * HOUR_MS, 0]
/** Longer than the interval of the heartbeats, so that one falls under each shift. */
const UNDER_MS = 4000

export const clockJumps: Scenario = {
  fault: 'the clock is set forward and back by hours',
  form: 'long',
  broker: 'shared',
  mayRepeat: false,
  async play(ground) {
    const runId = ground.name('clock-jumps')
    const simulator = await ground.simulator({ slots: 6, latencyMs: 150 })
    const file = join(ground.workshop.folder, 'clock')
    const preload = join(import.meta.dirname, '..', 'shifted-clock.ts')
    writeFileSync(file, '0')
    const environment = { NODE_OPTIONS: `--import ${preload}`, MAGPIE_CLOCK_FILE: file }
    const worker = ground.run({ runId, total: TOTAL, simulator, environment, more: ['--max-hours', '3'] })
    for (const shift of SHIFTS) {
      await ground.answered(simulator.paid().answered + STRIDE, worker)
      writeFileSync(file, `${shift}`)
      await ground.strikes.note()
      await ground.strikes.over()
      await wait(UNDER_MS)
    }
    await ground.ended(worker)
    return { runId, total: TOTAL }
  },
}
