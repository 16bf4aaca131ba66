// SIGSTOP of a worker for longer than its session: another one takes over what it had, finishes it, and then the first
// wakes up with its answers, its outputs and its commits.

import assert from 'node:assert/strict'
import { groupOf } from '../../../pipeline.ts'
import type { Running } from '../../support/end-to-end.ts'
import { until } from '../../support/stream.ts'
import type { Ground } from '../ground.ts'
import type { Scenario } from '../scenario.ts'

const TOTAL = 60
/** What the two workers share; the rest is the leader's. */
const SHARED = ['answer', 'sample', 'verify', 'reward'] as const
const LEADERS = ['produce', 'screen', 'curate', 'clickhouse', 'json'] as const
/** Longer than a session, which is 45 s. */
const SESSION_SECONDS = 120

export const stoppedWorker: Scenario = {
  fault: 'SIGSTOP of a worker past its session, then SIGCONT',
  form: 'long',
  broker: 'shared',
  async play(ground) {
    const runId = ground.name('stopped')
    const simulator = await ground.simulator({ slots: 16, latencyMs: 300 })
    const start = (parts: readonly string[]) => ground.run({ runId, total: TOTAL, simulator, parts, limit: 8 })
    const leader = start(LEADERS)
    const stopped = start(SHARED)
    await ground.answered(60, leader)
    const other = start(SHARED)
    await members(ground, runId, 2, other)
    await ground.answered(simulator.paid().answered + 20, leader)
    stopped.signal('SIGSTOP')
    await ground.strikes.note()
    await members(ground, runId, 1, other)
    const before = simulator.paid().answered
    await ground.answered(before + 60, leader)
    stopped.signal('SIGCONT')
    await ground.strikes.over()
    await Promise.all([leader, stopped, other].map((each) => ground.ended(each)))
    assert.ok(simulator.paid().answered > before + 60, 'it woke up while there was still something to do')
    return { runId, total: TOTAL }
  },
}

/** Resolves when the sampling group has so many members. */
async function members({ workshop }: Ground, runId: string, count: number, worker: Running): Promise<void> {
  const group = groupOf(runId, 'main', 'sample')
  await until(
    async () => {
      const { groups } = await workshop.connection.ask('reading a group', (admin) => admin.describeGroups([group]))
      return groups[0]?.members.length === count && groups[0].state === 'Stable'
    },
    () => `the group has not come to ${count} members:\n${worker.said()}`,
    SESSION_SECONDS,
  )
}
