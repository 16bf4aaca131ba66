// Records for tests of producers and processors, whole and valid, with what matters given by the test.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { noMemory } from '../../schemas/call-memory.ts'
import { problemId, responseId } from '../../schemas/ids.ts'
import { silentLogger } from '../../schemas/logger.ts'
import type { Generation, Problem, Response, Sampled, Screened } from '../../schemas/records.ts'
import type { ProcessContext } from '../../stream/outcome.ts'

export const RUN = 'a-run'

export function context(signal: AbortSignal = new AbortController().signal): ProcessContext {
  return { signal, log: silentLogger, calls: noMemory }
}

export function generation(over: Partial<Generation> = {}): Generation {
  return {
    role: 'sampler',
    model: 'a-model',
    endpoint: 'http://127.0.0.1:1',
    template: null,
    promptHash: null,
    temperature: 1,
    topP: 1,
    topK: 0,
    minP: 0,
    repetitionPenalty: 1,
    maxTokens: 1024,
    seed: 1,
    finishReason: 'stop',
    stopReason: null,
    promptTokens: 10,
    completionTokens: 20,
    milliseconds: 5,
    attempts: 1,
    cachedTokens: 0,
    firstTemperature: null,
    continuations: 0,
    usd: null,
    mannerHash: null,
    keptFrom: null,
    ...over,
  }
}

export function problem(text: string, over: Partial<Problem> = {}): Problem {
  const slot = over.slot ?? 0
  return {
    id: problemId(RUN, slot, over.choice ?? 0),
    runId: RUN,
    revision: 'main',
    createdAt: 1,
    slot,
    choice: 0,
    text,
    source: 'jsonl',
    sourceFile: null,
    sourceLine: null,
    referenceAnswer: null,
    opener: null,
    controlTask: null,
    generation: null,
    metadata: {},
    ...over,
  }
}

export function screened(of: Problem): Screened {
  const { id, runId, revision, createdAt, text } = of
  return {
    id,
    runId,
    revision,
    createdAt,
    problem: of,
    screening: { version: 'screen@1', text, changes: [], language: 'en', embedding: null },
  }
}

export function response(
  of: string,
  kind: Response['kind'],
  index: number,
  text: string,
  over: Partial<Generation> = {},
): Response {
  return { id: responseId(of, kind, index), kind, index, text, reasoning: null, generation: generation(over) }
}

/** A sampled record: an answer (or none) and samples, by their texts. */
export function sampled(of: Problem, answer: string | null, samples: readonly string[]): Sampled {
  return {
    ...screened(of),
    tags: null,
    answer: answer === null ? null : response(of.id, 'answer', 0, answer),
    samples: samples.map((text, index) => response(of.id, 'sample', index, text)),
  }
}

const data = join(import.meta.dirname, '../../../shared/data')

/** What a test reads, or the reason why it must be skipped. */
export type Shared<Line> =
  { readonly lines: readonly Line[]; readonly skip: false } | { readonly lines: readonly []; readonly skip: string }

/** A line of a benchmark. */
export interface BenchmarkLine {
  readonly problem: string
  readonly answer: string
}

/** A line of recorded_qwen_math.jsonl. */
export interface Recorded extends BenchmarkLine {
  readonly samples: readonly { readonly text: string; readonly correct: boolean; readonly reward: number }[]
}

/** The problems of a file of the shared data (its lines have a problem and an answer). */
export function sharedProblems(name: string): Shared<BenchmarkLine> {
  const file = join(data, name)
  if (!existsSync(file)) return { lines: [], skip: `../shared/data/${name} is not on this machine` }
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
  return { lines: lines.map((line) => JSON.parse(line) as BenchmarkLine), skip: false }
}

/** The recorded answers of a real model. */
export function recording(): Shared<Recorded> {
  return sharedProblems('recorded_qwen_math.jsonl') as Shared<Recorded>
}
