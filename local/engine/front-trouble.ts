// All that a front can be told to do badly. Without any of it, it is a healthy server.

import { serverBusy, tooMany } from './front-faults.ts'
import type { Outage } from './front-life.ts'
import type { FaultOptions } from './front-mischief.ts'
import type { Slots } from './front-slots.ts'

export interface Trouble {
  /** Faults of single calls to the generation and reward routes. */
  readonly faults?: FaultOptions
  /** Deaths and hangings by the clock. */
  readonly outages?: readonly Outage[]
  /** After the start and each return, for so long, /health and all else say 503. */
  readonly slowStartMs?: number
  /** Sequences of full size that the KV cache holds; with more running, the youngest starts again. */
  readonly kvSlots?: number
  /** Sequences in the server, running and waiting, above which it says 503, as vLLM's --max-num-queued-reqs does. */
  readonly queueLimit?: number
  /** The same limit as gateways have it: 429 with Retry-After. */
  readonly gatewayLimit?: number
  /** Routes that do not exist here: 404. */
  readonly hiddenRoutes?: readonly string[]
  /** /metrics has the cache's gauge by its old name, vllm:gpu_cache_usage_perc. */
  readonly oldMetrics?: boolean
}

/** What a gateway does not pass on. */
export const GATEWAY_HIDES: readonly string[] = [
  '/health',
  '/ping',
  '/version',
  '/metrics',
  '/tokenize',
  '/detokenize',
  '/v1/models',
]

/** Throws the 429 or 503 of a server that has no room for so many more sequences. */
export function roomCheck(trouble: Trouble, slots: Slots): (sequences: number) => void {
  const { gatewayLimit = Number.POSITIVE_INFINITY, queueLimit = Number.POSITIVE_INFINITY } = trouble
  const retryAfter = { 'retry-after': String(trouble.faults?.retryAfterSeconds ?? 1) }
  return (sequences) => {
    const wanted = slots.running + slots.waiting + sequences
    if (wanted > gatewayLimit) throw tooMany(retryAfter)
    if (wanted > queueLimit) throw serverBusy()
  }
}
