// The shapes of reward models' replies: /pooling and /classify. Promises: the rows are as the server gave them,
// whether it sent lists of numbers or base64.

import { z } from 'zod'
import { EngineFailure } from './engine-failure.ts'
import { shaped, usageShape } from './replies.ts'

const poolingReply = z.object({ data: z.array(z.object({ data: z.unknown() })).min(1), usage: usageShape })
const classifyReply = z.object({ data: z.array(z.object({ probs: z.array(z.number()) })).min(1), usage: usageShape })
const numbers = z.array(z.number())
const rows = z.array(z.array(z.number()))

/** What a reward model sent for one conversation. */
export interface Pooled {
  /** One row a token (or step, or text), as the server gave it; a bare list of numbers is a row of one each. */
  readonly rows: readonly (readonly number[])[]
  /** A bare list ([v, v]) or base64 came instead of a list of lists: how wide the rows were is not known. */
  readonly flat: boolean
  readonly tokens: number
}

/** Reads a reply of /pooling for one conversation, in either encoding. */
export function readPooling(reply: unknown): Pooled {
  const read = shaped(poolingReply, reply)
  const data = read.data[0]?.data
  const tokens = read.usage?.prompt_tokens ?? 0
  if (typeof data === 'string') return { rows: decodeFloats(data).map((value) => [value]), flat: true, tokens }
  const flat = numbers.safeParse(data)
  if (flat.success) return { rows: flat.data.map((value) => [value]), flat: flat.data.length > 0, tokens }
  return { rows: shaped(rows, data), flat: false, tokens }
}

/** Reads a reply of /classify for one conversation: one row of one value a class. */
export function readClassified(reply: unknown): Pooled {
  const read = shaped(classifyReply, reply)
  return { rows: [read.data[0]!.probs], flat: false, tokens: read.usage?.prompt_tokens ?? 0 }
}

/**
 * The numbers in a text of base64: float32, little endian, as vLLM writes them for `encoding_format: "base64"`.
 * Throws a transient `unreadable-reply` for what is no such text.
 */
export function decodeFloats(text: string): number[] {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length % 4 !== 0 || bytes.toString('base64') !== text)
    throw new EngineFailure('doubtful', 'unreadable-reply', 'the scores are no base64 of whole 32-bit numbers')
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4))
}
