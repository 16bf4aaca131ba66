// The config's `replay:` section: what a replay reads, so that whoever goes on with it, audits it or compares it knows.
// `magpie replay` writes it; in a file of a person it has no place.

import { z } from 'zod'
import { STAGE_TOPICS } from '../schemas/topics.ts'

/** A revision is part of topic names and group names: no dots, so that those can be taken apart again. */
export const REVISION_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$/

/** What a replay takes over where nothing that it follows from has changed. */
export const KEEPABLE = ['answers', 'rewards'] as const

export type Keepable = (typeof KEEPABLE)[number]

/** Offsets by partition; the keys of a JSON object are text. */
const offsets = z.record(z.string().regex(/^\d+$/), z.int().min(0))

export const replayConfig = z.strictObject({
  of: z.string().regex(REVISION_NAME).describe('Revision whose topic is read'),
  from: z.enum(STAGE_TOPICS).describe('Topic that is read'),
  stages: z.array(z.string().min(1)).min(1).describe('Stages that it has, in the way of the data'),
  begin: offsets.describe('First offset of each partition'),
  end: offsets
    .nullable()
    .describe('Offset of each partition before which the replay ends; null: it follows the run until that is finished'),
  selection: z
    .strictObject({
      sql: z.string().describe('What chose the problems'),
      problems: z.int().min(0).describe('How many; their ids lie on topic selections'),
      sha256: z.string().describe('Of the sorted ids, a line each'),
    })
    .nullable()
    .describe('Only these problems; null: all'),
  keep: z.array(z.enum(KEEPABLE)).describe('What is taken over from the revision that is read'),
  into: z
    .string()
    .regex(REVISION_NAME)
    .nullable()
    .describe('Revision whose rows gain the scores or tags that this adds; null: rows of its own'),
})

export type Replay = z.infer<typeof replayConfig>
