// What a folder of carried topics holds: written last, so that a folder without it is no dump, and checked before
// anything is loaded.

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { REVISION_NAME } from '../../configs/replay.ts'
import { RUN_NAME, RUN_NAME_RULE } from '../../configs/schema.ts'
import { UsageFault } from '../../schemas/failure.ts'
import { TOPIC_NAMES, topicFor } from '../../schemas/topics.ts'

export const MANIFEST_FILE = 'manifest.json'
const FORMAT = 'magpie-topics-1'

const offset = z.int().min(0)

const carriedFile = z.strictObject({
  file: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)
    .describe('Name in the folder'),
  topic: z.string().describe('Topic on the broker'),
  partition: z.int().min(0),
  records: z.int().min(1),
  bytes: z.int().min(0).describe('Size of the file'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  first: offset.describe('Offset of its first record, where it came from'),
  last: offset,
  oldest: z.int().describe('Time of its oldest record, milliseconds since 1970 UTC'),
  schemas: z.array(z.int()).describe('Ids of the schemas that it uses'),
})

const finishedPart = z.strictObject({
  topic: z.string(),
  partition: z.int().min(0),
  next: offset.describe('All records before this offset have ended'),
  above: z.array(z.tuple([offset, offset])).describe('Further ranges of offsets that have, both ends included'),
})

const manifestSchema = z.strictObject({
  format: z.literal(FORMAT, 'this program reads folders of format magpie-topics-1 alone'),
  id: z.uuid().describe('Of this dump'),
  version: z.string().describe('Of the program that wrote it'),
  createdAt: z.int().describe('Milliseconds since 1970 UTC'),
  run: z.string().regex(RUN_NAME, RUN_NAME_RULE),
  revisions: z.array(z.string().regex(REVISION_NAME)).min(1),
  isWhole: z.boolean().describe('All topics are here, so the run can go on where they are loaded'),
  topics: z.array(
    z.strictObject({
      topic: z.string().describe('Name on the broker'),
      name: z.enum(TOPIC_NAMES).describe('The same without its revision'),
      revision: z.string(),
      partitions: z.int().min(1),
      records: z.int().min(0),
    }),
  ),
  files: z.array(carriedFile),
  groups: z.array(
    z.strictObject({
      part: z.string(),
      revision: z.string(),
      writes: z.array(z.string()).describe('Topics that it writes, in the order of the stage; none: a sink'),
      positions: z.array(finishedPart),
    }),
  ),
  schemas: z.array(
    z.strictObject({
      id: z.int(),
      subject: z.string(),
      version: z.int(),
      schema: z.union([z.string(), z.record(z.string(), z.unknown())]),
    }),
  ),
})

export type Manifest = z.infer<typeof manifestSchema>
export type CarriedFile = Manifest['files'][number]
export type CarriedTopic = Manifest['topics'][number]
export type CarriedPosition = Manifest['groups'][number]['positions'][number]

/** A manifest without what is always the same. Where it cannot be written whole, nothing of it is left. */
export async function writeManifest(folder: string, manifest: Omit<Manifest, 'format'>): Promise<void> {
  const file = join(folder, MANIFEST_FILE)
  const part = `${file}.part`
  try {
    await writeFile(part, `${JSON.stringify({ format: FORMAT, ...manifest }, null, 2)}\n`)
    await rename(part, file)
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined)
    throw error
  }
}

/** Throws UsageFault where there is none, or it is not ours. */
export async function readManifest(folder: string): Promise<Manifest> {
  const file = join(folder, MANIFEST_FILE)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new UsageFault(
      `${file} cannot be read (${(error as Error).message}): give a folder that ./magpie topics dump has finished`,
    )
  }
  let tree: unknown
  try {
    tree = JSON.parse(text)
  } catch (error) {
    throw new UsageFault(`${file} is not JSON (${(error as Error).message}): dump the run again`)
  }
  const parsed = manifestSchema.safeParse(tree)
  if (parsed.success) {
    const { topics, files } = parsed.data
    const known = new Set(topics.map(({ topic }) => topic))
    const isOurs = topics.every(({ topic, name, revision }) => topic === topicFor(name, revision))
    if (isOurs && files.every(({ topic }) => known.has(topic))) return parsed.data
    throw new UsageFault(`${file} names topics that are none of ours: dump the run again`)
  }
  throw new UsageFault(parsed.error.issues.map(({ path, message }) => `${file}: ${path.join('.')}: ${message}`))
}

/** SHA-256 of a file's bytes as they go by. */
export function hashed(path: string): { readonly chunks: AsyncIterable<Buffer>; readonly digest: () => string } {
  const hash = createHash('sha256')
  return {
    chunks: (async function* () {
      for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
        hash.update(chunk)
        yield chunk
      }
    })(),
    digest: () => hash.digest('hex'),
  }
}

/** Ascending offsets as ranges. */
export function rangesOf(offsets: readonly number[]): [number, number][] {
  const ranges: [number, number][] = []
  for (const each of offsets) {
    const last = ranges.at(-1)
    if (last !== undefined && last[1] + 1 === each) last[1] = each
    else ranges.push([each, each])
  }
  return ranges
}

/** Says of ascending offsets whether each has ended; must be asked in their order. */
export function endedCheck(position: CarriedPosition | undefined): (offset: number) => boolean {
  if (position === undefined) return () => false
  const { next, above } = position
  let at = 0
  return (each) => {
    if (each < next) return true
    while (at < above.length && above[at]![1] < each) at += 1
    return at < above.length && above[at]![0] <= each
  }
}
