// A key comes to the partition that Kafka's own clients choose.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import kafkajs from 'kafkajs'
import { murmur2, partitionByKey } from '../../stream/partitioner.ts'

const theirs = createRequire(import.meta.url)('kafkajs/src/producer/partitioners/default/murmur2') as (
  key: string | Buffer,
) => number

const metadata = (count: number) =>
  Array.from({ length: count }, (_, partitionId) => ({
    ...{ partitionErrorCode: 0, partitionId, leader: 0, replicas: [0], isr: [0] },
  }))

describe('partitions of keys', () => {
  it('hash as Kafka does: known values of its own test', () => {
    for (const [key, hash] of [
      ['21', -973932308],
      ['foobar', -790332482],
      ['a-little-bit-long-string', -985981536],
      ['a-little-bit-longer-string', -1486304829],
      ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
      ['abc', 479470107],
    ] as const)
      assert.equal(murmur2(key), hash, key)
  })

  it('hash as kafkajs does, and go where its default partitioner puts them', () => {
    const [ours, default_] = [partitionByKey(), kafkajs.Partitioners.DefaultPartitioner()]
    const keys = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.uint8Array().map((each) => Buffer.from(each)),
    )
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 200 }), (key, count) => {
        assert.equal(murmur2(key), theirs(key))
        const given = { topic: 'a-topic', partitionMetadata: metadata(count), message: { key, value: null } }
        assert.equal(ours(given), default_(given))
      }),
    )
  })

  it('are those that the message names, and go round where it has no key', () => {
    const ours = partitionByKey()
    const given = { topic: 'a-topic', partitionMetadata: metadata(3) }
    assert.equal(ours({ ...given, message: { key: 'a', value: null, partition: 2 } }), 2)
    const taken = [1, 2, 3].map(() => ours({ ...given, message: { value: null } }))
    assert.deepEqual(taken.toSorted(), [0, 1, 2])
  })
})
