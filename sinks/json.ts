// placeholder being written
import { z } from 'zod'
export const jsonConfig = z.strictObject({
  enabled: z.boolean().default(true).describe('Write JSON data sets under out'),
  batch: z
    .strictObject({
      rows: z.int().min(1).max(100_000).default(2000).describe('Records of one segment at most'),
      bytes: z
        .int()
        .min(1024)
        .max(256 * 1024 * 1024)
        .default(32 * 1024 * 1024)
        .describe('Bytes of one segment, about'),
      seconds: z.number().min(0.05).max(600).default(5).describe('Longest wait for a segment to fill'),
    })
    .prefault({}),
})
