// The models of a run behind one contract: every role and reward model, their endpoints, queues, tries and totals.
// Promises: see contract.ts. Endpoints with the same URL share one limit, one health and one set of connections.

import { transient, UsageFault } from '../schemas/failure.ts'
import type { Logger } from '../schemas/logger.ts'
import { createAttempts } from './attempts.ts'
import { type Clock, systemClock } from './clock.ts'
import { completeRequest, type RoleTemplate, templateOf } from './complete.ts'
import type { RewarderConfig, SpeakerConfig } from './config.ts'
import type { JudgeRole, Llm, RoleName } from './contract.ts'
import { type Endpoint, unusableSince } from './endpoint.ts'
import type { Environment } from './engines.ts'
import { createFleet } from './fleet.ts'
import { defaultHealth, type HealthConfig } from './health.ts'
import type { Lane } from './lane.ts'
import { defaultLiveness, type LivenessConfig } from './liveness.ts'
import { createPool } from './pool.ts'
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

/**
 * Makes the models of a run. Nothing is sent before the first call.
 *
 * Throws UsageFault for a key that is not in the environment, one URL with two limits or keys, an unknown
 * template, an endpoint `local` that nobody replaced.
 */
export function createLlm(parts: {
  roles: Roles
  rewarders: Rewarders
  log: Logger
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
    environment,
    health,
    liveness: parts.liveness ?? defaultLiveness,
    clock,
    random,
    log,
    onChange: () => {
      pool.dispatch()
    },
  })
  const attempts = createAttempts({ pool, clock, random, log })
  const totals = createTotals()
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

  return {
    complete: (request, context) =>
      whileOpen(context.signal, async (signal) => {
        const role = roles.get(context.role)
        if (role === undefined)
          throw new UsageFault(`roles.${context.role}: is not in the config, but a stage calls it`)
        const { config, lane } = role
        return completeRequest(role, request, async (n, call) => {
          const answer = await attempts.run({
            lane,
            rank: context.rank,
            sequences: n,
            timeoutMs: config.timeoutSeconds * 1000,
            signal,
            onRetry: () => {
              totals.retry(lane.name)
            },
            call,
          })
          const { promptTokens, completionTokens } = answer.value
          totals.call(lane.name, promptTokens, completionTokens, answer.milliseconds)
          return { ...answer, usd: null }
        })
      }),

    score: (messages, context) =>
      whileOpen(context.signal, async (signal) => {
        const name = context.role.replace(/^reward:/, '')
        const rewarder = scorers.get(name)
        if (rewarder === undefined) throw new UsageFault(`stages.reward.rewards: no reward model is named ${name}`)
        const lane = fleet.lane(`reward:${name}`)
        const score = await rewarder.score(messages, async (call) => {
          const answer = await attempts.run({
            lane,
            rank: context.rank,
            sequences: 1,
            timeoutMs: rewarder.config.timeoutSeconds * 1000,
            signal,
            onRetry: () => {
              totals.retry(lane.name)
            },
            call,
          })
          return { ...answer, usd: null }
        })
        totals.call(lane.name, score.tokens, 0, score.milliseconds)
        return score
      }),

    state: () => ({
      endpoints: fleet.endpoints().map((endpoint) => endpointState(endpoint)),
      waiting: pool.waiting(),
      usage: totals.all(),
    }),

    capacity: (role) => {
      const members =
        role === undefined
          ? fleet.endpoints()
          : fleet
              .lane(role)
              .members()
              .map(({ endpoint }) => endpoint)
      return members.reduce((sum, { limit }) => sum + limit.current(), 0)
    },

    update: (callers) => {
      fleet.update(callers)
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
