// The simulator keeps the contract that a real vLLM is held to by `npm run test:vllm`.

import { after, before, describe } from 'node:test'
import { systemClock } from '../../llm/clock.ts'
import { createEngineClient } from '../../llm/engine-client.ts'
import { type Front, type FrontOptions, startFront } from '../../local/engine/front.ts'
import { createInvented } from '../../local/engine/invented.ts'
import type { TextEngineOptions } from '../../local/engine/text-engine.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { chatmlWithoutSystem } from './engine-templates.ts'
import * as contract from './engine-contract.ts'
import { abortContract, queueContract } from './engine-load-contract.ts'
import { reasoningContract } from './reasoning-contract.ts'
import { processScoreContract, sequenceScoreContract, tokenScoreContract } from './score-contract.ts'
import { severalCallsContract } from './several-calls-contract.ts'

interface Simulation {
  readonly engine?: TextEngineOptions
  readonly front?: Pick<FrontOptions, 'protocol' | 'trouble' | 'latency'>
}

/** Starts a simulator around the tests of a `describe`. */
function simulated({ engine: engineOptions = {}, front: frontOptions = {} }: Simulation = {}): contract.Engine {
  let front: Front | null = null
  let engine: contract.EngineUnderTest | null = null
  before(async () => {
    const text = createInvented({ maxModelLen: 2048, ...engineOptions })
    front = await startFront({ engine: text, port: 0, slots: 8, log: silentLogger, ...frontOptions })
    const { url } = front
    engine = { url, model: 'simulated', client: createEngineClient({ url, key: null, clock: systemClock }) }
  })
  after(async () => {
    await engine?.client.close()
    await front?.close()
  })
  return () => engine!
}

/** A special token of the simulator's tokenizer. */
const BOS = '<|begin_of_text|>'

/** Longer than any test: what is in flight never ends by itself. */
const HOUR = { medianMs: 3_600_000, sigma: 0 }

describe('the simulator as an engine', () => {
  const engine = simulated()
  contract.identityContract(engine)
  contract.tokenContract(engine, chatmlWithoutSystem)
  contract.choiceContract(engine)
  contract.endContract(engine, (it) => contract.callOf(it, { maxTokens: 1000 }))
  contract.contextContract(engine)
  severalCallsContract(engine)
})

describe('the simulator when a client leaves', () => {
  abortContract(simulated({ front: { latency: HOUR } }), (it) => contract.callOf(it, { n: 4, maxTokens: 1000 }))
})

describe('the simulator with a bounded queue', () => {
  const engine = simulated({ front: { latency: HOUR, trouble: { queueLimit: 12 } } })
  queueContract(engine, { limit: 12, long: (it, n) => contract.callOf(it, { n, maxTokens: 1000 }) })
})

describe('the simulator with a BOS', () => {
  const template = { ...chatmlWithoutSystem, name: 'chatml with a BOS', bos: BOS }
  const engine = simulated({ engine: { bos: BOS } })
  contract.tokenContract(engine, template)
  contract.bosContract(engine, template)
})

for (const parser of [false, true]) {
  describe(`the simulator that thinks ${parser ? 'with' : 'without'} a parser`, () => {
    const input = { messages: [{ role: 'user' as const, content: 'What is 2 + 3?' }] }
    const protocol = parser ? { reasoningParser: 'deepseek_r1' as const } : {}
    reasoningContract(simulated({ engine: { think: true }, front: { protocol } }), {
      parser,
      closed: (it) => contract.callOf(it, { input, n: 2, maxTokens: 1000 }),
      cut: (it) => contract.callOf(it, { input, maxTokens: 5 }),
    })
  })
}

describe('the simulator as a reward server', () => {
  const engine = simulated()
  tokenScoreContract(engine)
  processScoreContract(engine)
  sequenceScoreContract(engine)
})
