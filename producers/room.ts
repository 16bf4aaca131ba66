// Back-pressure as the producers obey it: they wait until the stages behind them have room for more problems.

import { setTimeout as sleep } from 'node:timers/promises'

/**
 * How many more problems the stages behind may be given now: the allowed number less those that were published and
 * have not come to an end. What a producer has in the making it subtracts itself.
 */
export type Room = () => number | Promise<number>

/** Waits this many milliseconds; rejects with the signal's reason. */
export type Pause = (milliseconds: number, signal: AbortSignal) => Promise<void>

/** Between two looks at a full house. */
export const LOOK_AGAIN_MS = 100

/** A pause by the machine's clock. */
export const pauseByClock: Pause = async (milliseconds, signal) => {
  await sleep(milliseconds, undefined, { signal })
}

/** Resolves, with how many, as soon as there is room for one problem at least. Rejects when the signal aborts. */
export async function waitForRoom(room: Room, pause: Pause, signal: AbortSignal): Promise<number> {
  for (;;) {
    signal.throwIfAborted()
    const free = await room()
    if (free >= 1) return Math.floor(free)
    await pause(LOOK_AGAIN_MS, signal)
  }
}
