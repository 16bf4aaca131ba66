// What a server's tokenizer says of single tokens and short runs of them, remembered for each client. Promises: a
// server without these routes is no failure of the role; it is told as null.

import type { EngineClient } from './engine-client.ts'
import { EngineFailure } from './engine-failure.ts'

/** Signs that follow a forbidden beginning in tokens that hold more than it. */
const TAILS = ['', ' ', '\n', '\n\n', ':', '1', 'Problem', ' Problem', 'The', 'A']
/** A beginning is repeated so often in the texts that are tried: "#" to "######". */
const REPEATS = 6

interface Remembered {
  readonly texts: Map<number, string>
  readonly forbidden: Map<string, Promise<number[] | null>>
}

/** By client: engines of one model may differ in their tokenizer's version. */
const known = new WeakMap<EngineClient, Map<string, Remembered>>()

/** Text of the tokens, special ones shown; null where the server cannot tell. */
export async function decodeTokens(
  client: EngineClient,
  model: string,
  ids: readonly number[],
  signal: AbortSignal,
): Promise<string | null> {
  const { texts } = rememberedOf(client, model)
  const [id] = ids
  if (id === undefined) return ''
  const remembered = ids.length === 1 ? texts.get(id) : undefined
  if (remembered !== undefined) return remembered
  const text = await ifThere(() => client.detokenize({ model, tokens: ids }, signal))
  if (ids.length === 1 && text !== null) texts.set(id, text)
  return text
}

/**
 * Ids of tokens whose text, blanks before it aside, begins with one of these; null where the server has no tokenizer
 * routes. A vocabulary cannot be listed over HTTP, so the tokens are found by tokenizing texts that begin so: each
 * text alone, repeated up to six times, with a space before it, followed by signs that are common there.
 */
export async function tokensBeginningWith(
  client: EngineClient,
  model: string,
  beginnings: readonly string[],
  signal: AbortSignal,
): Promise<number[] | null> {
  const { forbidden } = rememberedOf(client, model)
  const key = JSON.stringify(beginnings)
  for (;;) {
    const running = forbidden.get(key)
    if (running === undefined) {
      const own = findTokens(client, model, beginnings, signal)
      forbidden.set(key, own)
      own.catch(() => forbidden.delete(key))
      return own
    }
    try {
      return await running
    } catch {
      // Another call asked first and failed, or was given up: this one asks itself.
      signal.throwIfAborted()
    }
  }
}

async function findTokens(
  client: EngineClient,
  model: string,
  beginnings: readonly string[],
  signal: AbortSignal,
): Promise<number[] | null> {
  const found = new Set<number>()
  for (const beginning of beginnings) {
    for (const prompt of textsWith(beginning)) {
      const read = await ifThere(() => client.tokenize({ model, prompt, addSpecialTokens: false }, signal))
      if (read === null) return null
      const [first] = read.tokens
      if (first === undefined || found.has(first)) continue
      const text = await decodeTokens(client, model, [first], signal)
      if (text === null) return null
      if (text.trimStart().startsWith(beginning)) found.add(first)
    }
  }
  return [...found].sort((a, b) => a - b)
}

function textsWith(beginning: string): string[] {
  const repeated = Array.from({ length: REPEATS }, (_, index) => beginning.repeat(index + 1))
  return repeated.flatMap((text, index) =>
    (index < 3 ? TAILS : ['', ' ']).flatMap((tail) => [`${text}${tail}`, ` ${text}${tail}`]),
  )
}

function rememberedOf(client: EngineClient, model: string): Remembered {
  const models = known.get(client) ?? new Map<string, Remembered>()
  known.set(client, models)
  const remembered = models.get(model) ?? { texts: new Map(), forbidden: new Map() }
  models.set(model, remembered)
  return remembered
}

async function ifThere<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof EngineFailure && error.code === 'route-not-found') return null
    throw error
  }
}
