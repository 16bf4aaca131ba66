// Which records of the replayed topic the first stage of a replay takes. Dead letters that were sent again to it are
// taken wherever they lie (stream/stage.ts).

import type { Replay } from '../../configs/replay.ts'
import type { RecordPlace } from '../../stream/consumer.ts'
import { partitionOffsets } from '../standing.ts'
import type { ChosenIds } from './selection.ts'

/** Those from begin on, before end, and of the selection. A partition that begin does not name came later. */
export function takesOf(
  { begin, end }: Pick<Replay, 'begin' | 'end'>,
  chosen: Pick<ChosenIds, 'has'> | null,
): (place: RecordPlace) => boolean {
  const first = partitionOffsets(begin)
  const last = end === null ? null : partitionOffsets(end)
  return ({ partition, offset, key }) => {
    if (offset < (first.get(partition) ?? 0)) return false
    if (last !== null && offset >= (last.get(partition) ?? 0)) return false
    return chosen === null || (key !== null && chosen.has(key.toString()))
  }
}
