// The first token of an invented problem as a model draws it: a dozen openers with known logits, so that what a
// client does to the first token (another temperature, logit_bias, top_p, two calls in place of one) can be held to
// exact probabilities. Two of them are Markdown, as Llama 3.1 likes to begin.

import { createDice } from './random.ts'
import { tokenize } from './tokens.ts'

export interface FirstToken {
  readonly text: string
  readonly id: number
  readonly logit: number
}

/** How the distribution is bent: vLLM's parameters, in vLLM's order. */
export interface FirstTokenSampling {
  /** 0: the likeliest. */
  readonly temperature: number
  /** Added to the logits of these ids; -100 takes a token out. */
  readonly logitBias?: ReadonlyMap<number, number>
  /** 0 or -1: all. */
  readonly topK?: number
  readonly topP?: number
  readonly minP?: number
}

/** Every one is the whole first token of the problems that begin with it. */
const OPENERS: readonly (readonly [text: string, logit: number])[] = [
  ['What', 2.1],
  ['Find', 1.9],
  ['How', 1.7],
  ['#', 1.4],
  ['The', 1.2],
  ['If', 1.0],
  ['Let', 0.9],
  ['**', 0.8],
  ['Solv', 0.6],
  ['In', 0.3],
  ['Eval', 0.1],
  ['Cons', -0.2],
]

/** The openers, the likeliest first. */
export const FIRST_TOKENS: readonly FirstToken[] = OPENERS.map(([text, logit]) => ({
  text,
  id: tokenize(text)[0]!,
  logit,
}))

/** What follows a Markdown opener before the problem itself. */
const MARKDOWN: Readonly<Record<string, string>> = { '#': ' Problem\n\n', '**': 'Problem.** ' }

/** The exact probability of each opener's id; those that cannot come have 0. */
export function firstTokenProbabilities(sampling: FirstTokenSampling): Map<number, number> {
  const { temperature, logitBias, topK = 0, topP = 1, minP = 0 } = sampling
  const logits = FIRST_TOKENS.map(({ id, logit }) => ({ id, logit: logit + clamped(logitBias?.get(id) ?? 0) }))
  const highest = Math.max(...logits.map(({ logit }) => logit))
  const chances = new Map(FIRST_TOKENS.map(({ id }) => [id, 0]))
  if (temperature === 0) {
    const best = logits.find(({ logit }) => logit === highest)
    return best === undefined ? chances : chances.set(best.id, 1)
  }
  let kept = normalised(logits.map(({ id, logit }) => [id, Math.exp((logit - highest) / temperature)] as const))
  kept.sort(([, left], [, right]) => right - left)
  kept = normalised(kept.filter(([, chance]) => chance >= minP * kept[0]![1]))
  if (topK > 0) kept = normalised(kept.slice(0, topK))
  let before = 0
  kept = normalised(
    kept.filter(([, chance]) => {
      const inside = before < topP
      before += chance
      return inside
    }),
  )
  for (const [id, chance] of kept) chances.set(id, chance)
  return chances
}

/** vLLM holds biases within -100 and 100; -100 leaves a chance of e^-50 at the highest temperature: never. */
function clamped(bias: number): number {
  return Math.max(-100, Math.min(100, bias))
}

function normalised(weights: readonly (readonly [id: number, weight: number])[]): (readonly [number, number])[] {
  const sum = weights.reduce((total, [, weight]) => total + weight, 0)
  return weights.map(([id, weight]) => [id, weight / sum] as const)
}

const SALT = 0xf1257

/** The opener that this seed draws; the same seed at another temperature uses the same chance. */
export function drawFirstToken(seed: number, sampling: FirstTokenSampling): string {
  const chances = firstTokenProbabilities(sampling)
  const draw = createDice(seed, SALT).uniform()
  let edge = 0
  let drawn = FIRST_TOKENS[0]!
  for (const token of FIRST_TOKENS) {
    const chance = chances.get(token.id) ?? 0
    if (chance === 0) continue
    drawn = token
    edge += chance
    if (draw < edge) break
  }
  return drawn.text
}

/**
 * The rest of a problem after its opener, from an author's `problem`. It depends on opener and seed alone: one call,
 * or two with the opener between them, end in the same text.
 */
export function afterFirstToken(
  opener: string,
  seed: number,
  problem: (seed: number, opener: string) => string,
): string {
  const markdown = MARKDOWN[opener]
  return markdown === undefined ? problem(seed, opener) : markdown + problem(seed, '')
}

/** The opener that an unfinished problem has begun with; undefined for anybody else's beginning. */
export function openerOf(begun: string): string | undefined {
  return FIRST_TOKENS.find(({ text, id }) => begun.startsWith(text) && tokenize(begun)[0] === id)?.text
}
