// A server that answers differently when it is asked again, as a real one does whose batches differ: the same request
// with the same seed gets another text, or a score that is a little off. Promise: no two answers of a chat are the same
// text, and the text of a repeat is never that of the first answer, unless a schema leaves no other.

import type { Engine, EngineChoice, EngineOptions, EnginePrompt, EngineSampling } from './contract.ts'
import { hashNumbers, hashText } from './random.ts'

/** Far from all seeds that a run counts up to, so that a varied problem is not that of a neighbouring slot. */
const SEED_STEP = 7_919_003
/** So many other seeds are tried. */
const TRIES = 8
/** What a repeat adds to each value of a score: enough to turn a near tie. */
const SCORE_STEP = 0.01

/** What the engine writes when the same request has been answered `times` times before. */
export async function writeVaried(
  engine: Engine,
  prompt: EnginePrompt,
  sampling: EngineSampling,
  options: EngineOptions,
  times: number,
): Promise<EngineChoice> {
  const { onText, ...quiet } = options
  const first = await engine.complete(prompt, sampling, quiet)
  const said = times === 0 ? first : await writeOther(engine, prompt, sampling, quiet, { times, first })
  const isFree = prompt.messages !== undefined && options.jsonSchema === undefined && said.finishReason === 'stop'
  const choice = isFree ? signed(engine, said, [hashText(prompt.text), sampling.seed, times]) : said
  onText?.(choice.text)
  return choice
}

async function writeOther(
  engine: Engine,
  prompt: EnginePrompt,
  sampling: EngineSampling,
  options: EngineOptions,
  { times, first }: { times: number; first: EngineChoice },
): Promise<EngineChoice> {
  for (let step = 0; step < TRIES; step += 1) {
    const seed = sampling.seed + SEED_STEP * (times + step)
    const other = await engine.complete(prompt, { ...sampling, seed }, options)
    if (other.text !== first.text) return other
  }
  // At temperature 0 a seed changes nothing.
  return first
}

/** With a line before it that no other answer has. A thought or a channel has to come first, so these stay as they are. */
function signed(engine: Engine, choice: EngineChoice, marks: readonly number[]): EngineChoice {
  if (choice.text.startsWith('<')) return choice
  const text = `Attempt ${hashNumbers(...marks).toString(36)}.\n\n${choice.text}`
  const tokenIds = engine.tokenize(text, { addSpecialTokens: false })
  return { ...choice, text, tokenIds, completionTokens: tokenIds.length + 1 }
}

/** A score's values when the same request has been answered `times` times before. */
export function varyScores(values: number[], times: number): number[] {
  return times === 0 ? values : values.map((value, at) => Math.fround(value + SCORE_STEP * times * (at % 2 ? -1 : 1)))
}
