// What is written in the place of kafkajs's own record batches is the same bytes, and what is read the same messages.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, it } from 'node:test'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import kafkajs from 'kafkajs'
import { crc32c } from '../../stream/crc32c.ts'
import { patchBatches } from '../../stream/kafkajs-batches.ts'

const require = createRequire(import.meta.url)
const RECORD = 'kafkajs/src/protocol/recordBatch/record/v0'
const BATCH = 'kafkajs/src/protocol/recordBatch/v0'

type Encode = (message: object) => unknown
type Write = (batch: object) => Promise<{ buffer: Buffer; size(): number }>
type Read = (decoder: object) => Promise<{ records: unknown[] }>

const Decoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => object
const Long = require('kafkajs/src/utils/long') as { fromValue(value: number): object }

/** kafkajs's modules as they are now. */
function modules(): { encode: Encode; write: Write } {
  return { encode: require(RECORD) as Encode, write: (require(BATCH) as { RecordBatch: Write }).RecordBatch }
}

/** A reader that was loaded anew, with the decoder of records as it is now. */
function reader(): Read {
  const path = require.resolve(`${BATCH}/decoder`)
  Reflect.deleteProperty(require.cache, path)
  return require(path) as Read
}

kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => ({
  compress: ({ buffer }: { buffer: Buffer }) => Promise.resolve(zstdCompressSync(buffer)),
  decompress: (buffer: Buffer) => Promise.resolve(zstdDecompressSync(buffer)),
})

const theirs = { ...modules(), read: reader() }
patchBatches(require)
const ours = { ...modules(), read: reader() }

const bytes = fc.uint8Array({ maxLength: 300 }).map((each) => Buffer.from(each))
const text = fc.string({ unit: 'binary', maxLength: 40 })
const headerValue = fc.oneof(text, bytes)
/** kafkajs itself misreads headers whose name every object has. */
const name = fc.oneof(text, fc.constant('magpie.run')).filter((each) => !(each in {}))
const messages = fc.array(
  fc.record({
    key: fc.option(fc.oneof(text, bytes)),
    value: fc.option(fc.oneof(text, bytes)),
    headers: fc.dictionary(name, fc.oneof(headerValue, fc.array(headerValue, { minLength: 1, maxLength: 3 }))),
    timestamp: fc.integer({ min: 1_000_000_000_000, max: 4_000_000_000_000 }).map(String),
  }),
  { minLength: 1, maxLength: 20 },
)

/** The batch as a produce request of kafkajs writes it. */
async function written(
  { encode, write }: { encode: Encode; write: Write },
  given: readonly { readonly timestamp: string }[],
  compression: number,
): Promise<Buffer> {
  const times = given.map(({ timestamp }) => timestamp).sort()
  const first = times[0]!
  const records = given.map((message, offsetDelta) =>
    encode({ ...message, offsetDelta, timestampDelta: Number(message.timestamp) - Number(first) }),
  )
  const batch = await write({
    ...{ compression, records, firstTimestamp: first, maxTimestamp: times.at(-1), transactional: false },
    ...{ producerId: Long.fromValue(4711), producerEpoch: 3, firstSequence: 12, lastOffsetDelta: records.length - 1 },
  })
  assert.equal(batch.size(), batch.buffer.length)
  return Buffer.from(batch.buffer)
}

describe('record batches', () => {
  for (const compression of [kafkajs.CompressionTypes.None, kafkajs.CompressionTypes.ZSTD]) {
    it(`are the bytes that kafkajs writes, compression ${compression}`, async () => {
      await fc.assert(
        fc.asyncProperty(messages, async (given) => {
          const bytesOfTheirs = await written(theirs, given, compression)
          assert.deepEqual(await written(ours, given, compression), bytesOfTheirs)
        }),
      )
    })

    it(`are read as kafkajs reads them, compression ${compression}`, async () => {
      await fc.assert(
        fc.asyncProperty(messages, async (given) => {
          const batch = await written(theirs, given, compression)
          batch.writeBigInt64BE(2n ** 40n, 0)
          const expected = await theirs.read(new Decoder(batch))
          assert.deepEqual(await ours.read(new Decoder(batch)), expected)
        }),
      )
    })
  }

  it('are read with headers of any name', async () => {
    const headers = Object.fromEntries(['__proto__', 'constructor', 'toString'].map((each) => [each, `of ${each}`]))
    const batch = await written(ours, [{ timestamp: '1000000000000', value: null, headers } as never], 0)
    const [message] = (await ours.read(new Decoder(batch))).records as { headers: Record<string, Buffer> }[]
    const read = Object.entries(message!.headers).map(([each, value]) => [each, value.toString()])
    assert.deepEqual(read, Object.entries(headers))
  })

  it('read a record that ends behind its batch as broken', async () => {
    const batch = await written(theirs, [{ timestamp: '1000000000000', value: 'some text', key: 'a' } as never], 0)
    batch[67] = 120 // the length of its value
    await assert.rejects(ours.read(new Decoder(batch)), RangeError)
  })
})

describe('crc32c', () => {
  it('is the checksum of the standard test vector', () => {
    assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283)
    assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa)
    assert.equal(crc32c(Buffer.alloc(0)), 0)
  })

  it('is what kafkajs computes, whatever the length', () => {
    const other = require('kafkajs/src/protocol/recordBatch/crc32C') as (bytes: Buffer) => number
    fc.assert(
      fc.property(bytes, (each) => {
        assert.equal(crc32c(each), other(each))
      }),
    )
  })
})
