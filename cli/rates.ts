// Rates over the last half minute, from snapshots that are shown. Pure but for its memory of the window.

import { endedIn } from '../pipeline/house.ts'
import type { RunSnapshot } from '../pipeline/run-contract.ts'

const WINDOW_MS = 30_000

export interface Rates {
  /** Problems that came to an end, per minute; of a process that has a part of the run, records of its stages and sinks. */
  readonly endedPerMinute: number
  readonly tokensPerSecond: number
  /** The same in all, in this process. */
  readonly ended: number
  /** Seconds until all wanted problems have ended; null while nobody can tell, as where other processes have stages. */
  readonly secondsLeft: number | null
}

interface Point {
  readonly at: number
  readonly ended: number
  readonly tokens: number
  /** Rows still missing, of the data set that will take longest; null where none are asked for. */
  readonly missing: number | null
}

/** Returns a function that takes each snapshot (and its time, milliseconds) and gives the rates by then. */
export function createRates(): (snapshot: RunSnapshot, at: number) => Rates {
  let points: Point[] = []
  return (snapshot, at) => {
    const ended = snapshot.here === null ? endedIn(snapshot.stages) : doneIn(snapshot)
    const point = { at, ended, tokens: tokensOf(snapshot), missing: missingRows(snapshot) }
    points = [...points.filter((each) => at - each.at <= WINDOW_MS), point]
    const first = points[0]!
    const seconds = Math.max((at - first.at) / 1000, 0.001)
    const perSecond = points.length < 2 ? 0 : (point.ended - first.ended) / seconds
    const rowsPerSecond = ((first.missing ?? 0) - (point.missing ?? 0)) / seconds
    const open = snapshot.stages.reduce((sum, { running, queued }) => sum + running + queued, 0)
    const toMake = snapshot.produced !== null ? 0 : problemsToCome(snapshot)
    const left = toMake === null ? null : toMake + open
    const byProblems = left === null || (perSecond === 0 && left > 0) ? null : left / Math.max(perSecond, 0.001)
    const isRowsBound = snapshot.produced === null && point.missing !== null
    const byRows = point.missing === null || rowsPerSecond <= 0 ? null : point.missing / rowsPerSecond
    return {
      endedPerMinute: perSecond * 60,
      tokensPerSecond: points.length < 2 ? 0 : (point.tokens - first.tokens) / seconds,
      ended: point.ended,
      secondsLeft: isRowsBound ? byRows : snapshot.here === null ? byProblems : null,
    }
  }
}

/** Records that stages and sinks have brought to an end. */
function doneIn({ stages, sinks }: RunSnapshot): number {
  const ofStages = stages.reduce((sum, { emitted, rejected, dead }) => sum + emitted + rejected + dead, 0)
  return sinks.reduce((sum, { written, dead }) => sum + written + dead, ofStages)
}

/** Problems that are still to be made or taken; of a replay by the share of its range that is read. */
function problemsToCome({ total, made, read }: RunSnapshot): number | null {
  if (read !== null && read > 0) return made / read - made
  return total === null ? null : Math.max(0, total - made)
}

function missingRows({ accepted, wanted }: RunSnapshot): number | null {
  if (wanted === null) return null
  return Math.max(...(['sft', 'preference'] as const).map((type) => Math.max(0, (wanted[type] ?? 0) - accepted[type])))
}

function tokensOf({ llm }: RunSnapshot): number {
  return Object.values(llm.usage).reduce((sum, { completionTokens }) => sum + completionTokens, 0)
}
