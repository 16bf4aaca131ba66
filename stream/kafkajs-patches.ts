// What kafkajs 2.2.4 needs before its first use: two corrections inside it and the zstd codec. Applied once a
// process by connectKafka. The kafkajs version is pinned; test/stream/kafkajs-patches.test.ts holds the seams.

import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync } from 'node:zlib'
import kafkajs from 'kafkajs'

const require = createRequire(import.meta.url)

interface RequestQueue {
  pending: unknown[]
  throttledUntil: number
  throttleCheckTimeoutId: NodeJS.Timeout | null
  checkPendingRequests(): void
  scheduleCheckPendingRequests(): void
}

interface Runner {
  running: boolean
  consumerGroup: { commitOffsets(offsets: unknown): Promise<void> }
  commitOffsets(offsets: unknown): Promise<void>
}

/** Requests that wait only for others in flight are looked at again when one ends; this is the net below. */
const RECHECK_MS = 10

let isPatched = false

/** Applies the corrections; more calls do nothing. */
export function patchKafkajs(): void {
  if (isPatched) return
  isPatched = true
  const queue = (require('kafkajs/src/network/requestQueue') as { prototype: RequestQueue }).prototype
  const runner = (require('kafkajs/src/consumer/runner') as { prototype: Runner }).prototype
  // Upstream arms a 1 ms timer again and again on idle connections. Here: only while requests wait.
  queue.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return
    const throttled = Math.max(this.throttledUntil - Date.now(), 0)
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null
        this.checkPendingRequests()
      },
      throttled > 0 ? throttled : RECHECK_MS,
    )
  }
  // Upstream repeats a failed commit, after a rebalance too: then under the new generation, for partitions that
  // may be another member's. And it forgets commits silently once stop() has begun. Here: one try, or an error.
  runner.commitOffsets = async function (this: Runner, offsets: unknown): Promise<void> {
    if (!this.running) throw new Error('the consumer is not in its group')
    await this.consumerGroup.commitOffsets(offsets)
  }
  kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => zstdCodec
}

const compressZstd = promisify(zstdCompress)
const decompressZstd = promisify(zstdDecompress)

/** Level 1: text shrinks to a third or less. */
const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
/** Up to so many bytes it is done at once: a trip through the thread pool costs a small batch five times its work. */
const SMALL = 64 * 1024

const zstdCodec = {
  compress: async ({ buffer }: { buffer: Buffer }): Promise<Buffer> =>
    buffer.length <= SMALL ? zstdCompressSync(buffer, LEVEL) : await compressZstd(buffer, LEVEL),
  decompress: async (buffer: Buffer): Promise<Buffer> =>
    // What is small may be large when it is unpacked; a tenth of the mark keeps that short too.
    buffer.length <= SMALL / 10 ? zstdDecompressSync(buffer) : await decompressZstd(buffer),
}
