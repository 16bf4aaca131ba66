// Roles that an engine refuses (wrong key, unknown model). Promises: told once when it begins and once when it ends;
// meanwhile one call at a time tries again, after a growing pause.

import type { Logger } from '../schemas/logger.ts'
import { backOff, type Clock } from './clock.ts'
import type { Endpoint } from './endpoint.ts'
import type { EngineFailure } from './engine-failure.ts'

/** Remembers that the engine refuses a lane; returns in how many milliseconds it may be tried again. */
export function refuse(
  endpoint: Endpoint,
  lane: string,
  failure: EngineFailure,
  tools: { clock: Clock; random: () => number; log: Logger },
): number {
  const now = tools.clock.now()
  const known = endpoint.refusals.get(lane)
  const refusal = known ?? { until: now, tries: 0, trying: false, since: now }
  endpoint.lastError = failure.message
  if (known === undefined) {
    endpoint.refusals.set(lane, refusal)
    tools.log.error(
      { endpoint: endpoint.url, role: lane, code: failure.code, reason: failure.message },
      'model server refuses this role; its calls wait or go elsewhere until it accepts them',
    )
  }
  // Calls that were in flight when the first was refused say nothing new.
  if (known === undefined || refusal.trying) {
    refusal.tries += 1
    refusal.trying = false
    refusal.until = now + backOff(refusal.tries, tools.random, 2_000, 60_000)
  }
  return Math.max(0, refusal.until - now)
}

/** The engine accepted a call of the lane. */
export function accept(endpoint: Endpoint, lane: string, log: Logger): boolean {
  if (!endpoint.refusals.delete(lane)) return false
  log.info({ endpoint: endpoint.url, role: lane }, 'model server accepts this role again')
  return true
}
