// Settings of near duplicates by embeddings, and what makes two vectors comparable.

import { z } from 'zod'
import { embedderConfig, type EmbedderConfig, LOCAL_ENDPOINT } from '../../llm/config.ts'
import { shortHash } from '../rewards/reward-models.ts'

export const embeddingsConfig = embedderConfig
  .extend({
    enabled: z
      .boolean()
      .default(false)
      .describe('Refuse near duplicates by the vectors of an embedding model too: problems said in other words'),
    endpoints: embedderConfig.shape.endpoints.optional(),
    model: embedderConfig.shape.model.optional(),
    similarity: z
      .number()
      .min(0.5)
      .max(1)
      .default(0.9)
      .describe('Cosine from which two problems are near duplicates; what is right depends on the model'),
    numbersMatter: z
      .boolean()
      .default(true)
      .describe('Problems with other numbers, signs or opposite words are never near duplicates'),
  })
  .superRefine(({ enabled, endpoints, model }, context) => {
    if (!enabled) return
    for (const [name, value] of Object.entries({ endpoints, model })) {
      if (value !== undefined) continue
      const message = 'is missing, and stages.screen.embeddings is on; name its model and at least one endpoint'
      context.addIssue({ code: 'custom', path: [name], message })
    }
    for (const [at, { url }] of (endpoints ?? []).entries()) {
      if (url !== LOCAL_ENDPOINT) continue
      const message = 'the small model of this machine gives no vectors; name the server of an embedding model'
      context.addIssue({ code: 'custom', path: ['endpoints', at, 'url'], message })
    }
  })

export type EmbeddingsConfig = z.infer<typeof embeddingsConfig>

/** The embedding model that screening calls; undefined: none, embeddings are off. */
export function embedderOf({ enabled, endpoints, model, ...rest }: EmbeddingsConfig): EmbedderConfig | undefined {
  return enabled && endpoints !== undefined && model !== undefined ? { ...rest, endpoints, model } : undefined
}

/** Version of a vector as it stands in the record: only vectors of the same one are compared. */
export function embeddingVersion({ model, prefix, dimensions, maxTokens }: EmbedderConfig): string {
  return [
    'embedding@1',
    model,
    ...(prefix === '' ? [] : [`prefix-${shortHash(prefix)}`]),
    ...(dimensions === null ? [] : [`dimensions-${dimensions}`]),
    ...(maxTokens === null ? [] : [`tokens-${maxTokens}`]),
  ].join(':')
}
