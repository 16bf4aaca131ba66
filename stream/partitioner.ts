// Which partition a key belongs to: murmur2 as Kafka's Java client has it, so that the producers of others agree.
// kafkajs computes the same in big integers, which takes longer than all else that sending a small message needs.

import kafkajs, { type ICustomPartitioner } from 'kafkajs'

const SEED = 0x9747b28c
const MULTIPLIER = 0x5bd1e995

/** Signed 32-bit hash of a key. */
export function murmur2(key: string | Buffer): number {
  const bytes = typeof key === 'string' ? Buffer.from(key) : key
  const { length } = bytes
  const whole = length - (length % 4)
  let hash = SEED ^ length
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(bytes.readInt32LE(at), MULTIPLIER)
    word = Math.imul(word ^ (word >>> 24), MULTIPLIER)
    hash = Math.imul(hash, MULTIPLIER) ^ word
  }
  for (let at = length - 1; at >= whole; at -= 1) hash ^= bytes[at]! << (8 * (at - whole))
  if (whole < length) hash = Math.imul(hash, MULTIPLIER)
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER)
  return hash ^ (hash >>> 15)
}

/** Partitions as kafkajs's default does: as the message says, else by its key, else by turns. */
export const partitionByKey: ICustomPartitioner = () => {
  const byDefault = kafkajs.Partitioners.DefaultPartitioner()
  return (given) => {
    const { partitionMetadata, message } = given
    const isKeyed = message.partition === undefined && message.key !== null && message.key !== undefined
    return isKeyed ? (murmur2(message.key!) & 0x7fffffff) % partitionMetadata.length : byDefault(given)
  }
}
