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
import type { Range } from './range.ts'

export interface ReplayProgress {
  /**
   * Problems that the replay takes in all; those that are chosen until all is read. Null where nobody can tell: offsets
   * are no count, since records of other runs, what was compacted and marks of transactions lie between.
   */
  total(): number | null
  /** Share of the range's offsets that is read, 0 to 1; null: not known yet, or the range has no end. */
  read(): number | null
}

export interface LedReplay extends ReplayProgress {
  /** Resolves when everything in the range is read, or the followed run has ended. */
  start(signal: AbortSignal): Promise<ProduceEnd>
}

const LOOK_MS = 1000

/**
 * What is told of a replay. taken: problems that the first stage has brought to an end, in all processes and starts.
 * note: where its group stands now, and whether nothing more can come; it returns whether all is read.
 */
export function replayProgress(
  replay: Pick<Replay, 'begin' | 'end' | 'selection'>,
  taken: () => number,
): ReplayProgress & { readonly note: (positions: readonly PartitionLag[], isEnding: boolean) => boolean } {
  const size = sizeOf(replay)
  let left: number | null = null
  let isRead = false
  return {
    note(positions, isEnding) {
      left = positions.reduce((sum, position) => sum + leftIn(position, replay), 0)
      isRead = isEnding && left === 0
      return isRead
    },
    total: () => (isRead ? taken() : (replay.selection?.problems ?? null)),
    read: () => (left === null || size === null ? null : size === 0 ? 1 : (size - left) / size),
  }
}

export function leadReplay(
  run: Pick<OpenRun, 'connection' | 'codec' | 'runId' | 'revision' | 'readers'>,
  replay: Replay,
  taken: () => number,
): LedReplay {
  const first = run.readers.find(({ of }) => of !== undefined)!
  const { note, ...progress } = replayProgress(replay, taken)
  const look = async (signal: AbortSignal): Promise<boolean> => {
    // Asked before the ends are: what the run has written by its last word lies below them.
    const isEnding = replay.end !== null || (await isSourceOver(run, replay, signal))
    return note(await positionsOf(run, first), isEnding)
  }
  return {
    ...progress,
    async start(signal) {
      while (!(await untilAnswered(() => look(signal), signal)))
        if (!(await pauseFor(LOOK_MS, signal))) return 'aborted'
      return 'replayed'
    },
  }
}

/** Offsets of the range; null: it has no end. */
function sizeOf({ begin, end }: Range): number | null {
  if (end === null) return null
  return Object.entries(end).reduce((sum, [partition, last]) => sum + Math.max(0, last - (begin[partition] ?? 0)), 0)
}

/** Offsets of the range that the group has not finished in a partition. */
function leftIn({ partition, committed, end, lag }: PartitionLag, { begin, end: last }: Range): number {
  if (last === null) return lag
  const from = committed ?? begin[partition] ?? 0
  const to = Math.min(last[partition] ?? 0, end)
  return from >= to ? 0 : Math.min(lag, to - from)
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
