// A server that answers differently when it is asked again, as a real one does whose batches differ: the same request
// with the same seed gets another text, or a score that is a little off. Promise: the text of a repeat is never that of
// the first answer, unless a schema leaves no other.

import type { Engine, EngineChoice, EngineOptions, EnginePrompt, EngineSampling } from './contract.ts'

/** Far from all seeds that a run counts up to, so that a varied problem is not that of a neighbouring slot. */
const SEED_STEP = 7_919_003
/** So many other seeds are tried. */
const TRIES = 8
/** What a repeat adds to each value of a score: enough to turn a near tie. */
const SCORE_STEP = 0.01

/** What the engine writes when the same request has been answered `times` times before (0: as ever). */
export async function writeVaried(
  engine: Engine,
  prompt: EnginePrompt,
  sampling: EngineSampling,
  options: EngineOptions,
  times: number,
): Promise<EngineChoice> {
  if (times === 0) return engine.complete(prompt, sampling, options)
  const { onText, ...quiet } = options
  const first = await engine.complete(prompt, sampling, quiet)
  for (let step = 1; step <= TRIES; step += 1) {
    const seed = sampling.seed + SEED_STEP * (times + step)
    const other = await engine.complete(prompt, { ...sampling, seed }, quiet)
    if (other.text === first.text) continue
    onText?.(other.text)
    return other
  }
  // At temperature 0 a seed changes nothing; JSON has to stay JSON.
  const text = options.jsonSchema === undefined ? `Once more (${times + 1}).\n\n${first.text}` : first.text
  onText?.(text)
  const tokenIds = engine.tokenize(text, { addSpecialTokens: false })
  return { ...first, text, tokenIds, completionTokens: tokenIds.length }
}

/** A score's values when the same request has been answered `times` times before. */
export function varyScores(values: number[], times: number): number[] {
  return times === 0 ? values : values.map((value, at) => Math.fround(value + SCORE_STEP * times * (at % 2 ? -1 : 1)))
}
