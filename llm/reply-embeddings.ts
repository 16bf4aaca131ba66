// The shapes of an embedding model's replies: /v1/embeddings and /pooling. Promises: one vector for each text, in the
// order of the texts, whether the server sent lists of numbers or base64; what is no embedding is never taken for one.

import { z } from 'zod'
import { permanent } from '../schemas/failure.ts'
import { EngineFailure } from './engine-failure.ts'
import { shaped, usageShape } from './replies.ts'
import { decodeFloats } from './reply-scores.ts'

const reply = z.object({
  data: z.array(z.object({ index: z.number(), embedding: z.unknown().optional(), data: z.unknown().optional() })),
  usage: usageShape,
})
const numbers = z.array(z.number()).min(1)
const lists = z.array(z.array(z.number()))

/** What an embedding model sent for the texts of one request. */
export interface Embedded {
  /** As the server gave them, not normalised. */
  readonly vectors: readonly (readonly number[])[]
  /** Of all texts together; 0: the server does not count. */
  readonly tokens: number
}

/**
 * Reads a reply to so many texts. Throws a transient failure for one that is not whole, and a permanent
 * `embedding-shape` for rows of a token model.
 */
export function readEmbeddings(given: unknown, texts: number): Embedded {
  const { data, usage } = shaped(reply, given)
  const rows = data.toSorted((a, b) => a.index - b.index)
  if (rows.length !== texts || rows.some(({ index }, at) => index !== at))
    throw new EngineFailure('doubtful', 'missing-vectors', `the reply has ${rows.length} vectors for ${texts} texts`)
  const vectors = rows.map(({ embedding, data: pooled }) => vectorOf(embedding ?? pooled))
  return { vectors, tokens: usage?.prompt_tokens ?? 0 }
}

function vectorOf(value: unknown): number[] {
  if (typeof value === 'string') return decodeFloats(value)
  if (lists.safeParse(value).success && !numbers.safeParse(value).success)
    throw permanent(
      'embedding-shape',
      'the server sent a list for each token and not one vector for the text; serve an embedding model there (vLLM: --runner pooling --convert embed), or correct the model',
    )
  return shaped(numbers, value)
}
