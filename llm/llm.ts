// The models of a run behind one contract: every role and reward model, their endpoints, queues, tries and totals.
// Promises: see contract.ts. Endpoints with the same URL share one limit, one health and one set of connections.

import { createHash } from 'node:crypto'
import { Failure, transient, UsageFault } from '../schemas/failure.ts'
import type { Logger } from '../schemas/logger.ts'
import type { Generation } from '../schemas/records.ts'
import { createAttempts } from './attempts.ts'
import { type Clock, systemClock } from './clock.ts'
import type { RewarderConfig, RoleConfig } from './config.ts'
import type { Completion, CompletionRequest, Llm, RoleName, Sampling, Score } from './contract.ts'
import { type Endpoint, unusableSince } from './endpoint.ts'
import { createFleet, type Environment } from './fleet.ts'
import { defaultHealth, type HealthConfig } from './health.ts'
import { createPool, type Lane } from './pool.ts'
import type { Choices } from './replies.ts'
import { tokenReward } from './rewards.ts'
import { findTemplate } from './templates.ts'
import { createTotals } from './totals.ts'

export type Roles = { readonly [Name in RoleName]?: RoleConfig | undefined }
export type Rewarders = Readonly<Record<string, RewarderConfig>>

interface Role {
  readonly config: RoleConfig
  readonly lane: Lane
  /** Of raw prompts: the template's stop strings and ids go with them. */
  readonly template: { name: string; stop: readonly string[]; stopTokenIds: readonly number[] } | null
}

/** At most so many stop strings are taken by vLLM; the template's token ids stop at the same places. */
const STOP_STRINGS = 4

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
}): Llm {
  const { log, clock = systemClock, random = Math.random, environment = process.env, health = defaultHealth } = parts
  const pool = createPool(clock)
  const fleet = createFleet({
    roles: parts.roles,
    rewarders: parts.rewarders,
    environment,
    health,
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
    if (config !== undefined) roles.set(name, { config, lane: fleet.lane(name), template: templateOf(config) })
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
        const n = request.n ?? 1
        const sampling: Sampling = { ...config.sampling, ...request.sampling }
        const template = 'prompt' in request.input ? role.template : null
        const answer = await attempts.run({
          lane,
          rank: context.rank,
          sequences: n,
          timeoutMs: config.timeoutSeconds * 1000,
          signal,
          onRetry: () => {
            totals.retry(lane.name)
          },
          call: (client, callSignal) =>
            client.complete(
              {
                model: config.model,
                input: request.input,
                n,
                seed: request.seed,
                sampling,
                stop: [...new Set([...config.stop, ...(template?.stop ?? [])])].slice(0, STOP_STRINGS),
                stopTokenIds: template?.stopTokenIds ?? [],
                jsonSchema: request.jsonSchema,
              },
              callSignal,
            ),
        })
        totals.call(lane.name, answer.value.promptTokens, answer.value.completionTokens, answer.milliseconds)
        return completions(answer.value, {
          role: context.role,
          model: config.model,
          endpoint: answer.endpoint,
          template: template?.name ?? null,
          promptHash: promptHash(request.input),
          ...sampling,
          seed: request.seed,
          milliseconds: answer.milliseconds,
          attempts: answer.attempts,
        })
      }),

    score: (messages, context) =>
      whileOpen(context.signal, async (signal): Promise<Score> => {
        const name = context.role.replace(/^reward:/, '')
        const rewarder = parts.rewarders[name]
        if (rewarder === undefined) throw new UsageFault(`stages.reward.rewards: no reward model is named ${name}`)
        const lane = fleet.lane(`reward:${name}`)
        const { model } = rewarder
        const answer = await attempts.run({
          lane,
          rank: context.rank,
          sequences: 1,
          timeoutMs: rewarder.timeoutSeconds * 1000,
          signal,
          onRetry: () => {
            totals.retry(lane.name)
          },
          call: (client, callSignal) => client.pool({ model, messages }, callSignal).catch(tooLong),
        })
        const { value: pooled, endpoint, milliseconds } = answer
        totals.call(lane.name, pooled?.tokens ?? 0, 0, milliseconds)
        if (pooled === null) return { value: null, error: 'context-too-long', model, endpoint, tokens: 0, milliseconds }
        return { value: tokenReward(pooled), error: null, model, endpoint, tokens: pooled.tokens, milliseconds }
      }),

    state: () => ({
      endpoints: fleet.endpoints.map(endpointState),
      waiting: pool.waiting(),
      usage: totals.all(),
    }),

    close: async () => {
      for (const call of running) call.abort(transient('closed', 'the model client is closed'))
      pool.close()
      await fleet.close()
    },
  }
}

function endpointState(endpoint: Endpoint): ReturnType<Llm['state']>['endpoints'][number] {
  const downSince = unusableSince(endpoint)
  const { url, inFlight, limit, lastError } = endpoint
  return { url, healthy: downSince === null, inFlight, limit, downSince, lastError }
}

function templateOf(config: RoleConfig): Role['template'] {
  const template = findTemplate(config.template ?? config.model)
  if (template === null) {
    if (config.template === undefined) return null
    throw new UsageFault(`template "${config.template}" is not in configs/model_configs.json`)
  }
  return { name: template.name, stop: template.stop, stopTokenIds: template.stopTokenIds }
}

/** Too long for the reward model is a fact about this text, and recorded as one. */
function tooLong(error: unknown): null {
  if (error instanceof Failure && error.code === 'context-length') return null
  throw error
}

/** SHA-256 (hex) of the prompt's text, or of the messages as JSON. */
function promptHash(input: CompletionRequest['input']): string {
  return createHash('sha256')
    .update('prompt' in input ? input.prompt : JSON.stringify(input.messages))
    .digest('hex')
}

type Common = Omit<Generation, 'finishReason' | 'stopReason' | 'promptTokens' | 'completionTokens'>

/** The prompt's tokens go to choice 0; new tokens are an even share, the remainder to the first choices. */
function completions({ choices, promptTokens, completionTokens }: Choices, common: Common): Completion[] {
  const share = Math.floor(completionTokens / choices.length)
  const remainder = completionTokens - share * choices.length
  return choices.map((choice, index) => ({
    text: choice.text,
    reasoning: choice.reasoning,
    generation: {
      ...common,
      seed: common.seed + index,
      finishReason: choice.finishReason,
      stopReason: choice.stopReason,
      promptTokens: index === 0 ? promptTokens : 0,
      completionTokens: share + (index < remainder ? 1 : 0),
    },
  }))
}
