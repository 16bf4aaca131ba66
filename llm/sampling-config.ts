// The settings of a role that go beyond one plain request: how its first token is drawn, how a text that was cut goes
// on, how many choices share a request. See docs/sampling.md.

import { z } from 'zod'

export const firstTokenConfig = z
  .strictObject({
    temperature: z
      .number()
      .gt(0)
      .max(2)
      .optional()
      .describe("Temperature of the first token alone; the role's own when left out"),
    suppress: z
      .array(
        z
          .string()
          .min(1)
          .refine((text) => text.trim() !== '', 'is blank; name the signs that no text may begin with, such as "#"'),
      )
      .max(32)
      .default([])
      .describe('No text begins with a token that begins with one of these, such as "#" and "**"'),
  })
  .describe('The first token is drawn by a call of its own')

export const continueConfig = z
  .strictObject({
    maxTokens: z.int().min(1).describe('Most new tokens of a text in all, those of the first call included'),
  })
  .describe('Texts that end at sampling.maxTokens go on, in further calls, up to a budget')

export const fanOutConfig = z
  .enum(['n', 'single'])
  .describe(
    'n: the choices of a request are asked for together; single: one request for each, which can be balanced, tried again and finished alone. n for the questioner and single for the others when left out',
  )

export type FirstTokenConfig = z.infer<typeof firstTokenConfig>
export type ContinueConfig = z.infer<typeof continueConfig>
export type FanOut = z.infer<typeof fanOutConfig>

/** How a role asks for several choices. */
export function fanOutOf(role: string, config: { readonly fanOut?: FanOut | undefined }): FanOut {
  return config.fanOut ?? (role === 'questioner' ? 'n' : 'single')
}
