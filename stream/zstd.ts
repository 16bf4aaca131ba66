// The zstd codec for kafkajs. Node hands out what it has packed or unpacked in pieces of 16 kB, each a trip through the
// thread pool; here a piece holds the whole batch, because how long that is can be told before.

import { promisify } from 'node:util'
import { constants, zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync } from 'node:zlib'

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** Level 1: text shrinks to a third or less. */
const PARAMETERS = { [constants.ZSTD_c_compressionLevel]: 1 }
/** Up to so many bytes it is done at once: a trip through the thread pool costs a small batch five times its work. */
const SMALL = 64 * 1024
/** Where a frame does not tell its length: so many times what it takes packed, within bounds. */
const USUAL_RATIO = 8
const [LEAST_PIECE, LARGEST_PIECE] = [1024, 32 * 1024 * 1024]

export const zstdCodec = {
  async compress({ buffer }: { readonly buffer: Buffer }): Promise<Buffer> {
    // Bytes that do not shrink grow by a little.
    const { length } = buffer
    const options = { params: PARAMETERS, pledgedSrcSize: length, chunkSize: length + (length >> 8) + LEAST_PIECE }
    return length <= SMALL ? zstdCompressSync(buffer, options) : await compress(buffer, options)
  },
  async decompress(buffer: Buffer): Promise<Buffer> {
    const length = contentLength(buffer) ?? USUAL_RATIO * buffer.length
    // A piece that is just full is followed by an empty one, and both are copied together.
    const options = { chunkSize: Math.min(length + LEAST_PIECE, LARGEST_PIECE) }
    return length <= SMALL ? zstdDecompressSync(buffer, options) : await decompress(buffer, options)
  },
}

/** Bytes that a frame says it holds (RFC 8878, 3.1.1.1); null where it does not say, or is none. Not to be trusted. */
export function contentLength(frame: Buffer): number | null {
  const descriptor = frame[4]
  if (descriptor === undefined || frame.readUInt32LE(0) !== 0xfd2fb528) return null
  const isSingleSegment = (descriptor & 0x20) !== 0
  const size = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!
  const at = 5 + (isSingleSegment ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!
  if (size === 0 || frame.length < at + size) return null
  if (size === 8) return Number(frame.readBigUInt64LE(at))
  return frame.readUIntLE(at, size) + (size === 2 ? 256 : 0)
}
