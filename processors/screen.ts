// Stage screen: cleans each problem and refuses what is no problem, is broken, or was there before. A decision in
// log order: one record at a time, by one active screener. Promises: every refusal names its rule, what was seen
// and, for duplicates and benchmarks, the id it collided with; a record that was accepted before is accepted again.

import { z } from 'zod'
import type { Problem, Screened, TextEmbedding } from '../schemas/records.ts'
import type { LookAhead, Process } from '../stream/outcome.ts'
import { envelopeOf } from './grow.ts'
import { cleanProblem } from './screening/clean.ts'
import { ruleSettings } from './screening/rule-settings.ts'
import { contaminatedBy, contaminationConfig, type Contamination } from './screening/contamination.ts'
import type { EmbeddingDuplicates } from './screening/embedding-duplicates.ts'
import type { Likest } from './screening/embedding-index.ts'
import { embeddingsConfig } from './screening/embedding-settings.ts'
import { judgeText } from './screening/rules.ts'
import type { Collision, ScreenIndex } from './screening/screen-index.ts'

export const SCREEN_VERSION = 'screen@2'

export const screenConfig = z
  .strictObject({
    ...ruleSettings,
    duplicates: z
      .strictObject({
        enabled: z.boolean().default(true),
        similarity: z
          .number()
          .min(0.5)
          .max(1)
          .default(0.6)
          .describe('Share of words and word pairs in common (Jaccard) from which two problems are near duplicates'),
        numbersMatter: z
          .boolean()
          .default(true)
          .describe('Problems with other numbers or operators are never near duplicates'),
        scope: z
          .enum(['run', 'log'])
          .default('run')
          .describe('Compare with the problems of this run, or with all on the log'),
      })
      .prefault({}),
    contamination: contaminationConfig.prefault({}),
    embeddings: embeddingsConfig.prefault({}),
  })
  .refine((config) => config.minCharacters <= config.maxCharacters, {
    path: ['minCharacters'],
    message: 'is larger than maxCharacters',
  })

export type ScreenConfig = z.infer<typeof screenConfig>

export interface ScreenParts {
  readonly config: ScreenConfig
  /** Holds every problem accepted so far; the stage adds to it. */
  readonly index: ScreenIndex
  /** Knows the problems of benchmarks; absent or null: they are not looked for. */
  readonly contamination?: Contamination | null
  /** undefined: embeddings are off. */
  readonly embeddings?: EmbeddingDuplicates | undefined
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
}

/** What a problem's text says without regard to those before it. */
interface ReadProblem {
  readonly text: string
  readonly changes: string[]
  /** Its language, or why it is refused. */
  readonly judged:
    | { readonly language: string | null }
    | { readonly reason: string; readonly detail: string; readonly collidedWith?: string }
}

/** What is known of a problem before its turn. */
export interface SeenProblem extends ReadProblem {
  /** null: it is refused without. */
  readonly embedding: TextEmbedding | null
}

type Reader = Pick<ScreenParts, 'config' | 'contamination'>

/** Returns the stage. */
export function createScreen(parts: ScreenParts): Process<Problem, Screened, SeenProblem> {
  const { config, index, embeddings, now } = parts

  /** The accepted problem that this one repeats; null: none, and it is in from now on. */
  const admit = (id: string, text: string, embedding: TextEmbedding | null): Collision | Likest | null => {
    const likest = (): Likest | null => (embedding === null ? null : (embeddings?.find(id, text, embedding) ?? null))
    const collision = config.duplicates.enabled ? index.admit(id, text, likest) : likest()
    if (collision === null && embedding !== null) embeddings?.admit(id, text, embedding)
    return collision
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract of a stage is a promise
  return async function screen(problem, _context, seen) {
    const { text, changes, judged } = seen ?? readProblem(problem, parts)
    if ('reason' in judged) return { reject: judged }
    const embedding = seen?.embedding ?? null
    const collision = admit(problem.id, text, embedding)
    if (collision !== null) {
      const kind = 'kind' in collision ? collision.kind : 'embedding'
      const detail = kind === 'exact' ? 'the same text' : `likeness ${collision.likeness.toFixed(2)}`
      return { reject: { reason: `${kind}-duplicate`, detail, collidedWith: collision.id } }
    }
    return {
      emit: {
        ...envelopeOf(problem, now()),
        problem,
        screening: { version: SCREEN_VERSION, text, changes, language: judged.language, embedding },
      },
    }
  }
}

/** What the stage finds out before a problem's turn: its vector, unless it is refused without. */
export function createScreenAhead(
  parts: Reader & { readonly embeddings: EmbeddingDuplicates },
): LookAhead<Problem, SeenProblem> {
  return async function lookAhead(problem, { signal }) {
    const read = readProblem(problem, parts)
    const embedding = 'reason' in read.judged ? null : await parts.embeddings.embed(read.text, signal)
    return { ...read, embedding }
  }
}

function readProblem({ text: whole, generation }: Problem, { config, contamination }: Reader): ReadProblem {
  // A text is only read as far as it can be kept: what is longer yet after cleaning is refused as too long.
  const raw = whole.slice(0, config.maxCharacters * 4)
  const { text, changes } = cleanProblem(raw)
  const contaminated = contaminatedBy(raw, contamination ?? null)
  return { text, changes, judged: contaminated ?? judgeText(text, generation?.finishReason ?? null, config) }
}
