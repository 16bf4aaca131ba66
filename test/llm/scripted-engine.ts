// An engine that says a given script, a byte a token, as a vLLM would: max_tokens, stop strings, ids, a parser of
// thoughts. It goes on from wherever a prompt of ids has got to.

import type { EngineCall, EngineClient } from '../../llm/engine-client.ts'
import { EngineFailure } from '../../llm/engine-failure.ts'
import type { Choices } from '../../llm/replies.ts'

/** Tokens above the bytes: the thought's end (plain text), the end of the turn (special, not shown in texts). */
export const CLOSE = 256
export const END = 257
const PROMPT = [END, 1, 2, 3]

export interface Manners {
  /**
   * What becomes of a character that a cut splits. held: dropped before the cut, whole behind it; shown: U+FFFD on both
   * sides; lost: dropped on both sides.
   */
  readonly broken: 'held' | 'shown' | 'lost'
  /** Chats give the thought in a field. */
  readonly parser: boolean
  /** Tokens of prompt and text together; more is a 400, and less room shortens max_tokens. */
  readonly context: number
  readonly tokenIds: boolean
  readonly promptIds: boolean
  readonly detokenize: boolean
}

export const plainManners: Manners = {
  broken: 'held',
  parser: false,
  context: Infinity,
  tokenIds: true,
  promptIds: true,
  detokenize: true,
}

export interface ScriptedEngine {
  readonly client: EngineClient
  readonly calls: EngineCall[]
  readonly asked: string[]
}

/** Ids of a text: its bytes, and one token for each thought's end. */
export function idsOf(text: string): number[] {
  return text.split('</think>').flatMap((part, index) => [...(index === 0 ? [] : [CLOSE]), ...Buffer.from(part)])
}

/** script: what the model says to any prompt (by the seed of the first call), its end token included or not. */
export function createScriptedEngine(script: (seed: number) => readonly number[], manners: Manners): ScriptedEngine {
  const calls: EngineCall[] = []
  const asked: string[] = []
  const gone = (route: string): Promise<never> =>
    Promise.reject(new EngineFailure('refusing', 'route-not-found', route))

  const choiceOf = (call: EngineCall): Choices['choices'][number] => {
    const { input } = call
    const said = 'tokenIds' in input ? input.tokenIds.slice(PROMPT.length) : []
    const whole = script(call.seed % 2 ** 44)
    const room = manners.context - PROMPT.length - said.length
    const most = Math.min(call.sampling.maxTokens, room)
    const ids: number[] = []
    let text = ''
    let finish: { finishReason: string; stopReason: string | null } = { finishReason: 'length', stopReason: null }
    for (const id of whole.slice(said.length, said.length + most)) {
      ids.push(id)
      if (id === END) {
        finish = { finishReason: 'stop', stopReason: null }
        break
      }
      text = shown(said, ids, manners.broken)
      const stops = call.stop.map((stop) => ({ stop, at: text.indexOf(stop) })).filter(({ at }) => at !== -1)
      const first = stops.toSorted((a, b) => a.at - b.at)[0]
      if (first === undefined) continue
      text = text.slice(0, first.at)
      finish = { finishReason: 'stop', stopReason: first.stop }
      break
    }
    const parse = manners.parser && 'messages' in input
    const [thought, ...rest] = text.split('</think>')
    return {
      ...(parse ? { text: rest.join('</think>'), reasoning: thought ?? '' } : { text, reasoning: null }),
      ...finish,
      tokenIds: manners.tokenIds ? ids : null,
    }
  }

  return {
    calls,
    asked,
    client: {
      url: 'http://scripted',
      complete: (call) => {
        calls.push(call)
        const length = 'tokenIds' in call.input ? call.input.tokenIds.length : PROMPT.length
        if (length >= manners.context)
          return Promise.reject(new EngineFailure('none', 'context-length', 'no room is left'))
        const choices = Array.from({ length: call.n }, (_, index) => choiceOf({ ...call, seed: call.seed + index }))
        return Promise.resolve({
          choices,
          promptTokens: length,
          cachedTokens: length - 1,
          promptTokenIds: manners.promptIds ? PROMPT : null,
          completionTokens: choices.reduce((sum, { tokenIds }) => sum + (tokenIds?.length ?? 1), 0),
        })
      },
      tokenize: (call) => {
        asked.push('prompt' in call ? call.prompt : JSON.stringify(call.messages))
        return Promise.resolve({
          tokens: 'prompt' in call && !call.prompt.startsWith('<|') ? idsOf(call.prompt) : PROMPT,
          maxModelLen: null,
        })
      },
      detokenize: ({ tokens }) => (manners.detokenize ? Promise.resolve(decode(tokens, true)) : gone('/detokenize')),
      pool: () => gone('/pooling'),
      classify: () => gone('/classify'),
      embed: () => gone('/v1/embeddings'),
      poolEmbeddings: () => gone('/pooling'),
      version: () => Promise.resolve(null),
      metrics: () => Promise.resolve(null),
      health: () => Promise.resolve(null),
      models: () => Promise.resolve([]),
      at() {
        return this
      },
      renew: () => undefined,
      close: () => Promise.resolve(),
    },
  }
}

function shown(said: readonly number[], ids: readonly number[], broken: Manners['broken']): string {
  if (broken === 'shown') return decode(ids, false)
  // As a decoder that compares lengths: a character that was U+FFFD before is no longer text.
  if (broken === 'lost') {
    const [before, all] = [said, [...said, ...ids]].map((each) => Array.from(decode(each, false)))
    return all!
      .slice(before!.length)
      .join('')
      .replace(/\uFFFD+$/, '')
  }
  return finished([...said, ...ids]).slice(finished(said).length)
}

/** The text of the characters that are whole. */
function finished(ids: readonly number[]): string {
  return new TextDecoder().decode(bytes(ids, false), { stream: true })
}

function decode(ids: readonly number[], special: boolean): string {
  return new TextDecoder().decode(bytes(ids, special))
}

function bytes(ids: readonly number[], special: boolean): Buffer {
  const text = (id: number): string => (id === CLOSE ? '</think>' : special ? '<|im_end|>' : '')
  return Buffer.concat(ids.map((id) => (id < CLOSE ? Buffer.from([id]) : Buffer.from(text(id)))))
}
