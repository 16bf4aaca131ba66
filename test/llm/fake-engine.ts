// An engine without a network: a test says what each call does. And the endpoint, lane and tries around it.

import { silentLogger, type Logger } from '../../schemas/logger.ts'
import { createAttempts, type Attempts } from '../../llm/attempts.ts'
import type { Clock } from '../../llm/clock.ts'
import { createEndpoint, type Endpoint } from '../../llm/endpoint.ts'
import type { EngineClient } from '../../llm/engine-client.ts'
import { defaultHealth } from '../../llm/health.ts'
import { createLane, type Lane, type Member } from '../../llm/lane.ts'
import { createLimit } from '../../llm/limit.ts'
import { defaultLiveness } from '../../llm/liveness.ts'
import { createPool, type Pool } from '../../llm/pool.ts'
import type { Choices } from '../../llm/replies.ts'
import type { CallMemory } from '../../schemas/call-memory.ts'

export interface FakeEngine {
  readonly client: EngineClient
  /** What a call does. */
  act: (signal: AbortSignal) => Promise<string>
  /** What /health says: null lives, a text why not, 'hang' never. */
  health: string | null
  /** The page of /metrics; null: it has none. */
  metrics: string | null
  calls: number
  probes: number
}

let engines = 0

export function createFakeEngine(act: (signal: AbortSignal) => Promise<string>): FakeEngine {
  const engine: FakeEngine = {
    act,
    health: null,
    metrics: null,
    calls: 0,
    probes: 0,
    client: {
      url: `http://fake-${(engines += 1)}`,
      complete: async (_call, signal): Promise<Choices> => {
        engine.calls += 1
        const text = await engine.act(signal)
        return {
          choices: [{ text, reasoning: null, finishReason: 'stop', stopReason: null, tokenIds: null }],
          promptTokens: 1,
          cachedTokens: 0,
          promptTokenIds: null,
          completionTokens: 1,
        }
      },
      pool: () => Promise.reject(new Error('not here')),
      classify: () => Promise.reject(new Error('not here')),
      embed: () => Promise.reject(new Error('not here')),
      poolEmbeddings: () => Promise.reject(new Error('not here')),
      tokenize: () => Promise.reject(new Error('not here')),
      detokenize: () => Promise.reject(new Error('not here')),
      version: () => Promise.resolve(null),
      metrics: () => Promise.resolve(engine.metrics),
      health: (signal) => {
        engine.probes += 1
        return engine.health === 'hang' ? untilAborted(signal) : Promise.resolve(engine.health)
      },
      models: () => Promise.resolve([]),
      at: () => engine.client,
      renew: () => undefined,
      close: () => Promise.resolve(),
    },
  }
  return engine
}

/** Rejects with the signal's reason when it aborts. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error)
    })
  })
}

export interface FakeCluster {
  readonly pool: Pool
  readonly attempts: Attempts
  readonly endpoints: Endpoint[]
  lane(name: string, members?: readonly Member[]): Lane
  /** One call of a lane. */
  ask(
    lane: Lane,
    more?: { rank?: number; sequences?: number; signal?: AbortSignal; timeoutMs?: number; hold?: CallMemory['hold'] },
  ): Promise<string>
}

export function createFakeCluster(
  engines: { engine: Pick<FakeEngine, 'client'>; limit: number; adaptive?: boolean; priority?: number }[],
  clock: Clock,
  log: Logger = silentLogger,
): FakeCluster {
  const random = (): number => 0
  const pool = createPool(clock)
  const attempts = createAttempts({ pool, clock, random, log })
  const call = {
    model: 'm',
    input: { prompt: 'p' },
    n: 1,
    seed: 0,
    sampling: { temperature: 1, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1, maxTokens: 1 },
    stop: [],
    stopTokenIds: [],
  }
  const endpoints = engines.map(({ engine, limit, adaptive = false, priority = 0 }, index) =>
    createEndpoint({
      url: `http://engine-${index}`,
      limit: createLimit({ most: limit, start: limit, adaptive }, () => clock.now()),
      client: engine.client,
      priority,
      canary: (client, signal) => client.complete(call, signal),
      clock,
      random,
      log,
      health: defaultHealth,
      liveness: defaultLiveness,
      onChange: () => {
        pool.dispatch()
      },
    }),
  )
  return {
    pool,
    attempts,
    endpoints,
    lane: (name, members = endpoints.map((endpoint) => ({ endpoint, weight: 1 }))) => createLane(name, members, log),
    ask: async (
      lane,
      { rank = 0, sequences = 1, signal = new AbortController().signal, timeoutMs = 3_600_000, hold } = {},
    ) => {
      const answer = await attempts.run({
        lane,
        rank,
        sequences,
        signal,
        timeoutMs,
        hold,
        onRetry: () => undefined,
        call: (client, callSignal) => client.complete(call, callSignal),
      })
      return `${answer.value.choices[0]?.text ?? ''} after ${answer.attempts} by ${answer.endpoint}`
    },
  }
}
