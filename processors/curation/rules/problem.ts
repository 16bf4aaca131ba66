// Rules about what is known of a response or its problem: tags, pass rate, rewards. What is asked for and not known
// is refused: a data set of hard problems has none whose difficulty nobody knows.

import { z } from 'zod'
import type { Labels } from '../candidates.ts'
import { CATEGORIES, DIFFICULTIES, languageCode, QUALITIES, SAFETIES } from '../../tag-labels.ts'
import { PASS_RATE_DIFFICULTIES } from '../pass-rate.ts'
import { rule } from '../rule.ts'

const share = z.number().min(0).max(1)
const some = <Label extends z.ZodType>(label: Label) => z.array(label).min(1).optional()

const TAGS: Labels = { difficulty: 'hard', quality: 'good', category: 'algebra', language: 'en', safety: 'safe' }

export const tags = rule({
  reason: 'tags',
  says: 'Keeps only problems with one of these labels, for each tag that is named; an untagged problem has none',
  setting: z.strictObject({
    difficulty: some(z.enum(DIFFICULTIES)),
    quality: some(z.enum(QUALITIES)),
    category: some(z.enum(CATEGORIES)),
    language: some(languageCode),
    safety: some(z.enum(SAFETIES)),
  }),
  initially: null,
  seen({ problem }, allowed) {
    for (const name of ['difficulty', 'quality', 'category', 'language', 'safety'] as const) {
      const wanted: readonly string[] | undefined = allowed[name]
      if (wanted === undefined) continue
      const label = problem.tags?.[name] ?? null
      if (label === null || !wanted.includes(label)) return `${name} ${label ?? 'unknown'}; kept: ${wanted.join(', ')}`
    }
    return null
  },
  cases: [
    { setting: { quality: ['good', 'excellent'] }, given: { problem: { tags: TAGS } }, refused: false },
    { setting: { quality: ['excellent'] }, given: { problem: { tags: TAGS } }, refused: true },
    { setting: { quality: ['good'], difficulty: ['easy'] }, given: { problem: { tags: TAGS } }, refused: true },
    { setting: { quality: ['good'] }, given: { problem: { tags: null } }, refused: true },
    { setting: {}, given: { problem: { tags: null } }, refused: false },
  ],
})

export const passRate = rule({
  reason: 'pass-rate',
  says: 'Keeps only problems whose share of right samples is in this window',
  setting: z
    .strictObject({ least: share.default(0), most: share.default(1) })
    .refine(({ least, most }) => least <= most, 'least is above most, so no problem would be kept'),
  initially: null,
  seen({ problem: { passRate: rate } }, { least, most }) {
    if (rate === null) return 'the pass rate is not known'
    return rate >= least && rate <= most ? null : `pass rate ${rate.toFixed(3)}, ${least} to ${most} is asked for`
  },
  cases: [
    { setting: { least: 0.1, most: 0.9 }, given: { problem: { passRate: 1 } }, refused: true },
    { setting: { least: 0.1, most: 0.9 }, given: { problem: { passRate: 0 } }, refused: true },
    { setting: { least: 0.5, most: 0.5 }, given: { problem: { passRate: 0.5 } }, refused: false },
    { setting: { least: 0, most: 1 }, given: { problem: { passRate: null } }, refused: true },
  ],
})

export const difficulties = rule({
  reason: 'pass-rate-difficulty',
  says: 'Keeps only problems of these difficulties by pass rate',
  setting: z.array(z.enum(PASS_RATE_DIFFICULTIES)).min(1),
  initially: null,
  seen({ problem: { passRateDifficulty } }, kept) {
    if (passRateDifficulty !== null && kept.includes(passRateDifficulty)) return null
    return `${passRateDifficulty ?? 'unknown'}; kept: ${kept.join(', ')}`
  },
  cases: [
    { setting: ['hard', 'very hard'], given: { problem: { passRateDifficulty: 'hard' } }, refused: false },
    { setting: ['hard', 'very hard'], given: { problem: { passRateDifficulty: 'easy' } }, refused: true },
    { setting: ['hard'], given: { problem: { passRateDifficulty: null } }, refused: true },
  ],
})

export const rewards = rule({
  reason: 'reward-floor',
  says: 'Least value of each reward that is named; a response without a value is kept out. Rejected ones are spared',
  setting: z.record(z.string(), z.number()),
  initially: null,
  sparesRejected: true,
  seen({ rewards: values }, floors) {
    for (const [name, floor] of Object.entries(floors)) {
      const value = values[name]
      if (value === undefined) return `it has no value of reward ${name}`
      if (value < floor) return `${name} ${value} is below ${floor}`
    }
    return null
  },
  cases: [
    { setting: { rm: -5 }, given: { rewards: { rm: -5 } }, refused: false },
    { setting: { rm: -5 }, given: { rewards: { rm: -5.1 } }, refused: true },
    { setting: { rm: -5, prm: 0.5 }, given: { rewards: { rm: 1, prm: 0.4 } }, refused: true },
    { setting: { rm: -5 }, given: { rewards: { prm: 1 } }, refused: true },
  ],
})
