// What llm/ does when an engine is lost with work in flight: the call is done elsewhere, once, and nobody waits for ever.
// `lost` is an engine that can be ended from outside, `other` one that serves the same model name.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../llm/clock.ts'
import { roleConfig } from '../../llm/config.ts'
import type { Completion, Llm } from '../../llm/contract.ts'
import { createEngineClient, type EngineClient } from '../../llm/engine-client.ts'
import { defaultHealth } from '../../llm/health.ts'
import { createLlm } from '../../llm/llm.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { callOf } from './engine-contract.ts'
import { until } from './engine-load-contract.ts'

export interface LostPair {
  readonly model: string
  readonly lost: { readonly url: string; signal(name: 'SIGTERM' | 'SIGKILL'): void }
  readonly other: { readonly url: string }
}

/** Looks often, so that a test does not wait; the rules are those of a run. */
const health = { ...defaultHealth, everyMs: 200, timeoutMs: 5_000, failures: 2, graceMs: 500 }
const signal = new AbortController().signal
/** Sequences of the call that is lost, long enough to be in flight when the engine ends. */
const CHOICES = 8
const LENGTH = 300

/** The engine is killed with -9: the connection breaks at once. */
export function killedEngineContract(pair: () => LostPair): void {
  test('kill -9 in flight is a lost connection, and the call is done elsewhere', async () => {
    await withEngine(pair(), async ({ client, moved }) => {
      const call = callOf({ url: pair().lost.url, client, model: pair().model }, { n: CHOICES, maxTokens: LENGTH })
      const broken = assert.rejects(client.complete(call, signal), {
        retry: 'transient',
        engine: 'doubtful',
        code: 'connection-lost',
      })
      const choices = moved()
      await until(client, ({ running, waiting }) => running + waiting > CHOICES)
      pair().lost.signal('SIGKILL')
      await broken
      wholeAtOther(pair(), await choices)
    })
  })
}

/** The engine is told to end while it works: a vLLM closes its port and leaves the open connections silent. */
export function silencedEngineContract(pair: () => LostPair): void {
  test('SIGTERM in flight: nobody waits for ever, and the call is done elsewhere', async (context) => {
    await withEngine(pair(), async ({ client, moved, llm }) => {
      const choices = moved()
      await until(client, ({ running, waiting }) => running + waiting > 0)
      pair().lost.signal('SIGTERM')
      wholeAtOther(pair(), await choices)
      const state = llm.state().endpoints.find(({ url }) => url === pair().lost.url)
      assert.equal(state?.healthy, false)
      context.diagnostic(`the engine was lost as: ${state.lastError ?? 'nothing'}`)
    })
  })
}

/** A client of the engine that will be lost, and a pool that prefers it. */
async function withEngine(
  { model, lost, other }: LostPair,
  work: (parts: { client: EngineClient; llm: Llm; moved: () => Promise<Completion[]> }) => Promise<void>,
): Promise<void> {
  const client = createEngineClient({ url: lost.url, key: null, clock: systemClock })
  const endpoints = [
    { url: lost.url, weight: 1000 },
    { url: other.url, weight: 1 },
  ]
  const sampling = { temperature: 1, maxTokens: LENGTH }
  const llm = createLlm({
    roles: { sampler: roleConfig.parse({ endpoints, model, sampling }) },
    rewarders: {},
    log: silentLogger,
    health,
  })
  const input = { messages: [{ role: 'user' as const, content: 'What is the value of x when x plus 3 is 7?' }] }
  try {
    await work({
      client,
      llm,
      moved: () => llm.complete({ input, n: CHOICES, seed: 1 }, { role: 'sampler', signal, rank: 1 }),
    })
  } finally {
    await llm.close()
    await client.close()
  }
}

function wholeAtOther({ other }: LostPair, choices: readonly Completion[]): void {
  assert.equal(choices.length, CHOICES)
  for (const { generation } of choices) {
    assert.deepEqual([generation.endpoint, generation.attempts], [other.url, 2])
    assert.match(generation.finishReason, /^(stop|length)$/)
  }
}
