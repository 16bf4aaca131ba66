// The options of `magpie simulate` that make it a bad cluster: how they are read, and what they add up to.

import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import type { Outage } from '../local/engine/front-life.ts'
import { FAULT_KINDS, isFaultKind } from '../local/engine/front-mischief.ts'
import type { FaultKind } from '../local/engine/front-mischief.ts'
import { GATEWAY_HIDES } from '../local/engine/front-trouble.ts'
import type { Trouble } from '../local/engine/front-trouble.ts'
import { UsageFault } from '../schemas/failure.ts'
import { notNegative, positiveInteger } from './options.ts'

export interface TroubleOptions {
  readonly fault?: Readonly<Partial<Record<FaultKind, number>>>
  readonly faultSeed: number
  readonly retryAfter: number
  readonly down?: readonly Outage[]
  readonly wedged?: readonly Outage[]
  readonly slowStart: number
  readonly kvSlots?: number
  readonly queueLimit?: number
  readonly gatewayLimit?: number
  /** commander's name for --no-metrics. */
  readonly metrics: boolean
  readonly oldMetrics?: boolean
  readonly gateway?: boolean
}

/** Adds the options, in groups. */
export function addTroubleOptions(command: Command): void {
  command
    .optionsGroup('Faults of single calls:')
    .addOption(
      new Option(
        '--fault <kind=rate>',
        'share of the calls that meet a fault, such as 429=0.05 (repeatable); the kinds are below',
      ).argParser(faultRate),
    )
    .addOption(
      new Option('--fault-seed <n>', 'other calls meet the faults with another seed').argParser(wholeNumber).default(0),
    )
    .addOption(
      new Option('--retry-after <seconds>', 'what Retry-After says where it is sent').argParser(notNegative).default(1),
    )
    .optionsGroup('Outages (seconds after the start):')
    .addOption(
      new Option(
        '--down <from:for>',
        'the server is killed and comes back (repeatable); FROM:FOR:silent: busy connections stay open, without a word',
      ).argParser(downTime),
    )
    .addOption(
      new Option('--wedged <from:for>', 'it answers, but generates nothing (repeatable)').argParser(wedgedTime),
    )
    .addOption(
      new Option('--slow-start <seconds>', '503 for so long after the start and each return')
        .argParser(notNegative)
        .default(0),
    )
    .optionsGroup('Limits:')
    .addOption(
      new Option('--kv-slots <k>', 'with more than K running, the youngest starts again').argParser(positiveInteger),
    )
    .addOption(new Option('--queue-limit <n>', '503 above N sequences, running and waiting').argParser(positiveInteger))
    .addOption(new Option('--gateway-limit <n>', '429 with Retry-After above N sequences').argParser(positiveInteger))
    .optionsGroup('What it tells:')
    .option('--no-metrics', 'no /metrics')
    .option('--old-metrics', 'the cache gauge by its old name, vllm:gpu_cache_usage_perc')
    .option('--gateway', `as behind a gateway: no ${GATEWAY_HIDES.join(', ')}`)
}

/** The kinds of faults, a line each, for the help. */
export const FAULT_LIST = Object.entries(FAULT_KINDS)
  .map(([kind, meaning]) => `  ${kind.padEnd(12)} ${meaning}`)
  .join('\n')

/** What the front is told. Throws a UsageFault for rates that add up to more than 1. */
export function troubleOf(options: TroubleOptions): Trouble {
  const rates = options.fault ?? {}
  const sum = Object.values(rates).reduce((total, rate) => total + rate, 0)
  if (sum > 1 + 1e-9)
    throw new UsageFault(`--fault: the rates add up to ${Number(sum.toFixed(6))}, and 1 is all calls.`)
  const hiddenRoutes = [...(options.gateway === true ? GATEWAY_HIDES : []), ...(options.metrics ? [] : ['/metrics'])]
  return {
    faults: { rates, seed: options.faultSeed, retryAfterSeconds: options.retryAfter },
    outages: [...(options.down ?? []), ...(options.wedged ?? [])],
    slowStartMs: options.slowStart * 1000,
    hiddenRoutes,
    oldMetrics: options.oldMetrics === true,
    ...(options.kvSlots !== undefined && { kvSlots: options.kvSlots }),
    ...(options.queueLimit !== undefined && { queueLimit: options.queueLimit }),
    ...(options.gatewayLimit !== undefined && { gatewayLimit: options.gatewayLimit }),
  }
}

/** One line for each trouble that is switched on. */
export function describeTrouble(trouble: Trouble): string[] {
  const lines: string[] = []
  const { faults, outages = [], slowStartMs = 0, hiddenRoutes = [] } = trouble
  const rates = Object.entries(faults?.rates ?? {}).filter(([, rate]) => rate > 0)
  if (rates.length > 0) {
    const shares = rates.map(([kind, rate]) => `${kind} ${Number((rate * 100).toFixed(4))} %`)
    lines.push(`faults: ${shares.join(', ')} of the calls (seed ${faults?.seed ?? 0})`)
  }
  for (const { kind, fromMs, forMs } of outages) lines.push(`${kind} after ${fromMs / 1000} s for ${forMs / 1000} s`)
  if (slowStartMs > 0) lines.push(`loading for ${slowStartMs / 1000} s after each start`)
  if (trouble.kvSlots !== undefined) lines.push(`KV cache for ${trouble.kvSlots} sequences`)
  if (trouble.queueLimit !== undefined) lines.push(`503 above ${trouble.queueLimit} sequences`)
  if (trouble.gatewayLimit !== undefined) lines.push(`429 above ${trouble.gatewayLimit} sequences`)
  if (hiddenRoutes.length > 0) lines.push(`missing: ${hiddenRoutes.join(', ')}`)
  if (trouble.oldMetrics === true) lines.push('/metrics by old names')
  return lines
}

/** Reads `FACTOR:PERIOD`, the drift of the latency. */
export function driftOf(text: string): { factor: number; periodMs: number } {
  const [factor, period] = numbers(text)
  if (factor === undefined || period === undefined || factor <= 0 || period <= 0)
    throw new InvalidArgumentError('give FACTOR:PERIOD_SECONDS, both above 0, such as 3:60.')
  return { factor, periodMs: period * 1000 }
}

function faultRate(text: string, before: Partial<Record<FaultKind, number>> = {}): Partial<Record<FaultKind, number>> {
  const [kind = '', rate = '', ...rest] = text.split('=')
  const known = `The kinds: ${Object.keys(FAULT_KINDS).join(', ')}.`
  if (!isFaultKind(kind)) throw new InvalidArgumentError(`there is no fault "${kind}". ${known}`)
  const share = Number(rate)
  if (rest.length > 0 || rate.trim() === '' || !(share >= 0 && share <= 1))
    throw new InvalidArgumentError(`give KIND=RATE with a rate from 0 to 1, such as 429=0.05. ${known}`)
  return { ...before, [kind]: share }
}

function downTime(text: string, before: readonly Outage[] = []): readonly Outage[] {
  const [from = '', time = '', manner = 'killed', ...rest] = text.split(':')
  if (rest.length > 0 || (manner !== 'killed' && manner !== 'silent'))
    throw new InvalidArgumentError('give FROM:FOR in seconds, and :silent or :killed behind it, such as 30:10:silent.')
  return [...before, outage(manner, `${from}:${time}`)]
}

function wedgedTime(text: string, before: readonly Outage[] = []): readonly Outage[] {
  return [...before, outage('wedged', text)]
}

function outage(kind: Outage['kind'], text: string): Outage {
  const [from, time] = numbers(text)
  if (from === undefined || time === undefined || from < 0 || time <= 0)
    throw new InvalidArgumentError('give FROM:FOR in seconds, such as 30:10.')
  return { kind, fromMs: from * 1000, forMs: time * 1000 }
}

/** Two numbers with a colon between them; undefined for what is none. */
function numbers(text: string): (number | undefined)[] {
  const parts = text.split(':')
  if (parts.length !== 2) return []
  return parts.map((part) => (part.trim() !== '' && Number.isFinite(Number(part)) ? Number(part) : undefined))
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('give a whole number of at least 0.')
  return value
}
