// A disk that fills up under the database, the data files and the log, twice: the run says what it waits for, takes no more
// memory meanwhile than its queues hold, and goes on when there is room.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { until } from '../../support/stream.ts'
import { smallDisk, whyNoSmallDisk } from '../small-disk.ts'
import type { Scenario } from '../scenario.ts'

const MEBIBYTE = 2 ** 20
const TOTAL = 80
const STRIDE = 60
/** So long the full disk stays full after the run has said so, milliseconds. */
const FULL_MS = 5000
/** So much more memory a waiting run may take: what its queues hold, and what the collector leaves lying. */
const GROWTH = 200 * MEBIBYTE

export const fullDisk: Scenario = {
  fault: 'the disk of database, data files and log is full',
  form: 'long',
  broker: 'shared',
  mayRepeat: false,
  unable: whyNoSmallDisk,
  async play(ground) {
    const runId = ground.name('full-disk')
    const disk = smallDisk(ground.stateDir, 192 * MEBIBYTE)
    try {
      const simulator = await ground.simulator({ slots: 8, latencyMs: 100 })
      const out = join('.magpie', 'out')
      const worker = ground.run({ runId, total: TOTAL, simulator, out })
      const says = async (pattern: RegExp, from: number): Promise<void> => {
        await until(
          () => pattern.test(worker.said().slice(from)),
          () => `not said: ${String(pattern)}\n${worker.said()}`,
          180,
        )
      }
      // First too little room for the database, then none for anybody.
      for (const [free, waiting] of [
        [16 * MEBIBYTE, /Waiting for ClickHouse .*make room/],
        [0, /Waiting for JSON files .*make room/],
      ] as const) {
        await ground.answered(simulator.paid().answered + STRIDE, worker)
        const from = worker.said().length
        disk.fill(free)
        await says(waiting, from)
        await ground.strikes.note()
        const before = residentBytes(worker.pid)
        await wait(FULL_MS)
        const growth = residentBytes(worker.pid) - before
        if (growth > GROWTH) throw new Error(`it grew by ${Math.round(growth / MEBIBYTE)} MiB while it waited`)
        disk.empty()
        await ground.strikes.over()
        await says(/ClickHouse is back/, from)
      }
      await ground.ended(worker)
      return { runId, total: TOTAL, out }
    } finally {
      ground.onClose(() => {
        disk.unmount()
      })
    }
  },
}

/** Memory of a process, bytes. */
function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}
