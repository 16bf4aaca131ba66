// Which seed each model call uses. Promises: within a run no two calls with the same prompt share a seed, and a
// call that is repeated after a crash has the seed it had before.
//
// vLLM gives choice i of a request the seed + i and takes any int64; JSON keeps 53 bits. So the space below 2^53
// is cut into ranges of 2^50, one for each kind of call:
//   questions  base + slot × choices + choice: consecutive over a run
//   answers, samples, tags, judgements: a block of 1,024 chosen by a hash of the problem's id, then the index
// Two problems fall on one block with a chance of 5 in a million for 3,000 problems and 0.5 % for 100,000; that
// does no harm, since their prompts differ. Blocks begin at multiples of 1,024, so `seed mod 8` is `index mod 8`.

import { createHash } from 'node:crypto'

const RANGE = 2 ** 50
/** Seeds reserved for each problem and kind. */
export const SEEDS_PER_PROBLEM = 1024

const rangeOf = { question: 0, answer: 1, sample: 2, tag: 3, judge: 4 } as const

/** Seed of the first choice of a slot. base: the run's own seed, an integer from 0. */
export function questionSeed(base: number, slot: number, choices: number): number {
  const seed = base + slot * choices
  if (!Number.isSafeInteger(seed) || base < 0 || slot < 0 || choices < 1 || seed + choices > RANGE)
    throw new RangeError(`no seed for slot ${slot} of ${choices} choices over base ${base}`)
  return seed
}

/** Seed of a call about one problem; index: which sample, or which try of a tag. */
export function problemSeed(kind: 'answer' | 'sample' | 'tag' | 'judge', problemId: string, index = 0): number {
  if (!Number.isInteger(index) || index < 0 || index >= SEEDS_PER_PROBLEM)
    throw new RangeError(`index ${index} is outside 0 to ${SEEDS_PER_PROBLEM - 1}`)
  const digest = createHash('sha256').update(problemId).digest()
  const block = digest.readUIntBE(0, 5) // 40 bits: 2^40 blocks of 2^10 fill the range
  return rangeOf[kind] * RANGE + block * SEEDS_PER_PROBLEM + index
}
