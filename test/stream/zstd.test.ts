// What goes through the codec comes back, whoever packed it and whatever its frame says of its length.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createZstdCompress } from 'node:zlib'
import { buffer } from 'node:stream/consumers'
import { Readable } from 'node:stream'
import { contentLength, zstdCodec } from '../../stream/zstd.ts'

const LENGTHS = [0, 1, 255, 256, 65_535, 65_536, 300_000, 5_000_000]

/** Half of it repeats. */
function bytesOf(length: number): Buffer {
  let state = 7
  return Buffer.from(
    Uint8Array.from({ length }, (_, at) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      return at % 2 === 0 ? 65 : state >>> 24
    }),
  )
}

describe('zstd', () => {
  for (const length of LENGTHS) {
    it(`packs and unpacks ${length} bytes`, async () => {
      const bytes = bytesOf(length)
      const packed = await zstdCodec.compress({ buffer: bytes })
      assert.equal(contentLength(packed), length)
      assert.ok((await zstdCodec.decompress(packed)).equals(bytes))
    })

    it(`unpacks ${length} bytes of a frame that does not tell its length`, async () => {
      const bytes = bytesOf(length)
      const half = length >> 1
      const pieces = Readable.from([bytes.subarray(0, half), bytes.subarray(half)], { objectMode: false })
      const packed = await buffer(pieces.pipe(createZstdCompress()))
      if (length > 0) assert.equal(contentLength(packed), null)
      assert.ok((await zstdCodec.decompress(packed)).equals(bytes))
    })
  }

  it('reads the length in each of its forms, and none from what is no frame', () => {
    const frame = (...bytes: number[]): Buffer => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, ...bytes])
    assert.equal(contentLength(frame(0x20, 7)), 7)
    assert.equal(contentLength(frame(0x40, 0, 1, 0)), 257)
    assert.equal(contentLength(frame(0x80, 0, 1, 0, 1, 0)), 65_537)
    assert.equal(contentLength(frame(0xc1, 0, 9, 1, 0, 0, 0, 1, 0, 0, 0)), 4_294_967_297)
    assert.equal(contentLength(frame(0x00, 0)), null)
    assert.equal(contentLength(frame(0x80, 0, 1)), null)
    assert.equal(contentLength(frame()), null)
    assert.equal(contentLength(Buffer.from('some text')), null)
  })
})
