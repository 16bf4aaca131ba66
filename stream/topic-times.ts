// Where a topic stood at a time.

import type { KafkaConnection } from './kafka.ts'
import type { PartitionEnds } from './positions.ts'

/** Of each partition the first offset whose message is of this time (milliseconds since 1970 UTC) or later; its end where all are older. */
export async function timesBefore(
  connection: KafkaConnection,
  topic: string,
  ends: readonly PartitionEnds[],
  time: number,
): Promise<Map<number, number>> {
  const found = await connection.ask(
    `reading where topic ${topic} stood`,
    async (admin) => await admin.fetchTopicOffsetsByTimestamp(topic, time),
  )
  const offsets = new Map(found.map(({ partition, offset }) => [partition, Number(offset)]))
  return new Map(
    ends.map(({ partition, low, high }) => {
      const offset = offsets.get(partition) ?? -1
      return [partition, offset < 0 ? high : Math.max(low, offset)]
    }),
  )
}
