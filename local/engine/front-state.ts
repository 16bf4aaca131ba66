// What every route of the front works with: the engine, its slots and counters, and one generation from queue to end.

import type { Logger } from '../../schemas/logger.ts'
import type { Engine, EngineChoice, EnginePrompt, EngineSampling } from './contract.ts'
import { unknownModel } from './front-faults.ts'
import type { Body } from './front-fields.ts'
import { drawLatency, pause } from './front-latency.ts'
import type { Latency } from './front-latency.ts'
import type { FrontProtocol } from './front-protocol.ts'
import type { Slots } from './front-slots.ts'
import type { CallCounter, CountedCall } from './front-stats.ts'
import type { Metrics } from './metrics.ts'
import type { PrefixCache } from './prefix-cache.ts'
import { hashText } from './random.ts'

export interface FrontState {
  readonly engine: Engine
  readonly slots: Slots
  readonly metrics: Metrics
  readonly counter: CallCounter
  readonly latency: Latency | undefined
  readonly log: Logger
  readonly protocol: FrontProtocol
  /** Null where nobody is told of it. */
  readonly prefixCache: PrefixCache | null
  /** Any model name is served; else only the engine's. */
  readonly anyModel: boolean
  readonly version: string
  readonly fingerprint: string
  /** Seconds since 1970. */
  readonly startedAt: number
}

/** The context size of every model here. */
export function maxModelLen(front: FrontState): number {
  return front.engine.models[0]!.maxModelLen
}

/** The model's name for the reply; throws the 404 of a name that is not served. */
export function chooseModel(front: FrontState, body: Body, tellNames: boolean): string {
  const names = front.engine.models.map(({ id }) => id)
  const asked = body['model']
  if (typeof asked !== 'string' || asked === '') return names[0]!
  if (front.anyModel || names.includes(asked)) return asked
  throw unknownModel(asked, tellNames ? names : undefined)
}

/** `prefix-` and 16 hexadecimal digits, or the client's own id. */
export function newId(prefix: string, wanted?: unknown): string {
  if (typeof wanted === 'string' && wanted !== '') return `${prefix}-${wanted}`
  const half = (): string =>
    Math.floor(Math.random() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0')
  return `${prefix}-${half()}${half()}`
}

/** Seconds since 1970. */
export function now(): number {
  return Math.floor(Date.now() / 1000)
}

/** A request whose slots, latency and abort are looked after. */
export interface Work {
  readonly signal: AbortSignal
  readonly counted: CountedCall
  readonly arrivedAt: number
}

/**
 * Makes one sequence: waits for a slot, has the engine write, lets the drawn latency pass, gives the slot back.
 * With onText the pieces come while the latency passes. Rejects with the signal's reason on abort.
 */
export async function generate(
  front: FrontState,
  prompt: EnginePrompt,
  sampling: EngineSampling,
  work: Work,
  options: { jsonSchema: unknown; onText?: (piece: string) => void },
): Promise<EngineChoice> {
  work.counted.sequences(1)
  const { signal } = work
  let startedAt = 0
  try {
    await front.slots.acquire(signal)
    startedAt = performance.now()
    try {
      const choice = await write(front, prompt, sampling, signal, options)
      finish(front, work, startedAt, choice.finishReason, prompt.tokens.length, choice.completionTokens)
      return choice
    } finally {
      front.slots.release()
    }
  } catch (error) {
    const reason = signal.aborted ? 'abort' : 'error'
    finish(front, work, startedAt || performance.now(), reason, prompt.tokens.length, 0)
    throw error
  }
}

async function write(
  front: FrontState,
  prompt: EnginePrompt,
  sampling: EngineSampling,
  signal: AbortSignal,
  options: { jsonSchema: unknown; onText?: (piece: string) => void },
): Promise<EngineChoice> {
  const { onText } = options
  const jsonSchema = options.jsonSchema === null ? {} : { jsonSchema: options.jsonSchema }
  const duration = drawLatency(front.latency, sampling.seed, front.latency ? hashText(prompt.text) : 0)
  if (duration === 0)
    return front.engine.complete(prompt, sampling, { signal, ...jsonSchema, ...(onText && { onText }) })
  const pieces: string[] = []
  const collect = onText && { onText: (piece: string) => pieces.push(piece) }
  const choice = await front.engine.complete(prompt, sampling, { signal, ...jsonSchema, ...collect })
  if (onText) await dealOut(pieces, duration, onText, signal)
  else await pause(duration, signal)
  return choice
}

/** Hands the pieces on over the duration, in steps of 25 ms or more: a timer a step, not a token. */
async function dealOut(
  pieces: readonly string[],
  duration: number,
  onText: (piece: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const steps = Math.max(1, Math.min(pieces.length, Math.floor(duration / 25)))
  let given = 0
  for (let step = 1; step <= steps; step += 1) {
    await pause(duration / steps, signal)
    const until = Math.round((pieces.length * step) / steps)
    for (; given < until; given += 1) onText(pieces[given]!)
  }
}

function finish(
  front: FrontState,
  work: Work,
  startedAt: number,
  reason: 'stop' | 'length' | 'abort' | 'error',
  promptTokens: number,
  completionTokens: number,
): void {
  front.metrics.finished({
    reason,
    promptTokens,
    completionTokens,
    queueSeconds: (startedAt - work.arrivedAt) / 1000,
    totalSeconds: (performance.now() - work.arrivedAt) / 1000,
  })
}

/** Holds a slot for one scoring, as long as a sequence takes. */
export async function scoreInSlot<Value>(
  front: FrontState,
  text: string,
  work: Work,
  make: () => Promise<Value>,
): Promise<Value> {
  work.counted.sequences(1)
  await front.slots.acquire(work.signal)
  try {
    const value = await make()
    const duration = drawLatency(front.latency, 0, front.latency ? hashText(text) : 0)
    if (duration > 0) await pause(duration, work.signal)
    return value
  } finally {
    front.slots.release()
  }
}
