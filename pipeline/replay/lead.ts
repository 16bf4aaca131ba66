// The part of a replay's leader that stands in the place of a producer: it knows how much is left to be read, and when
// nothing more will come.

import type { Replay } from '../../configs/replay.ts'
import { pauseFor } from '../../stream/back-off.ts'
import type { PartitionLag } from '../../stream/groups-admin.ts'
import type { OpenRun } from '../open-run.ts'
import { untilAnswered } from '../patience.ts'
import type { ProduceEnd } from '../produce.ts'
import { readRunRecords } from '../run-records.ts'
import { positionsOf } from '../standing.ts'

export interface ReplayProgress {
  /** Problems that the replay takes in all, as far as can be told by now; null: it follows a run without an end. */
  total(): number | null
  /** Resolves when everything in the range is read, or the followed run has ended. */
  start(signal: AbortSignal): Promise<ProduceEnd>
}

const LOOK_MS = 1000

/** taken: problems that the first stage has brought to an end, in all processes and starts. */
export function leadReplay(
  run: Pick<OpenRun, 'connection' | 'codec' | 'runId' | 'revision' | 'readers'>,
  replay: Replay,
  taken: () => number,
): ReplayProgress {
  const first = run.readers.find(({ of }) => of !== undefined)!
  let left: number | null = null
  let passed = 0
  const look = async (signal: AbortSignal): Promise<boolean> => {
    // Asked before the ends are: what the run has written by its last word lies below them.
    const isEnding = replay.end !== null || (await isSourceOver(run, replay, signal))
    const positions = await positionsOf(run, first)
    left = positions.reduce((sum, position) => sum + leftIn(position, replay), 0)
    passed = positions.reduce((sum, position) => sum + passedIn(position, replay), 0)
    return isEnding && left === 0
  }
  return {
    total() {
      if (replay.selection !== null) return replay.selection.problems
      if (left === null || replay.end === null) return null
      // Records of other runs lie between: what was passed over so far says how many.
      const share = passed === 0 ? 1 : Math.min(1, taken() / passed)
      return taken() + Math.round(left * share)
    },
    async start(signal) {
      while (!(await untilAnswered(() => look(signal), signal)))
        if (!(await pauseFor(LOOK_MS, signal))) return 'aborted'
      return 'replayed'
    },
  }
}

/** Records of the range that the group has not finished in a partition. */
function leftIn({ partition, committed, end, lag }: PartitionLag, { begin, end: last }: Replay): number {
  if (last === null) return lag
  const from = committed ?? begin[partition] ?? 0
  const to = Math.min(last[partition] ?? 0, end)
  return from >= to ? 0 : Math.min(lag, to - from)
}

/** Records of the range that the group has passed, those of other runs too. */
function passedIn({ partition, committed, doneAbove }: PartitionLag, { begin, end }: Replay): number {
  const from = begin[partition] ?? 0
  const to = Math.min(committed ?? from, end?.[partition] ?? Infinity)
  return Math.max(0, to - from) + doneAbove
}

/** The run that is followed has come to its end: then all that it will write is on the log. */
async function isSourceOver(
  { connection, codec, runId }: Pick<OpenRun, 'connection' | 'codec' | 'runId'>,
  { of }: Replay,
  signal: AbortSignal,
): Promise<boolean> {
  const state = (await readRunRecords(connection, codec, of, signal)).get(runId)?.state
  return state === 'finished' || state === 'failed'
}
