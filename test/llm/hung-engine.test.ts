// An engine that hangs (it accepts calls, its port and /health are well, nothing is generated) over real HTTP: found by
// its silence and a small call that stays away, its calls are answered elsewhere, and it is taken back when it answers.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { roleConfig } from '../../llm/config.ts'
import type { Llm } from '../../llm/contract.ts'
import { defaultHealth } from '../../llm/health.ts'
import { createLlm } from '../../llm/llm.ts'
import { type Front, startFront } from '../../local/engine/front.ts'
import { createInvented } from '../../local/engine/invented.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { until } from '../support/stream.ts'

const CALLS = 12

describe('an engine that hangs', () => {
  const signal = new AbortController().signal
  let fronts: Front[]
  let llm: Llm
  before(async () => {
    const start = (): Promise<Front> =>
      startFront({ engine: createInvented(), port: 0, slots: CALLS, log: silentLogger, anyModel: true })
    fronts = [await start(), await start()]
    llm = createLlm({
      roles: { sampler: roleConfig.parse({ endpoints: fronts.map(({ url }) => ({ url })), model: 'm' }) },
      rewarders: {},
      log: silentLogger,
      health: { ...defaultHealth, canaryMs: 500, longestProbeMs: 1_000 },
      liveness: { stallMs: 1_000, firstAnswerMs: 1_000 },
    })
  })
  after(async () => {
    await llm.close()
    for (const front of fronts) await front.close()
  })

  const ask = (seed: number): ReturnType<Llm['complete']> =>
    llm.complete(
      { input: { messages: [{ role: 'user', content: `What is ${seed} + 1?` }] }, seed },
      { role: 'sampler', signal, rank: 1 },
    )
  const isHealthy = ({ url }: Front): boolean => llm.state().endpoints.find((each) => each.url === url)!.healthy

  test('is found, its calls are moved, and it comes back when it generates again', async () => {
    const [hung, well] = fronts as [Front, Front]
    hung.hang()
    const answers = (await Promise.all(Array.from({ length: CALLS }, (_, seed) => ask(seed)))).flat()
    const moved = answers.filter(({ generation }) => generation.attempts > 1)
    assert.ok(moved.length > 0, 'calls were waiting at the engine that hangs')
    assert.deepEqual(new Set(answers.map(({ generation }) => generation.endpoint)), new Set([well.url]))
    assert.equal(isHealthy(hung), false)
    assert.match(
      llm.state().endpoints.find(({ url }) => url === hung.url)?.lastError ?? '',
      /nothing came from it for \d+ s with \d+ in flight; a small call did not answer within 500 ms/,
    )
    assert.equal(hung.stats().running, 0, 'what was given up there was broken off')

    await hung.revive()
    await until(() => isHealthy(hung))
    const before = hung.stats().total.answered
    await Promise.all(Array.from({ length: CALLS }, (_, seed) => ask(100 + seed)))
    assert.ok(hung.stats().total.answered > before)
  })
})
