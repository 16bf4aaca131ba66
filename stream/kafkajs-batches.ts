// Puts record-batch.ts in the place of what kafkajs 2.2.4 writes and reads records with. kafkajs loads its own modules at
// the first request, so this has to come before. test/stream/record-batch.test.ts holds both against each other.

import type { KafkaMessage } from 'kafkajs'
import { encodeBatch, encodeRecords, decodeRecord, type BatchMessage } from './record-batch.ts'

type Require = NodeJS.Require

/** kafkajs's Encoder, as far as a finished one is asked. */
type Encoder = new (size: number) => { buf: Buffer; offset: number }

interface Compression {
  readonly Types: { readonly None: number }
  readonly lookupCodec: (type: number) => { compress(records: { readonly buffer: Buffer }): Promise<Buffer> }
}

/** What a produce request asks a batch to be made of. Times are decimal text where messages bring their own. */
interface BatchParts {
  readonly compression: number
  readonly firstTimestamp: number | string
  readonly maxTimestamp: number | string
  readonly transactional: boolean
  readonly producerId: bigint | number | string | { readonly value: bigint }
  readonly producerEpoch: number
  readonly firstSequence: number
  readonly records: readonly BatchMessage[]
}

/** What a fetched batch says of its records. */
interface BatchContext {
  readonly firstOffset: string
  readonly firstTimestamp: string
  readonly maxTimestamp: string
  readonly timestampType: number
  readonly magicByte: number
  readonly isControlBatch: boolean
}

const LOG_APPEND_TIME = 1

/** kafkajs writes and reads by record-batch.ts from now on. */
export function patchBatches(require: Require): void {
  const { Types, lookupCodec } = require('kafkajs/src/protocol/message/compression') as Compression
  const Encoder = require('kafkajs/src/protocol/encoder') as Encoder
  const batches = require('kafkajs/src/protocol/recordBatch/v0') as { RecordBatch: unknown }
  // A record stays what it is until its batch is written.
  replace(require, 'kafkajs/src/protocol/recordBatch/record/v0', (message: BatchMessage) => message)
  batches.RecordBatch = async ({ compression, records, producerId, ...head }: BatchParts) => {
    const plain = encodeRecords(records)
    const packed = compression === Types.None ? plain : await lookupCodec(compression).compress({ buffer: plain })
    const bytes = encodeBatch(
      {
        compression,
        isTransactional: head.transactional,
        firstTimestamp: Number(head.firstTimestamp),
        maxTimestamp: Number(head.maxTimestamp),
        producerId: typeof producerId === 'object' ? producerId.value : BigInt(producerId),
        producerEpoch: head.producerEpoch,
        firstSequence: head.firstSequence,
        count: records.length,
      },
      packed,
    )
    return Object.assign(new Encoder(1), { buf: bytes, offset: bytes.length })
  }
  replace(
    require,
    'kafkajs/src/protocol/recordBatch/record/v0/decoder',
    ({ buffer }: { buffer: Buffer }, batchContext: BatchContext): KafkaMessage => {
      const { firstOffset, firstTimestamp, maxTimestamp, timestampType, magicByte } = batchContext
      const message = decodeRecord(buffer, { firstOffset: Number(firstOffset), firstTimestamp: Number(firstTimestamp) })
      const timestamp = timestampType === LOG_APPEND_TIME ? maxTimestamp : message.timestamp
      return {
        ...message,
        timestamp,
        magicByte,
        isControlRecord: batchContext.isControlBatch,
        batchContext,
      } as unknown as KafkaMessage
    },
  )
}

function replace(require: Require, name: string, exports: unknown): void {
  require(name)
  require.cache[require.resolve(name)]!.exports = exports
}
