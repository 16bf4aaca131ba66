// Faults of single calls, each kind as real servers and the networks before them have it. Which call meets one is
// drawn from the fault seed and the call's running number, never from the call itself: a repeat does not meet the same
// fault for ever, and the same calls in the same order meet the same faults again.

import { HttpFault, serverBusy, tooMany } from './front-faults.ts'
import { createDice } from './random.ts'

/** What can go wrong with one call, and what it stands for. */
export const FAULT_KINDS = {
  '429': 'refused by a gateway, with Retry-After',
  '503': 'refused by a full server, half of the times with Retry-After',
  '500': 'an error with an empty body',
  flat: 'an error 500 in the old flat form {"object": "error", …}',
  reset: 'the connection is reset before the reply',
  'reset-body': 'the connection is reset in the middle of the reply',
  truncated: 'half of the reply, and a clean end',
  'finish-null': 'a text cut short, finish_reason null',
  abort: 'a text cut short, finish_reason "abort"',
  length: 'a text cut short, finish_reason "length" (an honest reply: the counts fit)',
  hang: 'accepted and never answered',
  'hang-slot': 'accepted and never answered, and a slot is held',
} as const

export type FaultKind = keyof typeof FAULT_KINDS

const KINDS = Object.keys(FAULT_KINDS) as FaultKind[]

/** Whether this is the name of a kind. */
export function isFaultKind(name: string): name is FaultKind {
  return Object.hasOwn(FAULT_KINDS, name)
}

export interface FaultOptions {
  /** Share of the calls that meet each kind, 0 to 1; their sum is at most 1. */
  readonly rates: Readonly<Partial<Record<FaultKind, number>>>
  /** 0 unless said. */
  readonly seed?: number
  /** What Retry-After says; 1 unless said. */
  readonly retryAfterSeconds?: number
}

/** The fault that one call meets. */
export interface Fault {
  readonly kind: FaultKind
  readonly retryAfter: number | null
}

export interface Mischief {
  /** Draws for the next call of a route; null: it goes well. */
  next(writesText: boolean): Fault | null
  /** How many calls met each kind since the reset. */
  counts(): Partial<Record<FaultKind, number>>
  reset(): void
}

/** Draws by these rates; the running number begins at 1 and is never set back. */
export function createMischief(options: FaultOptions | undefined): Mischief {
  const { rates = {}, seed = 0, retryAfterSeconds = 1 } = options ?? {}
  const kinds = KINDS.filter((kind) => (rates[kind] ?? 0) > 0)
  let counts: Partial<Record<FaultKind, number>> = {}
  let number = 0
  return {
    next(writesText) {
      if (kinds.length === 0) return null
      number += 1
      const dice = createDice(seed, number, 0xbad)
      let share = dice.uniform()
      const kind = kinds.find((candidate) => (share -= rates[candidate]!) < 0)
      if (kind === undefined || (!writesText && CUTS_TEXT.includes(kind))) return null
      counts[kind] = (counts[kind] ?? 0) + 1
      const tells = kind === '429' || (kind === '503' && dice.below(2) === 0)
      return { kind, retryAfter: tells ? retryAfterSeconds : null }
    },
    counts: () => ({ ...counts }),
    reset() {
      counts = {}
    },
  }
}

/** Kinds that only a written text can have. */
const CUTS_TEXT: readonly FaultKind[] = ['finish-null', 'abort', 'length']

/** Whether this call's text is to be cut short. */
export function cutsText(fault: Fault | null): boolean {
  return fault !== null && CUTS_TEXT.includes(fault.kind)
}

/** Whether the client does not get, or cannot use, the reply that was made. */
export function spoilsReply(fault: Fault | null): boolean {
  return fault !== null && ['reset', 'reset-body', 'truncated', 'finish-null', 'abort'].includes(fault.kind)
}

/** Throws the error reply of the kinds that are one. */
export function refuseByFault({ kind, retryAfter }: Fault): void {
  const headers = retryAfter === null ? {} : { 'retry-after': String(retryAfter) }
  switch (kind) {
    case '429':
      throw tooMany(headers)
    case '503':
      throw serverBusy(headers)
    case '500':
      throw new HttpFault(500, undefined)
    case 'flat': {
      const message = 'Internal server error'
      throw new HttpFault(500, { object: 'error', message, type: 'InternalServerError', param: null, code: 500 })
    }
    case 'reset':
    case 'reset-body':
    case 'truncated':
    case 'finish-null':
    case 'abort':
    case 'length':
    case 'hang':
    case 'hang-slot':
  }
}
