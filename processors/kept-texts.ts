// Texts that a record of another revision holds, by all that decided them. Promises: a text is found only where model,
// prompt, template, sampling, seed and all else that was asked are the same; it says which revision paid for it.

import type { Asked, CallMemory, Said } from '../schemas/call-memory.ts'
import { judgementAsReply } from './judge.ts'
import { labelsAsReply } from './tag.ts'
import type { PastRecord } from '../schemas/past.ts'

const ASKED = [
  'role',
  'model',
  'template',
  'promptHash',
  'temperature',
  'topP',
  'topK',
  'minP',
  'repetitionPenalty',
  'maxTokens',
  'seed',
  'firstTemperature',
  'mannerHash',
] as const satisfies readonly (keyof Asked)[]

/**
 * The memory of what the record says (see CallMemory). taken: told the role and the number of texts that are taken over.
 * Labels and verdicts that took a second call to be read are not found: their record names the second prompt alone.
 */
export function saidIn(
  past: PastRecord,
  taken: (role: string, texts: number) => void,
): NonNullable<CallMemory['said']> {
  const texts = new Map<string, Said>()
  for (const said of textsOf(past)) {
    const generation = { ...said.generation, keptFrom: said.generation.keptFrom ?? past.revision }
    texts.set(nameOf(generation), { ...said, generation })
  }
  return (choices) => {
    const found = choices.flatMap((asked) => texts.get(nameOf(asked)) ?? [])
    if (found.length < choices.length) return null
    taken(choices[0]!.role, found.length)
    return found
  }
}

function* textsOf({ tags, answer, samples, judging, conversation }: PastRecord): Generator<Said> {
  if (tags !== undefined && tags !== null)
    yield { text: labelsAsReply(tags), reasoning: null, generation: tags.generation }
  if (answer !== undefined && answer !== null) yield answer
  yield* samples ?? []
  for (const judgement of judging?.judgements ?? []) {
    const { generation, error } = judgement
    if (generation !== null && error === null) yield { text: judgementAsReply(judgement), reasoning: null, generation }
  }
  for (const { tries, answers } of conversation?.followUps ?? []) {
    for (const { text, generation } of tries) yield { text, reasoning: null, generation }
    yield* answers
  }
}

function nameOf(asked: Asked): string {
  return JSON.stringify(ASKED.map((field) => asked[field]))
}
