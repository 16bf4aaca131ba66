// One call until it has an answer. Promises: what another try may heal is tried again, elsewhere where there is an
// elsewhere; a server that is down, full or refusing costs patience, never the call; a call that engines in good
// health fail again and again becomes a permanent failure, so that no record blocks its partition for ever.

import type { CallMemory } from '../schemas/call-memory.ts'
import { permanent } from '../schemas/failure.ts'
import type { Logger } from '../schemas/logger.ts'
import { backOff, type Clock, pause, unlessAborted } from './clock.ts'
import type { Endpoint } from './endpoint.ts'
import type { EngineClient } from './engine-client.ts'
import { EngineFailure } from './engine-failure.ts'
import type { Lane } from './lane.ts'
import type { Pool, Ticket } from './pool.ts'
import { accept, refuse } from './refusals.ts'

/** So often may an idle engine refuse a request of several choices, before it is clear that it will never take so many. */
const IDLE_REFUSALS = 8
/** So often may healthy engines fail one call; a time-out, which costs most, counts twice. */
const STRIKES = 8
/** So many time-outs of a call that asked for a place behind others are put down to them; it may have run, and be too long. */
const EXCUSES = 32

export interface Attempt<T> {
  readonly value: T
  readonly endpoint: string
  readonly attempts: number
  /** Of the try that succeeded, our own queue not included. */
  readonly milliseconds: number
}

/** An answer with what it cost. */
export type Answered<T> = Attempt<T> & { readonly usd: number | null }

export interface Job<T> {
  readonly lane: Lane
  readonly rank: number
  readonly sequences: number
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly call: (client: EngineClient, signal: AbortSignal) => Promise<T>
  /** See CallMemory. */
  readonly hold?: CallMemory['hold'] | undefined
  /** Told of each try that failed and will be repeated. */
  readonly onRetry: () => void
}

export interface Attempts {
  /** Rejects with a permanent Failure or the signal's reason. */
  run<T>(job: Job<T>): Promise<Attempt<T>>
}

export function createAttempts(tools: { pool: Pool; clock: Clock; random: () => number; log: Logger }): Attempts {
  const { pool, clock, random, log } = tools
  let calls = 0

  /** Waits for a place. A call that is held stands in nobody's way. */
  const placeFor = async ({ lane, signal, hold }: Job<unknown>, ticket: Ticket): Promise<Endpoint> => {
    for (;;) {
      for (let held = hold?.(); held; held = hold?.()) await unlessAborted(held, signal)
      const endpoint = await pool.acquire(lane, ticket, signal)
      if (!hold?.()) return endpoint
      pool.release(lane, endpoint, ticket.sequences)
    }
  }

  const tryOnce = async <T>(job: Job<T>, endpoint: Endpoint, lost: number): Promise<T> => {
    // It may have aborted after the place was given.
    job.signal.throwIfAborted()
    const controller = new AbortController()
    const stop = (): void => {
      controller.abort(job.signal.reason)
    }
    job.signal.addEventListener('abort', stop, { once: true })
    const cancel = clock.after(job.timeoutMs, () => {
      controller.abort(
        new EngineFailure('doubtful', 'timeout', `no answer within ${job.timeoutMs / 1000} s (timeoutSeconds)`),
      )
    })
    const { lane, sequences } = job
    const meanMs = (): number | null => lane.meanMs(endpoint)
    endpoint.calls.set(controller, { role: lane.name, meanMs, sequences, lost, sentAt: clock.now() })
    try {
      const value = await job.call(endpoint.client, controller.signal)
      endpoint.answered(controller)
      return value
    } finally {
      cancel()
      endpoint.calls.delete(controller)
      job.signal.removeEventListener('abort', stop)
    }
  }

  /** What a failure says about the endpoint, noted before its place goes to the next call. */
  const learn = (
    failure: EngineFailure,
    { lane, sequences }: Job<unknown>,
    endpoint: Endpoint,
    sentAt: number,
  ): void => {
    // Whoever refuses or breaks off does not hang.
    if (failure.engine !== 'unreachable' && failure.code !== 'timeout') endpoint.liveness.reassured()
    switch (failure.engine) {
      case 'none':
        // It understood the call, so it does not refuse the role.
        accept(endpoint, lane.name, log)
        return
      case 'busy':
        endpoint.lastError = failure.message
        if (!endpoint.refusalShare.refused()) return
        endpoint.limit.refused({ inFlight: endpoint.inFlight - sequences, sentAt })
        if (failure.retryAfterMs === null) return
        endpoint.restUntil = Math.max(endpoint.restUntil, clock.now() + failure.retryAfterMs)
        pool.dispatchIn(failure.retryAfterMs)
        return
      case 'doubtful':
        // Why it was lost is known already.
        if (failure.code !== 'engine-lost') endpoint.lastError = failure.message
        return
      case 'unreachable':
        endpoint.health.unreachable(failure.message)
        return
      case 'refusing':
        pool.dispatchIn(refuse(endpoint, lane.name, failure, { clock, random, log }))
        return
    }
  }

  /** Whether the failure counts against the call: only a doubtful one of an engine that turns out to be well. */
  const isStrike = async (failure: EngineFailure, endpoint: Endpoint): Promise<boolean> => {
    if (failure.code === 'engine-lost') return false
    if (failure.engine !== 'doubtful' && failure.code !== 'overloaded') return false
    if (endpoint.health.downSince() !== null) return false
    return (await endpoint.health.look()) && failure.engine === 'doubtful'
  }

  return {
    run: async (job) => {
      const { lane, signal, sequences } = job
      calls += 1
      const age = calls
      let avoid: Endpoint | null = null
      let strikes = 0
      let excuses = 0
      let idleRefusals = 0
      let lost = 0
      for (let attempts = 1; ; attempts += 1) {
        const endpoint = await placeFor(job, { rank: job.rank, age, sequences, avoid })
        const started = clock.now()
        let failure: EngineFailure
        try {
          const value = await tryOnce(job, endpoint, lost)
          const milliseconds = clock.now() - started
          accept(endpoint, lane.name, log)
          lane.answered(endpoint, milliseconds)
          endpoint.liveness.answered(milliseconds)
          endpoint.limit.answered(sequences)
          endpoint.refusalShare.answered()
          return { value, endpoint: endpoint.url, attempts, milliseconds }
        } catch (error) {
          signal.throwIfAborted()
          if (!(error instanceof EngineFailure)) throw error
          failure = error
          if (failure.engine === 'busy' && sequences > 1 && endpoint.inFlight === sequences) idleRefusals += 1
          learn(failure, job, endpoint, started)
        } finally {
          pool.release(lane, endpoint, sequences)
        }
        if (failure.engine === 'none') throw failure
        if (failure.code === 'engine-lost') lost += 1
        const isExcused = failure.code === 'timeout' && endpoint.isKeptWaiting && excuses < EXCUSES
        if (isExcused) excuses += 1
        const counts = !isExcused && (await isStrike(failure, endpoint))
        signal.throwIfAborted()
        if (counts) strikes += failure.code === 'timeout' ? 2 : 1
        log.debug(
          { endpoint: endpoint.url, role: lane.name, code: failure.code, reason: failure.message, attempts },
          'model call failed and is tried again',
        )
        if (strikes >= STRIKES)
          throw permanent(
            failure.code,
            `given up after ${attempts} tries at healthy servers; the last: ${failure.message}`,
            { cause: failure },
          )
        if (idleRefusals >= IDLE_REFUSALS)
          throw permanent(
            'too-many-choices',
            `a request of ${sequences} choices was refused ${idleRefusals} times by a server that had nothing else of ours; ask for fewer at once (producer.choices, fanOut: single); the last: ${failure.message}`,
            { cause: failure },
          )
        job.onRetry()
        avoid = endpoint
        // Where the endpoint is known to be down, refusing or resting, the queue itself waits.
        const isStray = failure.engine === 'busy' && clock.now() >= endpoint.restUntil
        if (counts || isStray) {
          // Alone with one engine the call waits as that asks; elsewhere somebody may have room sooner.
          const asked = isStray && lane.members().length === 1 ? (failure.retryAfterMs ?? 0) : 0
          await pause(clock, Math.max(asked, backOff(attempts, random)), signal)
        }
      }
    },
  }
}
