// The shapes of reward models' replies: /pooling and /classify. Promises: the rows are as the server gave them.

import { z } from 'zod'
import { shaped, usageShape } from './replies.ts'

const poolingReply = z.object({ data: z.array(z.object({ data: z.unknown() })).min(1), usage: usageShape })
const classifyReply = z.object({ data: z.array(z.object({ probs: z.array(z.number()) })).min(1), usage: usageShape })
const numbers = z.array(z.number())
const rows = z.array(z.array(z.number()))

/** What a reward model sent for one conversation. */
export interface Pooled {
  /** One row a token (or step, or text), as the server gave it; a bare list of numbers is a row of one each. */
  readonly rows: readonly (readonly number[])[]
  /** A bare list ([v, v]) came instead of a list of lists. */
  readonly flat: boolean
  readonly tokens: number
}

/** Reads a reply of /pooling for one conversation. */
export function readPooling(reply: unknown): Pooled {
  const read = shaped(poolingReply, reply)
  const data = read.data[0]?.data
  const tokens = read.usage?.prompt_tokens ?? 0
  const flat = numbers.safeParse(data)
  if (flat.success) return { rows: flat.data.map((value) => [value]), flat: flat.data.length > 0, tokens }
  return { rows: shaped(rows, data), flat: false, tokens }
}

/** Reads a reply of /classify for one conversation: one row of one value a class. */
export function readClassified(reply: unknown): Pooled {
  const read = shaped(classifyReply, reply)
  return { rows: [read.data[0]!.probs], flat: false, tokens: read.usage?.prompt_tokens ?? 0 }
}
