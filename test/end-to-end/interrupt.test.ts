// Ctrl-C: a clean drain with exit code 130, and the next start goes on where it stopped; a second one ends at once;
// one that comes while things are still being set up ends as well.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import type { Front } from '../../local/engine/front.ts'
import { freePort } from '../../local/ports.ts'
import { problemId } from '../../schemas/ids.ts'
import type { Workshop } from '../support/end-to-end.ts'
import { idsOf, logOf, openWorkshop, query, runName, simulatedConfig, sorted } from '../support/end-to-end.ts'
import { until } from '../support/stream.ts'

const TOTAL = 60
/** Ten seconds on an idle machine. */
const DRAIN_MS = 30_000

describe('Ctrl-C', () => {
  let workshop: Workshop
  before(async () => {
    workshop = await openWorkshop()
  })
  after(async () => {
    await workshop.close()
  })

  const run = (name: string, url: string, more: readonly string[] = []) =>
    workshop.magpie(['run', '-c', simulatedConfig, '--run', name, '--total', String(TOTAL), '--out', name, ...more], {
      SIMULATOR_PORT: new URL(url).port,
    })
  const answered = (front: Front): number => front.stats().routes['/v1/chat/completions']?.answered ?? 0
  /** What the table of runs says. */
  const stateOf = async (name: string): Promise<string | undefined> => {
    const sql = `SELECT state FROM runs FINAL WHERE run_id = '${name}'`
    return (await query<{ state: string }>(workshop, sql))[0]?.state
  }

  it('drains soon, and the next start finishes what is left', async () => {
    const name = runName('interrupt-once')
    const front = await workshop.serve({ slots: 16, medianMs: 100 })
    const first = run(name, front.url)
    await until(
      () => answered(front) > 60,
      () => first.said(),
      180,
    )
    const since = performance.now()
    first.signal('SIGINT')
    const ended = await first.ended
    assert.equal(ended.code, 130, first.said())
    assert.ok(performance.now() - since < DRAIN_MS)
    assert.match(ended.error, /Stopping: /)
    assert.match(ended.error, /is stopped and nothing is lost/)
    assert.ok(answered(front) < 9 * TOTAL, 'it was stopped before its end')
    // What was drained is in the tables too: the sinks wrote what they held.
    assert.equal(await stateOf(name), 'stopped')

    const second = run(name, front.url)
    assert.equal((await second.ended).code, 0, second.said())
    assert.match(second.said(), /goes on where it stopped/)
    const log = await logOf(workshop, name)
    assert.deepEqual(
      idsOf(log.problems),
      sorted(Array.from({ length: TOTAL }, (_, index) => problemId(name, Math.floor(index / 4), index % 4))),
    )
    assert.equal(log.problems.length, TOTAL)
    assert.deepEqual(log.dead, [])
    const refused = new Set(log.rejections.map(({ problemId: id }) => id))
    const accepted = new Set([...log.sft, ...log.preferences].map(({ problemId: id }) => id))
    assert.deepEqual(sorted([...refused, ...accepted]), idsOf(log.problems))
  })

  it('stops a run that has nothing to do, because its model server is down', async () => {
    const name = runName('interrupt-idle')
    const command = run(name, `http://127.0.0.1:${await freePort()}`)
    await command.says(/Waiting for the model server/)
    await command.says(/60 problems wanted/)
    command.signal('SIGINT')
    const { code, error } = await command.ended
    assert.equal(code, 130, command.said())
    assert.match(error, /is stopped and nothing is lost/)
    assert.deepEqual((await logOf(workshop, name)).problems, [])
    assert.equal(await stateOf(name), 'stopped')
  })

  it('ends at once the second time', async () => {
    // Calls that take a minute: a drain would wait for them as long as it may.
    const front = await workshop.serve({ slots: 64, medianMs: 60_000 })
    const command = run(runName('interrupt-twice'), front.url)
    await until(
      () => front.stats().running > 0,
      () => command.said(),
      180,
    )
    command.signal('SIGINT')
    await command.says(/Press Ctrl-C again/)
    command.signal('SIGINT')
    const { code, error } = await command.ended
    assert.equal(code, 130)
    assert.doesNotMatch(error, /is stopped and nothing is lost/)
  })

  it('ends a run that is still being set up', async () => {
    const silent = createServer()
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    try {
      const command = run(runName('interrupt-early'), `http://127.0.0.1:${(silent.address() as AddressInfo).port}`)
      await once(silent, 'request')
      command.signal('SIGINT')
      const { code, error } = await command.ended
      assert.equal(code, 130, command.said())
      assert.doesNotMatch(error, /unexpected|error/i)
    } finally {
      silent.closeAllConnections()
      silent.close()
    }
  })

  it('ends a process that waits for a run to be started elsewhere', async () => {
    const front = await workshop.serve()
    const command = run(runName('interrupt-waiting'), front.url, ['--stages', 'answer,sample'])
    await command.says(/has not been started/)
    command.signal('SIGINT')
    assert.equal((await command.ended).code, 130, command.said())
  })

  it('ends the simulator', async () => {
    const simulator = workshop.magpie(['simulate', '--port', '0'])
    await simulator.says(/ready at/)
    simulator.signal('SIGINT')
    assert.equal((await simulator.ended).code, 130)
  })
})
