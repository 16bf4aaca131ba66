// How full the pipeline is: problems that were published and have not come to an end. While all stages run in this
// process and nowhere else, their own counters say it exactly; else it is read from the groups' positions, which all
// processes share.

import type { PlannedStage } from '../pipeline.ts'
import { Failure } from '../schemas/failure.ts'
import type { RunningStage, StageState } from '../stream/stage.ts'

export interface House {
  /** Problems on their way, those of other processes included. */
  open(): Promise<number>
  /** Tells of problems that the log has now. */
  published(count: number): void
}

export interface HouseParts {
  readonly planned: readonly PlannedStage[]
  /** The stages that run here. */
  readonly running: readonly RunningStage[]
  /** Records that waited before the stages of this run when they were started. */
  readonly backlog: number
  /** The same now. */
  readonly recount: () => Promise<number>
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
}

/** How long a count from the log is good for, milliseconds. */
const FRESH_MS = 500

/** The same where own counters are at hand: only what other processes have ended is to be learnt. */
const COUNTED_FRESH_MS = 5000

/** null for an outage; rethrows anything else. */
function outage(error: unknown): null {
  if (error instanceof Failure && error.retry === 'transient') return null
  throw error
}

/**
 * Problems that came to an end in these stages: refused or dead anywhere, or through the last one. A dead letter that
 * was sent again takes its end back, and has it once more when it comes; so this is below 0 for a while where the first
 * end was another process's.
 */
export function endedIn(stages: readonly StageState[]): number {
  return stages.reduce(
    (sum, { name, rejected, dead, emitted, redriven }) =>
      sum + rejected + dead + (name === 'curate' ? emitted : 0) - redriven,
    0,
  )
}

/** Counts what is in the house. Stages must not have been at work before. */
export function createHouse({ planned, running, backlog, recount, now }: HouseParts): House {
  const whole = running.length === planned.length
  const freshMs = whole ? COUNTED_FRESH_MS : FRESH_MS
  let onLog = backlog
  let counted = now()
  let publishedSince = 0
  let endedBefore = 0
  const ended = (): number => endedIn(running.map((stage) => stage.state()))
  const open = (): number => Math.max(0, onLog + publishedSince - (whole ? ended() - endedBefore : 0))
  return {
    async open() {
      if (now() - counted < freshMs) return open()
      const publishedBefore = publishedSince
      counted = now()
      const lag = await recount().catch(outage)
      // While the broker does not answer, the last count stands.
      if (lag === null) return open()
      // Positions lag behind our own counters and never run ahead, so the lower of the two is right.
      if (whole && lag >= open()) return open()
      onLog = lag
      publishedSince -= publishedBefore
      endedBefore = ended()
      return open()
    },
    published(count) {
      publishedSince += count
    },
  }
}
