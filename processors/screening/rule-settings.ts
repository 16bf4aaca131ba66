// What the rules may be told by the config (stages.screen), with defaults for problems whose answers are checked.

import { z } from 'zod'

const policy = z.enum(['keep', 'refuse'])

export const ruleSettings = {
  minCharacters: z.int().min(1).default(10),
  maxCharacters: z.int().min(1).default(4000),
  languages: z
    .array(z.string().regex(/^[a-z]{2,3}$/, 'a code of ISO 639, as en or ja'))
    .min(1)
    .nullable()
    .default(['en'])
    .describe('Languages that are kept; null keeps all. A text too short to tell is kept'),
  minMathShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.01)
    .describe('Share of the words that must be numbers, signs, formulas or words of mathematics; 0 keeps all'),
  severalProblems: policy.default('refuse').describe('Two and more numbered problems in one text'),
  parts: policy.default('keep').describe('One problem that asks for several parts, as (a) and (b)'),
  outsideReferences: policy
    .default('refuse')
    .describe('Problems that need a figure, a table, a list or another problem that is not in the text'),
  proofs: policy.default('refuse').describe('Problems that ask for a proof and for no value: no answer to compare'),
  programs: policy.default('refuse').describe('Problems that ask for a program'),
  multipleChoice: policy.default('keep').describe('Problems that list the answers to choose from'),
  yesNo: policy.default('keep').describe('Problems that are answered by yes or no, true or false: easily guessed'),
}

export type RuleSettings = z.infer<z.ZodObject<typeof ruleSettings>>
