// How hard a problem is for the model that was asked, by the share of its samples that are right. Where no reference
// answer is known, right means: as the vote says.

import { z } from 'zod'

/** From the hardest. The same words as the tag's. */
export const PASS_RATE_DIFFICULTIES = ['very hard', 'hard', 'medium', 'easy', 'very easy'] as const

export type PassRateDifficulty = (typeof PASS_RATE_DIFFICULTIES)[number]

const share = z.number().min(0).max(1)

export const passRateLevelsConfig = z
  .strictObject({
    veryHard: share.default(0.125),
    hard: share.default(0.375),
    medium: share.default(0.625),
    easy: share.default(0.875),
  })
  .refine(({ veryHard, hard, medium, easy }) => veryHard <= hard && hard <= medium && medium <= easy, {
    message: 'each level must be at least the one before: veryHard, hard, medium, easy',
  })
  .describe('Greatest pass rate of each difficulty; above them all a problem is very easy')

export type PassRateLevels = z.infer<typeof passRateLevelsConfig>

/** Of eight samples: 0-1, 2-3, 4-5, 6-7 and all right. */
export const PASS_RATE_LEVELS: PassRateLevels = passRateLevelsConfig.parse({})

/** passRate: 0 to 1. */
export function difficultyOf(passRate: number, levels: PassRateLevels): PassRateDifficulty {
  if (passRate <= levels.veryHard) return 'very hard'
  if (passRate <= levels.hard) return 'hard'
  if (passRate <= levels.medium) return 'medium'
  return passRate <= levels.easy ? 'easy' : 'very easy'
}
