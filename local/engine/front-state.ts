// What every route of the front works with: the engine, its slots and counters, and one generation from queue to end.

import type { Logger } from '../../schemas/logger.ts'
import type { Clock } from './clock.ts'
import type { Engine, EngineChoice, EngineOptions, EnginePrompt, EngineSampling } from './contract.ts'
import { unknownModel } from './front-faults.ts'
import type { Body } from './front-fields.ts'
import { drawLatency, driftAt } from './front-latency.ts'
import type { Latency } from './front-latency.ts'
import type { Life } from './front-life.ts'
import { cutsText } from './front-mischief.ts'
import type { Fault, Mischief } from './front-mischief.ts'
import { spend } from './front-pace.ts'
import type { Seat, Slots } from './front-slots.ts'
import type { FrontProtocol } from './front-protocol.ts'
import type { CallCounter, CountedCall } from './front-stats.ts'
import type { Trouble } from './front-trouble.ts'
import { writeVaried } from './front-vary.ts'
import type { Metrics } from './metrics.ts'
import type { PrefixCache } from './prefix-cache.ts'
import { hashText } from './random.ts'

export interface FrontState {
  readonly engine: Engine
  readonly slots: Slots
  readonly metrics: Metrics
  readonly counter: CallCounter
  readonly latency: Latency | undefined
  readonly clock: Clock
  readonly life: Life
  readonly mischief: Mischief
  readonly trouble: Trouble
  /** Throws the refusal of a server that has no room for so many more sequences. */
  readonly checkRoom: (sequences: number) => void
  readonly log: Logger
  readonly protocol: FrontProtocol
  /** Null where nobody is told of it. */
  readonly prefixCache: PrefixCache | null
  /** Any model name is served; else only the engine's. */
  readonly anyModel: boolean
  /** A request that was answered before is answered differently. */
  readonly vary: boolean
  readonly version: string
  readonly fingerprint: string
  /** Seconds since 1970. */
  readonly startedAt: number
  /** The same moment on the front's clock. */
  readonly bornAt: number
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
  /** On the front's clock. */
  readonly arrivedAt: number
  /** What goes wrong with this call. */
  readonly fault: Fault | null
  /** Its place in the queue, lower is earlier. */
  readonly priority: number
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
  const { signal, priority } = work
  let startedAt: number | null = null
  try {
    const seat = await front.slots.acquire(signal, priority)
    ;({ startedAt } = seat)
    let dueAt: number | undefined
    try {
      const engineOptions: EngineOptions = { signal }
      if (options.jsonSchema !== null) engineOptions.jsonSchema = options.jsonSchema
      const asked = cutsText(work.fault) ? await cutShort(front, prompt, sampling, engineOptions) : sampling
      if (options.onText) engineOptions.onText = options.onText
      const duration = durationOf(front, sampling.seed, prompt.text)
      const write: Write = (more) => {
        const all = { ...engineOptions, ...more }
        if (!front.vary) return front.engine.complete(prompt, asked, all)
        return writeVaried(front.engine, prompt, asked, all, work.counted.answeredBefore)
      }
      let choice: EngineChoice
      if (duration > 0) ({ choice, dueAt } = await writeSlowly(front, seat, duration, engineOptions, write))
      else {
        choice = await write({})
        if (front.slots.wedged) await front.slots.flowing(signal)
      }
      finish(front, work, startedAt, choice.finishReason, prompt.tokens.length, choice.completionTokens)
      return choice
    } finally {
      front.slots.release(seat, dueAt)
    }
  } catch (error) {
    const reason = signal.aborted ? 'abort' : 'error'
    finish(front, work, startedAt ?? front.clock.now(), reason, prompt.tokens.length, 0)
    throw error
  }
}

/** Has the engine write, with these options in the place of its own. */
type Write = (more: Partial<EngineOptions>) => Promise<EngineChoice>

/** Writes, and lets the time pass; `dueAt` is when it was over by rights. */
async function writeSlowly(
  front: FrontState,
  seat: Seat,
  duration: number,
  { signal, onText }: EngineOptions,
  write: Write,
): Promise<{ choice: EngineChoice; dueAt: number }> {
  const pieces: string[] = []
  const collect = onText && { onText: (piece: string) => pieces.push(piece) }
  const choice = await write({ ...collect })
  return { choice, dueAt: await spend(front, seat, duration, signal, onText && { pieces, onText }) }
}

/** The sampling that ends the same text in its middle. */
async function cutShort(
  front: FrontState,
  prompt: EnginePrompt,
  sampling: EngineSampling,
  options: EngineOptions,
): Promise<EngineSampling> {
  const { completionTokens } = await front.engine.complete(prompt, sampling, options)
  return { ...sampling, maxTokens: Math.max(1, Math.floor(completionTokens / 2)) }
}

/** Milliseconds that a sequence takes which starts now. */
function durationOf(front: FrontState, seed: number, text: string): number {
  const { latency, clock } = front
  if (latency === undefined) return 0
  return drawLatency(latency, seed, hashText(text)) * driftAt(latency, clock.now() - front.bornAt)
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
    totalSeconds: (front.clock.now() - work.arrivedAt) / 1000,
  })
}

/** Holds a slot for one scoring, as long as a sequence takes. */
export async function scoreInSlot<Value>(
  front: FrontState,
  text: string,
  work: Work,
  make: () => Promise<Value>,
): Promise<Value> {
  front.checkRoom(1)
  work.counted.sequences(1)
  const { signal, priority } = work
  const seat = await front.slots.acquire(signal, priority)
  let dueAt: number | undefined
  try {
    const value = await make()
    const duration = durationOf(front, 0, text)
    if (duration > 0) dueAt = await spend(front, seat, duration, signal)
    else if (front.slots.wedged) await front.slots.flowing(signal)
    return value
  } finally {
    front.slots.release(seat, dueAt)
  }
}
