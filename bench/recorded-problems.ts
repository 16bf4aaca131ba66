// Problems with eight samples each in any number, made of the recording of a real model (../shared/data): the same texts
// under other ids, with every seventh long word exchanged, so that copies do not compress like copies. Promise: what is
// extracted from a text is what was extracted from the recorded one.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { extractFinalAnswer } from '../math/extract.ts'
import { problemId, responseId } from '../schemas/ids.ts'
import type { Generation, Sampled } from '../schemas/records.ts'

interface Recorded {
  readonly problem: string
  readonly answer: string
  readonly samples: readonly { readonly text: string }[]
}

export const RECORDING = join(import.meta.dirname, '../../shared/data/recorded_qwen_math.jsonl')

const MODEL = 'Qwen/Qwen2.5-Math-72B-Instruct'
/** Words of prose: no commands of LaTeX, nothing in braces. */
const LONG_WORD = /(?<![\\{\w])[a-z]{6,}(?![\w}])/g

const GENERATION: Generation = {
  role: 'sampler',
  model: MODEL,
  endpoint: 'http://10.0.0.17:8000',
  template: 'qwen2.5-math-72b',
  promptHash: '5d41402abc4b2a76b9719d911017c5925d41402abc4b2a76b9719d911017c592',
  temperature: 0.8,
  topP: 0.95,
  topK: 0,
  minP: 0,
  repetitionPenalty: 1,
  maxTokens: 4096,
  seed: 0,
  finishReason: 'stop',
  stopReason: null,
  promptTokens: 120,
  completionTokens: 0,
  milliseconds: 0,
  attempts: 1,
  cachedTokens: 64,
  firstTemperature: null,
  continuations: 0,
  usd: null,
  mannerHash: null,
  keptFrom: null,
}

/** Returns a function that makes the problem of a slot as the sample stage would have left it. */
export function createRecordedProblems(runId: string, createdAt: number): (slot: number) => Sampled {
  const recorded = readFileSync(RECORDING, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Recorded)
  const words = [
    ...new Set(recorded.flatMap(({ samples }) => samples.flatMap(({ text }) => text.match(LONG_WORD) ?? []))),
  ]
  const answers = new Map(
    recorded.flatMap(({ samples }) => samples.map(({ text }) => [text, extractFinalAnswer(text)] as const)),
  )

  function varied(text: string, seed: number): string {
    let state = seed
    const made = text.replace(LONG_WORD, (word) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      return state % 7 === 0 ? words[(state >>> 3) % words.length]! : word
    })
    return extractFinalAnswer(made) === answers.get(text) ? made : text
  }

  return (slot) => {
    const { problem, answer, samples } = recorded[(slot * 7 + Math.floor(slot / 50)) % recorded.length]!
    const id = problemId(runId, slot, 0)
    const envelope = { id, runId, revision: 'main', createdAt: createdAt + slot }
    const seed = Math.imul(slot + 1, 2654435761) >>> 0
    return {
      ...envelope,
      problem: {
        ...envelope,
        ...{ slot, choice: 0, text: problem, source: 'jsonl', sourceFile: 'problems.jsonl', sourceLine: slot + 1 },
        ...{ referenceAnswer: answer, opener: null, controlTask: null, generation: null, metadata: {} },
      },
      screening: { version: 'screen@1', text: problem, changes: [], language: 'en', embedding: null },
      tags: null,
      answer: null,
      samples: samples.map(({ text }, index) => {
        const made = varied(text, (seed + index) >>> 0)
        const completionTokens = Math.ceil(made.length / 3)
        return {
          id: responseId(id, 'sample', index),
          kind: 'sample' as const,
          index,
          text: made,
          reasoning: null,
          generation: { ...GENERATION, seed: slot * 8 + index, completionTokens, milliseconds: completionTokens * 21 },
        }
      }),
    }
  }
}
