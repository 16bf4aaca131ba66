// What befalls the front on the spot: a fault of one call, and what a bench orders over HTTP of a simulator in its own
// process (POST /simulator/die and /simulator/hang, not routes of vLLM's).

import type { ServerResponse } from 'node:http'
import { badParameter, stillLoading } from './front-faults.ts'
import type { Body } from './front-fields.ts'
import type { Manner } from './front-life.ts'
import { refuseByFault } from './front-mischief.ts'
import type { Fault } from './front-mischief.ts'
import { resetConnection } from './front-spoil.ts'
import type { FrontState, Work } from './front-state.ts'
import { replyJson } from './http.ts'

/**
 * Does the fault of a call that never comes to its work: throws its error reply, resets the connection, or waits until
 * the client has gone away. Resolves at once for a call that goes its way.
 */
export async function meetFault(
  front: FrontState,
  response: ServerResponse,
  fault: Fault,
  { signal }: Work,
): Promise<void> {
  refuseByFault(fault)
  if (fault.kind === 'reset') {
    resetConnection(response)
    await gone(signal)
  } else if (fault.kind === 'hang') {
    await gone(signal)
  } else if (fault.kind === 'hang-slot') {
    const seat = await front.slots.acquire(signal)
    try {
      await gone(signal)
    } finally {
      front.slots.release(seat)
    }
  }
}

/** Rejects with the signal's reason when it aborts; never resolves. */
function gone(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const leave = (): void => {
      reject(signal.reason as Error)
    }
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
  })
}

/** Throws the 503 of a server that is loading its model. What asks the simulator itself is always served. */
export function checkLoaded(front: FrontState, path: string): void {
  if (front.life.state === 'loading' && !path.startsWith('/simulator/')) throw stillLoading()
}

const MANNERS: readonly unknown[] = ['killed', 'silent'] satisfies Manner[]

/** Serves POST /simulator/die with {manner, forMs}: `killed` unless said, for ever unless said. It replies, then dies. */
export function dieRoute(front: FrontState, response: ServerResponse, body: Body): void {
  const manner = body['manner'] ?? 'killed'
  if (!MANNERS.includes(manner)) throw badParameter("manner must be 'killed' or 'silent'", 'manner')
  const forMs = duration(body)
  const { socket } = response
  response.once('finish', () => {
    front.life.die(manner as Manner, forMs, socket)
  })
  replyJson(response, 200, { state: 'dead', manner, forMs: forMs ?? null }, { connection: 'close' })
}

/** Serves POST /simulator/hang with {forMs}: the engine generates no more, for ever unless said. */
export function hangRoute(front: FrontState, body: Body): unknown {
  const forMs = duration(body)
  front.life.hang(forMs)
  return { state: front.life.state, forMs: forMs ?? null }
}

function duration(body: Body): number | undefined {
  const value = body['forMs'] ?? undefined
  if (value === undefined || (typeof value === 'number' && value >= 0)) return value
  throw badParameter('forMs must be a number of milliseconds of at least 0', 'forMs')
}
