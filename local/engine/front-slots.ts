// The server's slots, counted in sequences: so many are generated at once, the others wait in one queue, first come
// first served, as many as there are. Who gives up while waiting leaves the queue at once.

export interface Slots {
  readonly running: number
  readonly waiting: number
  readonly size: number
  /** The most there ever were of both. */
  peaks(): { peakRunning: number; peakWaiting: number }
  /** Resolves when a slot is this caller's; rejects with the signal's reason when it aborts first. */
  acquire(signal: AbortSignal): Promise<void>
  /** Gives one slot back. */
  release(): void
}

/** `size` slots, all free. */
export function createSlots(size: number): Slots {
  // A Set keeps the order of insertion and deletes from its middle in no time.
  const queue = new Set<() => void>()
  let running = 0
  let peakRunning = 0
  let peakWaiting = 0
  return {
    size,
    peaks: () => ({ peakRunning, peakWaiting }),
    get running() {
      return running
    },
    get waiting() {
      return queue.size
    },
    acquire(signal) {
      if (signal.aborted) return Promise.reject(signal.reason as Error)
      if (running < size) {
        running += 1
        peakRunning = Math.max(peakRunning, running)
        return Promise.resolve()
      }
      return new Promise((resolve, reject) => {
        const enter = (): void => {
          signal.removeEventListener('abort', leave)
          resolve()
        }
        const leave = (): void => {
          queue.delete(enter)
          reject(signal.reason as Error)
        }
        queue.add(enter)
        peakWaiting = Math.max(peakWaiting, queue.size)
        signal.addEventListener('abort', leave, { once: true })
      })
    },
    release() {
      const next = queue.values().next()
      if (next.done === true) {
        running -= 1
        return
      }
      // The slot goes from hand to hand: `running` stays.
      queue.delete(next.value)
      next.value()
    },
  }
}
