// Asks a model for a JSON object of a given shape. Promises: one call, one more to repair a reply that cannot be read,
// then the fault; a thought before the object is not part of it; what all calls cost is told with the last one.

import { z } from 'zod'
import type { CallContext, ChatMessage, Completion, Llm } from '../llm/contract.ts'
import { splitReasoning } from '../llm/reasoning.ts'
import type { Generation } from '../schemas/records.ts'
import { readJson } from './read-json.ts'

export interface JsonQuestion<Value> {
  /** Name of the object, for the server. */
  readonly name: string
  readonly shape: z.ZodType<Value>
  readonly messages: readonly ChatMessage[]
  /** Seed of the first call (0) and of the repair (1). */
  readonly seed: (attempt: number) => number
}

export type JsonReply<Value> = ({ readonly value: Value } | { readonly fault: string }) & {
  /** The last call; tokens, milliseconds, tries and money are those of all calls. */
  readonly generation: Generation
}

/** Throws what Llm.complete throws. */
export async function askJson<Value>(
  llm: Llm,
  { name, shape, messages, seed }: JsonQuestion<Value>,
  context: CallContext,
): Promise<JsonReply<Value>> {
  const jsonSchema = { name, schema: z.toJSONSchema(shape) as Record<string, unknown> }
  const calls: Generation[] = []
  const ask = async (turns: readonly ChatMessage[]): Promise<string> => {
    const [completion] = await llm.complete(
      { input: { messages: turns }, seed: seed(calls.length), jsonSchema },
      context,
    )
    if (completion === undefined) throw new Error('the model client returned no completion for a request of one')
    calls.push(completion.generation)
    return withoutThought(completion)
  }
  const first = await ask(messages)
  let read = readJson(first, shape)
  if ('fault' in read) {
    const complaint = `That could not be read: ${read.fault} Return the JSON object again, corrected and alone.`
    // A reply without words cannot be a turn: many templates refuse it.
    const turn = first === '' ? '(no answer)' : first
    const again = await ask([...messages, { role: 'assistant', content: turn }, { role: 'user', content: complaint }])
    read = readJson(again, shape)
  }
  return { ...read, generation: together(calls) }
}

function withoutThought({ text, reasoning, generation }: Completion): string {
  return splitReasoning({ text, reasoning, finishReason: generation.finishReason }).solution
}

function together(calls: readonly Generation[]): Generation {
  const sum = (of: (call: Generation) => number): number => calls.reduce((total, call) => total + of(call), 0)
  return {
    ...calls.at(-1)!,
    promptTokens: sum(({ promptTokens }) => promptTokens),
    cachedTokens: sum(({ cachedTokens }) => cachedTokens),
    completionTokens: sum(({ completionTokens }) => completionTokens),
    milliseconds: sum(({ milliseconds }) => milliseconds),
    attempts: sum(({ attempts }) => attempts),
    usd: calls.some(({ usd }) => usd === null) ? null : sum(({ usd }) => usd ?? 0),
  }
}
