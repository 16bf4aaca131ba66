// How full the pipeline is: problems that were published and have not come to an end. While all stages run in this
// process their own counters say it exactly; else it is read from the groups' positions, which all processes share.

import type { PlannedStage } from '../pipeline.ts'
import type { RunningStage } from '../stream/stage.ts'

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

/** Counts what is in the house. Stages must not have been at work before. */
export function createHouse({ planned, running, backlog, recount, now }: HouseParts): House {
  const whole = running.length === planned.length
  let onLog = backlog
  let counted = now()
  let publishedSince = 0
  const ended = (): number => {
    let sum = 0
    for (const stage of running) {
      const { name, emitted, rejected, dead } = stage.state()
      sum += rejected + dead + (name === planned.at(-1)?.name ? emitted : 0)
    }
    return sum
  }
  return {
    async open() {
      if (!whole && now() - counted >= FRESH_MS) {
        publishedSince = 0
        onLog = await recount()
        counted = now()
      }
      return Math.max(0, onLog + publishedSince - (whole ? ended() : 0))
    },
    published(count) {
      publishedSince += count
    },
  }
}
