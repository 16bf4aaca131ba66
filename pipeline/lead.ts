// Holds on to the lead of a run. A process that was stopped longer than a silent run is held (SIGSTOP, a machine
// asleep) may find that another one leads now. Promises: what the leader writes goes out only while its last word on the
// log is fresh; when it is not, the run is claimed anew first, and where another has claimed it nothing is written.

import { Failure, permanent } from '../schemas/failure.ts'
import type { RunRecord } from '../schemas/records.ts'
import { type Moment, presentMoment, UNCLEAR, WITHHELD } from '../stream/fence.ts'
import type { Outgoing } from '../stream/outgoing.ts'
import type { Sender } from '../stream/sender.ts'
import { isDropped } from './run-records.ts'

export interface Lead {
  /** Resolves when all is acknowledged. Throws what claiming anew throws: permanent `lead-lost`. */
  readonly send: (messages: readonly Outgoing[]) => Promise<void>
  /** The log has a word of this process that was written not before this moment. */
  readonly confirm: (asked: Moment) => void
}

export interface LeadOptions {
  readonly sender: Sender
  /** A run whose last word is so old is held by nobody, milliseconds. */
  readonly silentMs: number
  /** Writes a word and looks whether it is the first since the last one of this process. Throws `lead-lost` if not. */
  readonly claim: () => Promise<void>
  readonly now?: () => Moment
}

/** So much of the time after which a run is free the leader goes by its last word. */
const FRESH_SHARE = 2 / 3

/** Begins with a word that has just been written. */
export function createLead({ sender, silentMs, claim, now = presentMoment }: LeadOptions): Lead {
  let confirmed = now()
  let claiming: Promise<void> | null = null

  const isSure = (): boolean => {
    const { wall, steady } = now()
    return Math.max(wall - confirmed.wall, steady - confirmed.steady) < silentMs * FRESH_SHARE
  }

  async function claimAnew(): Promise<void> {
    const asked = now()
    await claim()
    confirmed = asked
  }

  return {
    confirm(asked) {
      confirmed = asked
    },
    async send(messages) {
      for (;;) {
        if (!isSure()) {
          claiming ??= claimAnew().finally(() => (claiming = null))
          await claiming
          continue
        }
        try {
          await sender.send(messages, isSure)
          return
        } catch (error) {
          // Where the answer was lost they are sent again: a state is the same state, a problem is passed over (see
          // stream/repeats.ts).
          if (!(error instanceof Failure && (error.code === WITHHELD || error.code === UNCLEAR))) throw error
        }
      }
    },
  }
}

/** What ends the run in a process that does not lead any more. */
export function leadLost({ runId, revision, state, pid, host }: RunRecord): Failure {
  if (isDropped({ state }))
    return permanent(
      'lead-lost',
      `revision ${revision} of run ${runId} is being dropped: this process was silent too long (was it stopped?) and ends`,
    )
  return permanent(
    'lead-lost',
    `run ${runId} is led by process ${pid} on ${host} now: this process was silent too long (was it stopped?) and ends; nothing is lost`,
  )
}
