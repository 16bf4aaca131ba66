// What of a dump lies on a cluster: its records carry a header that names the dump and their old offset. So a load that
// was broken off is gone on with from the log alone, and what was loaded is proven by reading it.

import { UsageFault } from '../../schemas/failure.ts'
import type { KafkaConnection } from '../../stream/kafka.ts'
import { headerText, LOADED_HEADER, REVISION_HEADER, RUN_HEADER } from '../../stream/outgoing.ts'
import { readBatches } from '../../stream/read-topic.ts'
import { partitionName } from '../../stream/tenure.ts'
import type { Manifest } from './manifest.ts'
import type { Place } from './references.ts'

export interface Landed {
  /** By partitionName: the old offset of the last record, and how many there are. */
  readonly partitions: ReadonlyMap<string, { readonly last: number; readonly records: number }>
  /** Topics with records of the run that are not of the dump. */
  readonly foreign: readonly string[]
}

const HELD_BYTES = 16 * 1024 * 1024

/**
 * Reads these topics, and shows each record of the dump in its order. Throws UsageFault where one lies there twice: two
 * loads were at it at once.
 */
export async function readLanded(
  connection: KafkaConnection,
  { id, run, revisions }: Pick<Manifest, 'id' | 'run' | 'revisions'>,
  topics: readonly string[],
  look: (place: Place, now: number) => void,
  signal: AbortSignal,
): Promise<Landed> {
  const partitions = new Map<string, { last: number; records: number }>()
  const foreign = new Set<string>()
  for (const topic of topics)
    for await (const [partition, batch] of readBatches(connection, { topic, signal, heldBytes: HELD_BYTES }))
      for (const { offset, headers = {} } of batch) {
        if (headerText(headers, RUN_HEADER) !== run) continue
        if (!revisions.includes(headerText(headers, REVISION_HEADER) ?? 'main')) continue
        const [dump, old] = (headerText(headers, LOADED_HEADER) ?? '').split('/')
        if (dump !== id) {
          foreign.add(topic)
          continue
        }
        const name = partitionName(topic, partition)
        const place = { topic, partition, offset: Number(old) }
        const before = partitions.get(name)
        if (before !== undefined && place.offset <= before.last) throw doubled(run, name)
        partitions.set(name, { last: place.offset, records: (before?.records ?? 0) + 1 })
        look(place, Number(offset))
      }
  return { partitions, foreign: [...foreign] }
}

function doubled(run: string, place: string): UsageFault {
  return new UsageFault(
    `records of run ${run} were loaded twice into ${place}, by two loads at once: the run cannot be used there; load it into another cluster, or delete its topics first`,
  )
}
