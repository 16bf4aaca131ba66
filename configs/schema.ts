// The whole config, joined from what each component says of its own settings (their schemas lie beside them).
// Unknown keys are refused everywhere; everything that can have a default has one.

import { z } from 'zod'
import { coolSamplingConfig, roleConfig } from '../llm/config.ts'
import type { RoleConfig } from '../llm/config.ts'
import type { RoleName } from '../llm/contract.ts'
import { answerConfig } from '../processors/answer.ts'
import { converseConfig } from '../processors/converse.ts'
import { curateConfig } from '../processors/curate.ts'
import { judgeStageConfig } from '../processors/judge.ts'
import { rewardConfig } from '../processors/reward.ts'
import { sampleConfig } from '../processors/sample.ts'
import { screenConfig } from '../processors/screen.ts'
import { tagConfig } from '../processors/tag.ts'
import { verifyConfig } from '../processors/verify.ts'
import { magpieConfig } from '../producers/magpie.ts'
import { clickhouseConfig } from '../sinks/clickhouse.ts'
import { jsonConfig } from '../sinks/json.ts'
import { kafkaConfig } from '../stream/config.ts'
import { readAsFarAsRight } from './as-far-as-right.ts'
import { valueAt } from './fault.ts'
import { replayConfig } from './replay.ts'

/** Labels and judges: cool unless the config says otherwise. */
const coolRoleConfig = roleConfig.extend({ sampling: coolSamplingConfig.prefault({}) })

const roles = {
  questioner: roleConfig.optional(),
  answerer: roleConfig.optional(),
  sampler: roleConfig.optional(),
  tagger: coolRoleConfig.optional(),
  judge: coolRoleConfig.optional(),
}

const stages = {
  screen: screenConfig.prefault({}),
  tag: tagConfig.prefault({}),
  answer: answerConfig.prefault({}),
  sample: sampleConfig.prefault({}),
  verify: verifyConfig.prefault({}),
  judge: judgeStageConfig.prefault({}),
  reward: rewardConfig.prefault({}),
  converse: converseConfig.prefault({}),
  curate: curateConfig.prefault({}),
}

const acceptConfig = z.strictObject({
  sft: z.int().positive().nullable().default(null).describe('SFT records wanted; null asks for none'),
  preference: z.int().positive().nullable().default(null).describe('Preference records wanted; null asks for none'),
  minimum: z.int().min(0).default(0).describe('Problems to make in any case'),
  exact: z
    .boolean()
    .default(true)
    .describe(
      'The data sets hold exactly so many rows, and problems that are still far from their end when all are there are let go; false keeps whatever more there is',
    ),
  floor: z
    .number()
    .min(0)
    .lt(1)
    .default(0.01)
    .describe('Rows for each problem that ended: a run that gives fewer is hopeless and ends; 0 lets it go on'),
  probe: z.int().min(1).default(200).describe('Problems of a start that end before the floor is looked at'),
})

const budgetConfig = z.strictObject({
  usd: z.number().positive().nullable().default(null).describe('US dollars that the run may cost; null: no limit'),
  tokens: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe('Prompt and new tokens of all models together; null: no limit'),
  hours: z.number().positive().nullable().default(null).describe('Hours that the run may be at work; null: no limit'),
})

const drainConfig = z.strictObject({
  seconds: z
    .number()
    .min(0)
    .max(86_400)
    .default(4)
    .describe(
      'How long records under way may go on when the run is stopped; what is cut off then is taken again later',
    ),
})

/** Form of a run's name: it is part of group names and ids, and stands in paths. */
export const RUN_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/
export const RUN_NAME_RULE = 'must be letters, digits, ".", "_" or "-", at most 100'

export const configSchema = z.strictObject({
  name: z.string().regex(RUN_NAME, RUN_NAME_RULE).describe('Name of the run; a run of the same name is resumed'),
  language: z.enum(['en', 'ja']).default('en').describe('Language of the progress messages'),
  total: z.int().positive().nullable().default(null).describe('Problems wanted; null goes on until stopped'),
  accept: acceptConfig.nullable().default(null).describe('Stop starting problems when all of this is reached'),
  budget: budgetConfig.prefault({}).describe('What the whole run may spend, all its starts and processes together'),
  drain: drainConfig.prefault({}),
  out: z.string().min(1).default('data').describe('Folder of the data sets'),
  roles: z.strictObject(roles).prefault({}),
  producer: magpieConfig.prefault({}),
  stages: z.strictObject(stages).prefault({}),
  sinks: z
    .strictObject({
      clickhouse: clickhouseConfig.prefault({}),
      json: jsonConfig.prefault({}),
    })
    .prefault({}),
  kafka: kafkaConfig.prefault({}),
  replay: replayConfig.nullable().default(null).describe('Written by `magpie replay`: what it reads'),
})

export type Config = z.infer<typeof configSchema>

export type Stages = Config['stages']

/** A config by its sections, for rules over several of them while others are wrong. null: wrong, and told so. */
export interface Sections {
  readonly roles: { readonly [Name in RoleName]?: RoleConfig | null }
  readonly stages: { readonly [Name in keyof Stages]: Stages[Name] | null }
  /** Stages that name things, without what is wrong in them: what they name can be checked even so. */
  readonly asFarAsRight: { readonly [Name in 'screen' | 'curate']: Stages[Name] | null }
  readonly producer: Config['producer'] | null
  readonly accept: Config['accept']
  readonly budget: Config['budget'] | null
}

/** Reads each section of a raw tree alone. A role that is not in the tree is absent. */
export function readSections(tree: unknown): Sections {
  const each = (shapes: Readonly<Record<string, z.ZodType>>, section: string): object =>
    Object.fromEntries(
      Object.entries(shapes).flatMap(([name, shape]) => {
        const parsed = shape.safeParse(valueAt(tree, [section, name]))
        if (parsed.success && parsed.data === undefined) return []
        return [[name, parsed.success ? parsed.data : null]]
      }),
    )
  const producer = magpieConfig.prefault({}).safeParse(valueAt(tree, ['producer']))
  const budget = budgetConfig.prefault({}).safeParse(valueAt(tree, ['budget']))
  const accept = acceptConfig.nullable().safeParse(valueAt(tree, ['accept']) ?? null)
  return {
    roles: each(roles, 'roles'),
    stages: each(stages, 'stages') as Sections['stages'],
    asFarAsRight: {
      screen: readAsFarAsRight(stages.screen, valueAt(tree, ['stages', 'screen'])),
      curate: readAsFarAsRight(stages.curate, valueAt(tree, ['stages', 'curate'])),
    },
    producer: producer.success ? producer.data : null,
    accept: accept.success ? accept.data : null,
    budget: budget.success ? budget.data : null,
  }
}
