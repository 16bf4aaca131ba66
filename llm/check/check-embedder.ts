// All checks of the embedding model at one endpoint: asks for the vectors of two texts.

import type { EmbedderConfig } from '../config.ts'
import { isRouteMissing } from '../engine-failure.ts'
import { answered } from './ask.ts'
import type { Place } from './check-role.ts'
import type { Remark } from './finding.ts'
import { checkServed } from './served.ts'

export interface EmbedderSubject {
  readonly kind: 'embedder'
  readonly name: string
  readonly config: EmbedderConfig
}

const TEXTS = ['What is 17 + 25?', 'Find the area of a circle of radius 3.']

/** Remarks on an embedding model at an endpoint; [] when all is well. */
export async function checkEmbedder({ config }: EmbedderSubject, { url, client, ask }: Place): Promise<Remark[]> {
  const { model, prefix, maxTokens, dimensions } = config
  const served = checkServed({ url, model, models: await ask((signal) => client.models(signal)) })
  if (served.some(({ severity }) => severity === 'error')) return served
  const call = { model, texts: TEXTS.map((text) => prefix + text), maxTokens, dimensions }
  const reply = await ask((signal) =>
    client.embed(call, signal).catch((error: unknown) => {
      if (isRouteMissing(error)) return client.poolEmbeddings(call, signal)
      throw error
    }),
  )
  if (!answered(reply)) {
    const seen = `it gives no vector: ${reply.failed.message}`
    const advice = 'serve an embedding model there (vLLM: --runner pooling), or correct stages.screen.embeddings'
    return [...served, { severity: 'error', check: 'embedding', seen, advice }]
  }
  const [first, second] = reply.vectors
  if (first!.length === second!.length && first!.some((value, at) => value !== second![at])) return served
  const seen = 'its vectors of two different texts are the same, or of different dimension'
  return [...served, { severity: 'error', check: 'embedding', seen, advice: 'serve an embedding model there' }]
}
