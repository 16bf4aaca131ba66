// What is left for the parts of a run that one process has, for whoever shows it: read from the groups' positions, which
// all processes share. Promise: an outage of Kafka costs a figure and nothing else.

import type { Logger } from '../schemas/logger.ts'
import type { ReadingPart, RunOnLog } from './standing.ts'
import { lagOf } from './standing.ts'

/** Between two looks, milliseconds. */
const LOOK_MS = 2000

export interface Left {
  /** Records on the log that these parts have not brought to an end in any process; null: not known now. */
  records(): number | null
  stop(): void
}

/** Looks at once and then now and then, until it is stopped: a look that is under way then is not waited for. */
export function watchLeft(run: RunOnLog, parts: readonly ReadingPart[], log: Logger): Left {
  let records: number | null = null
  let looking: Promise<void> | null = null
  const look = async (): Promise<void> => {
    try {
      const lags = await Promise.all(parts.map((part) => lagOf(run, part)))
      records = lags.reduce((sum, lag) => sum + lag, 0)
    } catch (error) {
      records = null
      log.debug({ error: String(error) }, 'what is left could not be read')
    }
  }
  const begin = (): void => {
    looking ??= look().finally(() => (looking = null))
  }
  begin()
  const timer = setInterval(begin, LOOK_MS)
  return {
    records: () => records,
    stop() {
      clearInterval(timer)
    },
  }
}
