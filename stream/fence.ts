// Lets what came of a record out only while its partition is surely ours. A process that was stopped (SIGSTOP, a hung
// event loop, a laptop asleep) may find that another member has taken over and sent other texts for the same records.
// Promises: nothing is handed to the broker unless the group has confirmed this member within its session time-out
// less a margin, and no rebalance is under way; what may not go waits, and ends with its tenure when that is lost. Nor are
// models asked (and paid) about a record that may be another member's by now.

import { Failure } from '../schemas/failure.ts'
import { settledWithin } from './back-off.ts'
import type { Arrival } from './arrival.ts'
import type { Tenure } from './tenure.ts'

/** One moment by both clocks, milliseconds: wall stands still for no sleeping machine, steady is set back by nobody. */
export interface Moment {
  readonly wall: number
  readonly steady: number
}

export interface Fence {
  /** The group has confirmed the member, asked at this moment. */
  readonly confirm: (asked: Moment) => void
  /** A rebalance has begun: nothing goes out until confirm(). Resolves when nothing is under way, or after a while. */
  close(): Promise<void>
  /** Tenures have become ready, or were lost: those who wait look again. */
  changed(): void
  /**
   * Calls `send` when what came of this record may go, again if it was withheld. `send` asks `mayGo` again just before
   * the request. Where the broker's answer was lost, and it is found to have the messages, that is the end as well.
   * Throws the reason of the tenure's signal when it is lost.
   */
  readonly pass: (
    record: Pick<Arrival, 'tenure' | 'offset'>,
    send: (mayGo: () => boolean) => Promise<void>,
  ) => Promise<void>
  /** See CallMemory.hold. A rebalance holds no calls unless it is long: most partitions stay where they are. */
  readonly hold: (tenure: Pick<Tenure, 'phase' | 'signal'>) => Promise<void> | null
}

/** The part of the session time-out in which nothing goes out any more: what is under way then arrives in time. */
const MARGIN_SHARE = 1 / 3
/** Longest wait for the broker's answer to what is under way, milliseconds; at most MARGIN_SHARE of the session. */
const CLOSE_MS = 10_000
/** Code of what the sender throws when mayGo() said no. */
export const WITHHELD = 'send-withheld'
/** Code of what the sender throws when it cannot know whether the broker has the messages. */
export const UNCLEAR = 'send-unclear'

/** This moment. */
export function presentMoment(): Moment {
  return { wall: Date.now(), steady: performance.now() }
}

export interface FenceOptions {
  readonly sessionTimeoutMs: number
  /** Finishes in the ledgers what is found to have been sent. */
  lookAgain(): Promise<void>
  readonly now?: () => Moment
}

/** Starts closed. */
export function createFence(options: FenceOptions): Fence {
  const { sessionTimeoutMs, now = presentMoment } = options
  const underWay = new Set<Promise<unknown>>()
  /** Of the newest confirmation. */
  let heard: Moment | null = null
  /** The same; null: a rebalance has begun since. */
  let confirmed: Moment | null = null
  let looking: Promise<void> | null = null
  let news = Promise.withResolvers<undefined>()

  function isRecent(asked: Moment | null): boolean {
    if (asked === null) return false
    const { wall, steady } = now()
    const age = Math.max(wall - asked.wall, steady - asked.steady)
    return age < sessionTimeoutMs - sessionTimeoutMs * MARGIN_SHARE
  }

  /** One look for all who wait for it. */
  function lookAgain(): Promise<void> {
    looking ??= options.lookAgain().finally(() => (looking = null))
    return looking
  }

  function changed(): void {
    const before = news
    news = Promise.withResolvers()
    before.resolve(undefined)
  }

  return {
    confirm(asked) {
      confirmed = asked
      heard = asked
      changed()
    },
    async close() {
      confirmed = null
      await settledWithin(Promise.allSettled([...underWay]), Math.min(CLOSE_MS, sessionTimeoutMs * MARGIN_SHARE))
    },
    changed,
    // Whoever is lost learns it from his signal.
    hold: ({ phase, signal }) => ((phase === 'ready' && isRecent(heard)) || signal.aborted ? null : news.promise),
    async pass({ tenure, offset }, send) {
      const isOver = (): boolean => tenure.signal.aborted || tenure.ledger.isFinished(offset)
      const mayGo = (): boolean => tenure.phase === 'ready' && !isOver() && isRecent(confirmed)
      for (;;) {
        if (tenure.ledger.isFinished(offset)) return
        tenure.signal.throwIfAborted()
        if (!mayGo()) {
          await news.promise
          continue
        }
        const sending = send(mayGo)
        underWay.add(sending)
        try {
          await sending
          return
        } catch (error) {
          const code = error instanceof Failure ? error.code : null
          if (code === UNCLEAR) await lookAgain()
          else if (code !== WITHHELD) throw error
        } finally {
          underWay.delete(sending)
        }
      }
    },
  }
}
