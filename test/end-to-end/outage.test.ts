// A model server that is not there: the run says so, waits, goes on when it is back, and loses nothing.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Front } from '../../local/engine/front.ts'
import { freePort } from '../../local/ports.ts'
import type { Workshop } from '../support/end-to-end.ts'
import { idsOf, logOf, openWorkshop, runName, simulatedConfig, sorted } from '../support/end-to-end.ts'
import { until } from '../support/stream.ts'

const TOTAL = 40

describe('a model server that is down', () => {
  let workshop: Workshop
  before(async () => {
    workshop = await openWorkshop()
  })
  after(async () => {
    await workshop.close()
  })

  const answered = (front: Front): number => front.stats().routes['/v1/chat/completions']?.answered ?? 0

  it('is waited for at the start and in the middle, and nothing is lost', async () => {
    const name = runName('outage')
    const port = await freePort()
    const command = workshop.magpie(
      ['run', '-c', simulatedConfig, '--run', name, '--total', String(TOTAL), '--out', 'out'],
      { SIMULATOR_PORT: String(port) },
    )
    const url = `http://127.0.0.1:${port}`
    await command.says(new RegExp(`Waiting for the model server ${url}`))
    await command.says(/40 problems wanted/)
    const first = await workshop.serve({ port, slots: 8, medianMs: 100 })
    await until(
      () => answered(first) > 60,
      () => command.said(),
      180,
    )
    const saidBefore = command.said().length
    await first.close()
    await until(
      () => new RegExp(`Waiting for the model server ${url}`).test(command.said().slice(saidBefore)),
      () => command.said(),
      180,
    )
    await workshop.serve({ port })
    const { code, error } = await command.ended
    assert.equal(code, 0, error)
    assert.match(command.said().slice(saidBefore), new RegExp(`The model server ${url}.* is back`))

    const log = await logOf(workshop, name)
    assert.deepEqual(log.dead, [])
    assert.equal(log.problems.length, TOTAL)
    const refused = new Set(log.rejections.map(({ problemId: id }) => id))
    const accepted = new Set([...log.sft, ...log.preferences].map(({ problemId: id }) => id))
    assert.deepEqual(sorted([...refused, ...accepted]), idsOf(log.problems))
    for (const { rewards } of log.rewarded)
      assert.ok(
        rewards.every(({ error: fault }) => fault === null || fault === 'incomplete'),
        JSON.stringify(rewards),
      )
  })
})
