// Replies of a real vLLM 0.32 with embedding models, in test/llm/recorded: a model of random weights (toy-embed) and
// all-MiniLM-L6-v2.

import { readFileSync } from 'node:fs'
import type { Recording } from './recorded-vllm.ts'

interface Exchange {
  readonly note: string
  readonly request: Recording['request']
  readonly response: { readonly status: number; readonly headers: Record<string, string>; readonly json: unknown }
}

const file = new URL('../llm/recorded/vllm-embeddings.json', import.meta.url)
const exchanges = JSON.parse(readFileSync(file, 'utf8'), (_key, value: unknown) => longText(value)) as Record<
  string,
  Exchange
>

/** The exchange of this name. */
export function recordedEmbedding(name: string): Recording {
  const exchange = exchanges[name]
  if (exchange === undefined) throw new Error(`no recording ${name}`)
  const { status, headers, json } = exchange.response
  return { request: exchange.request, status, headers, body: json }
}

/** Names of all exchanges. */
export const recordedEmbeddings: readonly string[] = Object.keys(exchanges)

/** Texts over a context are written short in the file. */
function longText(value: unknown): unknown {
  const { repeat, times } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  return typeof repeat === 'string' && typeof times === 'number' ? repeat.repeat(times) : value
}
