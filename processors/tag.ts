// Stage tag: a judge model labels each problem (difficulty, quality, category, language, safety) in JSON held to a
// schema. Promises: one call, one more to repair an unreadable reply, then a rejection; which labels refuse a
// problem is in the config. Off by default.

import { z } from 'zod'
import type { ChatMessage, Completion, Llm } from '../llm/contract.ts'
import { problemSeed } from '../llm/seeds.ts'
import type { Screened, Tagged, Tags } from '../schemas/records.ts'
import type { Process } from '../stream/outcome.ts'
import { envelopeOf } from './grow.ts'
import { readJson } from './read-json.ts'

export const TAG_VERSION = 'tag@1'

/** Before new problems, behind everything that finishes one. */
const RANK = 3

const DIFFICULTIES = ['very easy', 'easy', 'medium', 'hard', 'very hard'] as const
const QUALITIES = ['very poor', 'poor', 'average', 'good', 'excellent'] as const
const CATEGORIES = [
  'arithmetic',
  'algebra',
  'number theory',
  'geometry',
  'trigonometry',
  'combinatorics',
  'probability and statistics',
  'calculus',
  'linear algebra',
  'logic',
  'other mathematics',
  'not mathematics',
] as const
const SAFETIES = ['safe', 'unsafe'] as const

/** What the judge has to return. */
const labels = z.strictObject({
  intent: z.string().max(2000),
  knowledge: z.string().max(2000),
  difficulty: z.enum(DIFFICULTIES),
  qualityExplanation: z.string().max(4000),
  quality: z.enum(QUALITIES),
  category: z.enum(CATEGORIES),
  language: z.string().regex(/^[a-z]{2}$/, 'a code of ISO 639-1, as en'),
  safety: z.enum(SAFETIES),
})

export const tagConfig = z.strictObject({
  enabled: z.boolean().default(false).describe('Label each problem by the tagger role'),
  refuse: z
    .strictObject({
      difficulty: z.array(z.enum(DIFFICULTIES)).default([]),
      quality: z.array(z.enum(QUALITIES)).default(['very poor', 'poor']),
      category: z.array(z.enum(CATEGORIES)).default(['not mathematics']),
      safety: z.array(z.enum(SAFETIES)).default(['unsafe']),
    })
    .prefault({})
    .describe('Labels that end a problem here'),
})

export type TagConfig = z.infer<typeof tagConfig>

export interface TagParts {
  readonly llm: Llm
  readonly config: Pick<TagConfig, 'refuse'>
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
}

const JSON_SCHEMA = { name: 'problem_labels', schema: z.toJSONSchema(labels) as Record<string, unknown> }

const INSTRUCTIONS = `You label mathematical problems for a training set. You never solve them.
Return one JSON object with these fields:
- intent: what the asker wants, in one sentence
- knowledge: what one has to know to solve it
- difficulty: ${DIFFICULTIES.join(' | ')}
- qualityExplanation: whether the problem is clear, complete and solvable, and why
- quality: ${QUALITIES.join(' | ')}
- category: ${CATEGORIES.join(' | ')}
- language: the problem's language as a two-letter code
- safety: ${SAFETIES.join(' | ')}
Return the JSON object alone.`

/** Returns the stage. It rejects `tags-unreadable`, and `tag-difficulty` and its sisters as the config says. */
export function createTag({ llm, config, now }: TagParts): Process<Screened, Tagged> {
  return async function tag(record, { signal }) {
    const ask = async (messages: readonly ChatMessage[], attempt: number): Promise<Completion> => {
      const [completion] = await llm.complete(
        { input: { messages }, seed: problemSeed('tag', record.id, attempt), jsonSchema: JSON_SCHEMA },
        { role: 'tagger', signal, rank: RANK },
      )
      if (completion === undefined) throw new Error('the model client returned no completion for a request of one')
      return completion
    }

    const question: ChatMessage[] = [
      { role: 'system', content: INSTRUCTIONS },
      { role: 'user', content: `The problem:\n<problem>\n${record.screening.text}\n</problem>` },
    ]
    let completion = await ask(question, 0)
    let read = readJson(completion.text, labels)
    if ('fault' in read) {
      const complaint = `That could not be read: ${read.fault} Return the JSON object again, corrected and alone.`
      completion = await ask(
        [...question, { role: 'assistant', content: completion.text }, { role: 'user', content: complaint }],
        1,
      )
      read = readJson(completion.text, labels)
    }
    if ('fault' in read) return { reject: { reason: 'tags-unreadable', detail: read.fault } }

    for (const name of ['difficulty', 'quality', 'category', 'safety'] as const) {
      const refused: readonly string[] = config.refuse[name]
      const label = read.value[name]
      if (refused.includes(label))
        return { reject: { reason: `tag-${name}`, detail: `${label}: ${read.value.qualityExplanation}` } }
    }
    const tags: Tags = { version: TAG_VERSION, ...read.value, generation: completion.generation }
    return { emit: { ...record, ...envelopeOf(record, now()), tags } }
  }
}
