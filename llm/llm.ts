// The models of a run behind one contract: every role and reward model, their endpoints, queues, tries and totals.
// Promises: see contract.ts. Endpoints with the same URL share one limit, one health and one set of connections.

import type { CallMemory } from '../schemas/call-memory.ts'
import { transient, UsageFault } from '../schemas/failure.ts'
import type { Logger } from '../schemas/logger.ts'
import { type Answered, createAttempts, type Job } from './attempts.ts'
import { callName } from './call-name.ts'
import { type Clock, systemClock } from './clock.ts'
import { completeRequest, type RoleTemplate, templateOf } from './complete.ts'
import { EMBEDDER, type EmbedderConfig, type RewarderConfig, type SpeakerConfig } from './config.ts'
import type { Embedding, JudgeRole, Llm, RoleName, Score } from './contract.ts'
import { createEmbedder, type Reply } from './embed.ts'
import { type Endpoint, unusableSince } from './endpoint.ts'
import type { Environment } from './engines.ts'
import { createFleet } from './fleet.ts'
import { createGatherer, type Gathered } from './gather.ts'
import { defaultHealth, type HealthConfig } from './health.ts'
import type { Lane } from './lane.ts'
import { defaultLiveness, type LivenessConfig } from './liveness.ts'
import { createPool } from './pool.ts'
import type { Tokens } from './prices.ts'
import type { Choices } from './replies.ts'
import { createScorer, type Scorer } from './score.ts'
import { createTotals } from './totals.ts'

/** The roles, and judges as roles `reward:NAME`. */
export type Roles = { readonly [Name in RoleName | JudgeRole]?: SpeakerConfig | undefined }
export type Rewarders = Readonly<Record<string, RewarderConfig>>

interface Role {
  readonly name: string
  readonly config: SpeakerConfig
  readonly lane: Lane
  /** Of raw prompts: the template's stop strings and ids go with them. */
  readonly template: RoleTemplate | null
}

interface Asked<T> extends Pick<Job<T>, 'lane' | 'rank' | 'signal' | 'sequences' | 'call' | 'hold'> {
  readonly config: SpeakerConfig | RewarderConfig | EmbedderConfig
  /** Name that it is counted under. */
  readonly account: string
  /** null: there was nothing to count. */
  readonly tokensOf: (value: T) => Tokens | null
}

/** A text to embed, as it waits for company. */
interface Ranked {
  readonly text: string
  readonly rank: number
}

/**
 * Makes the models of a run. Nothing is sent before the first call.
 *
 * Throws UsageFault for a key that is not in the environment, one URL with two limits or keys, an unknown
 * template, an endpoint `local` that nobody replaced.
 */
export function createLlm(parts: {
  roles: Roles
  rewarders: Rewarders
  embedder?: EmbedderConfig | undefined
  log: Logger
  /** At most this share of each engine's slots at first, over 0 up to 1 (shared-limit.ts); 1 unless said. */
  share?: number
  /** Place of the calls at engines with schedulingPolicy: priority; lower is earlier, 0 (unless said) asks for none. */
  priority?: number
  clock?: Clock
  /** From 0 to 1, for the spread of pauses. */
  random?: () => number
  environment?: Environment
  health?: HealthConfig
  liveness?: LivenessConfig
}): Llm {
  const { log, clock = systemClock, random = Math.random, environment = process.env, health = defaultHealth } = parts
  const pool = createPool(clock)
  const fleet = createFleet({
    roles: parts.roles,
    rewarders: parts.rewarders,
    embedder: parts.embedder,
    environment,
    health,
    liveness: parts.liveness ?? defaultLiveness,
    clock,
    random,
    log,
    share: parts.share ?? 1,
    priority: parts.priority ?? 0,
    onChange: () => {
      pool.dispatch()
    },
  })
  const attempts = createAttempts({ pool, clock, random, log })
  const totals = createTotals(clock)
  const running = new Set<AbortController>()
  const roles = new Map<string, Role>()
  for (const [name, config] of Object.entries(parts.roles)) {
    if (config === undefined) continue
    roles.set(name, { name, config, lane: fleet.lane(name), template: templateOf(config) })
  }

  const scorers = new Map<string, { readonly config: RewarderConfig; readonly score: Scorer }>()
  for (const [name, config] of Object.entries(parts.rewarders)) {
    scorers.set(name, { config, score: createScorer(config) })
  }

  /** Runs under a signal that `close` ends too. */
  const whileOpen = async <T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    signal.throwIfAborted()
    const own = new AbortController()
    const stop = (): void => {
      own.abort(signal.reason)
    }
    signal.addEventListener('abort', stop, { once: true })
    running.add(own)
    try {
      return await work(own.signal)
    } finally {
      running.delete(own)
      signal.removeEventListener('abort', stop)
    }
  }

  /** One call to its answer: a remembered one as it was counted and paid then. asks: all that decides what is answered. */
  const recall = async <T>(
    calls: CallMemory | undefined,
    asks: readonly unknown[],
    asked: Asked<T>,
  ): Promise<Answered<T>> => {
    if (calls === undefined) return ask(asked)
    return calls.run(callName([asked.account, asked.config.model, ...asks]), () => ask({ ...asked, hold: calls.hold }))
  }

  /** One call to its answer, counted and paid. */
  const ask = async <T>(asked: Asked<T>): Promise<Answered<T>> => {
    const { lane, account, config, rank, signal, sequences, call, hold, tokensOf } = asked
    const meter = totals.meter(account, sequences, config.price)
    const answer = await attempts.run({
      ...{ lane, rank, sequences, signal, hold },
      timeoutMs: config.timeoutSeconds * 1000,
      onRetry: () => {
        meter.retried()
      },
      call: meter.around(call),
    })
    return { ...answer, usd: meter.answered(tokensOf(answer.value), answer.milliseconds) }
  }

  const vectorOf = parts.embedder === undefined ? null : gatheredVectors(parts.embedder)

  function gatheredVectors(config: EmbedderConfig): Gathered<Ranked, Embedding> {
    const embedder = createEmbedder(config)
    const lane = fleet.lane(EMBEDDER)
    return createGatherer(config.batch, (texts, asked) =>
      whileOpen(asked, (signal) => {
        const rank = Math.min(...texts.map((each) => each.rank))
        return embedder(
          texts.map(({ text }) => text),
          (sequences, call) =>
            ask({ lane, account: lane.name, config, rank, signal, sequences, call, tokensOf: tokensOfVectors }),
        )
      }),
    )
  }

  return {
    complete: (request, context) =>
      whileOpen(context.signal, async (signal) => {
        const role = roles.get(context.role)
        if (role === undefined)
          throw new UsageFault(`roles.${context.role}: is not in the config, but a stage calls it`)
        const { config, lane } = role
        const account = context.account ?? role.name
        const { rank, calls } = context
        return completeRequest(
          role,
          { ...request, account },
          (n, asks, call) =>
            recall(calls, [asks], {
              ...{ lane, account, config, rank, signal, sequences: n, call, tokensOf: tokensOfChoices },
            }),
          calls?.said,
        )
      }),

    score: (messages, context) =>
      whileOpen(context.signal, (signal) => {
        const name = context.role.replace(/^reward:/, '')
        const scorer = scorers.get(name)
        if (scorer === undefined) throw new UsageFault(`stages.reward.rewards: no reward model is named ${name}`)
        const { score, config } = scorer
        const lane = fleet.lane(`reward:${name}`)
        const account = lane.name
        const { rank, calls } = context
        const { kind, summary } = config
        return score(messages, (call) =>
          recall(calls, [kind, summary, messages], {
            ...{ lane, account, config, rank, signal, sequences: 1, call, tokensOf: tokensOfScore },
          }),
        )
      }),

    embed: (text, { rank, signal }) => {
      if (vectorOf === null) throw new UsageFault('stages.screen.embeddings: is off, but a stage asks for a vector')
      return vectorOf({ text, rank }, signal)
    },

    state: () => ({
      endpoints: fleet.endpoints().map((endpoint) => endpointState(endpoint)),
      waiting: pool.waiting(),
      usage: totals.all(),
    }),

    capacity: (role) => {
      const members =
        role === undefined
          ? fleet.members()
          : fleet
              .lane(role)
              .members()
              .map(({ endpoint }) => endpoint)
      return members.reduce((sum, { limit }) => sum + limit.current(), 0)
    },

    update: (callers) => {
      fleet.update(callers)
    },

    setShare: (share) => {
      fleet.setShare(share)
    },

    close: async () => {
      for (const call of running) call.abort(transient('closed', 'the model client is closed'))
      pool.close()
      await fleet.close()
    },
  }
}

function endpointState(endpoint: Endpoint): ReturnType<Llm['state']>['endpoints'][number] {
  const downSince = unusableSince(endpoint)
  const { url, inFlight, limit, lastError, load } = endpoint
  return {
    ...{ url, healthy: downSince === null, inFlight, downSince, lastError, load },
    limit: limit.current(),
    limitChange: limit.lastChange(),
    meanMs: endpoint.liveness.meanMs(),
  }
}

function tokensOfChoices({ promptTokens, cachedTokens, completionTokens }: Choices): Tokens {
  return { prompt: promptTokens, cached: cachedTokens, completion: completionTokens }
}

/** A text that the server refused was not counted. */
function tokensOfScore({ tokens, error }: Pick<Score, 'tokens' | 'error'>): Tokens | null {
  return tokens === 0 && error !== null ? null : { prompt: tokens, cached: 0, completion: 0 }
}

/** A refused request was not counted. */
function tokensOfVectors(reply: Reply): Tokens | null {
  return 'vectors' in reply ? { prompt: reply.tokens, cached: 0, completion: 0 } : null
}
