// Stage screen: cleans each problem and refuses what is no problem, is broken, or was there before. A decision in
// log order: one record at a time, by one active screener. Promises: every refusal names its rule, what was seen
// and, for duplicates and benchmarks, the id it collided with; a record that was accepted before is accepted again.

import { z } from 'zod'
import type { Problem, Screened } from '../schemas/records.ts'
import type { Process } from '../stream/outcome.ts'
import { envelopeOf } from './grow.ts'
import { cleanProblem } from './screening/clean.ts'
import { ruleSettings } from './screening/rule-settings.ts'
import { contaminationConfig, type Contamination } from './screening/contamination.ts'
import { judgeText } from './screening/rules.ts'
import type { ScreenIndex } from './screening/screen-index.ts'

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
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
}

/** Returns the stage. */
export function createScreen({ config, index, contamination, now }: ScreenParts): Process<Problem, Screened> {
  // eslint-disable-next-line @typescript-eslint/require-await -- the contract of a stage is a promise
  return async function screen(problem) {
    // A text is only cleaned as far as it can be kept: what is longer yet after that is refused as too long.
    const { text, changes } = cleanProblem(problem.text.slice(0, config.maxCharacters * 4))
    const judged = judgeText(text, problem.generation?.finishReason ?? null, config)
    if ('reason' in judged) return { reject: judged }
    const contaminant = contamination?.find(text) ?? null
    if (contaminant !== null) {
      const detail = `holds ${Math.floor(contaminant.share * 100)} % of the benchmark problem ${contaminant.id}`
      return { reject: { reason: 'contaminated', detail, collidedWith: contaminant.id } }
    }
    if (config.duplicates.enabled) {
      const collision = index.admit(problem.id, text)
      if (collision !== null) {
        const detail = collision.kind === 'exact' ? 'the same text' : `likeness ${collision.likeness.toFixed(2)}`
        return { reject: { reason: `${collision.kind}-duplicate`, detail, collidedWith: collision.id } }
      }
    }
    return {
      emit: {
        ...envelopeOf(problem, now()),
        problem,
        screening: { version: SCREEN_VERSION, text, changes, language: judged.language },
      },
    }
  }
}
