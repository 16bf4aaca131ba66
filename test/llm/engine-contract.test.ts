// The simulator keeps the contract that a real vLLM is held to by `npm run test:vllm`.

import { after, before, describe } from 'node:test'
import { systemClock } from '../../llm/clock.ts'
import { createEngineClient } from '../../llm/engine-client.ts'
import { type Front, startFront } from '../../local/engine/front.ts'
import { createInvented } from '../../local/engine/invented.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { chatmlWithoutSystem } from './engine-templates.ts'
import * as contract from './engine-contract.ts'
import { abortContract, queueContract } from './engine-load-contract.ts'
import { processScoreContract, sequenceScoreContract, tokenScoreContract } from './score-contract.ts'

/** Starts a simulator around the tests of a `describe`. */
function simulated(options: { think?: boolean; medianMs?: number; queueLimit?: number } = {}): contract.Engine {
  let front: Front | null = null
  let engine: contract.EngineUnderTest | null = null
  before(async () => {
    front = await startFront({
      engine: createInvented({ maxModelLen: 2048, think: options.think === true }),
      port: 0,
      slots: 8,
      log: silentLogger,
      trouble: options.queueLimit === undefined ? {} : { queueLimit: options.queueLimit },
      ...(options.medianMs === undefined ? {} : { latency: { medianMs: options.medianMs, sigma: 0 } }),
    })
    engine = { client: createEngineClient({ url: front.url, key: null, clock: systemClock }), model: 'simulated' }
  })
  after(async () => {
    await engine?.client.close()
    await front?.close()
  })
  return () => engine!
}

describe('the simulator as an engine', () => {
  const engine = simulated()
  contract.identityContract(engine)
  contract.tokenContract(engine, chatmlWithoutSystem)
  contract.choiceContract(engine)
  contract.endContract(engine, (it) => contract.callOf(it, { maxTokens: 1000 }))
  contract.contextContract(engine)
})

describe('the simulator when a client leaves', () => {
  const hour = simulated({ medianMs: 3_600_000 })
  abortContract(hour, (it) => contract.callOf(it, { n: 4, maxTokens: 1000 }))
})

describe('the simulator with a bounded queue', () => {
  const engine = simulated({ medianMs: 3_600_000, queueLimit: 12 })
  queueContract(engine, { limit: 12, long: (it, n) => contract.callOf(it, { n, maxTokens: 1000 }) })
})

describe('the simulator that thinks', () => {
  const engine = simulated({ think: true })
  const input = { messages: [{ role: 'user' as const, content: 'What is 2 + 3?' }] }
  contract.reasoningContract(engine, {
    parser: false,
    closed: (it) => contract.callOf(it, { input, n: 2, maxTokens: 1000 }),
    cut: (it) => contract.callOf(it, { input, maxTokens: 5 }),
  })
})

describe('the simulator as a reward server', () => {
  const engine = simulated()
  tokenScoreContract(engine)
  processScoreContract(engine)
  sequenceScoreContract(engine)
})
