// Which seed each model call uses. Promises: within a run no two calls with the same prompt share a seed, and a
// call that is repeated after a crash has the seed it had before.
//
// vLLM gives choice i of a request the seed + i and takes any int64; JSON keeps 53 bits. They are cut so:
//
//   bits 50-52  kind: question, answer, sample, tag, judge, follow-up question, answer to one
//   bits 44-49  step: 0 the call itself, 1 the second call of the two-call method, 2 to 63 continuations
//   bits  0-43  place
//     questions: 8 bits for the number of choices of a slot (4, the usual one, is 0), then 36 bits for
//                base + slot × choices + choice: consecutive over a run, apart where the choices are changed
//     others:    34 bits for a block, chosen by a hash of the problem's id, then 10 bits for the index
//
// A step has a seed of its own because generators seeded alike draw alike: a second call with the seed of the first
// would choose its first token by the very noise that chose the token before it.
// Two problems fall on one block with a chance of 0.03 % for 3,000 problems and 25 % for 100,000; that does no harm,
// since their prompts differ. Blocks begin at multiples of 1,024, so `seed mod 8` is `index mod 8`.

import { createHash } from 'node:crypto'

/** Seeds reserved for each problem and kind. */
export const SEEDS_PER_PROBLEM = 1024
/** Most choices of a slot. */
export const MOST_CHOICES = 256
/** Largest base of a run's questions. */
export const LARGEST_BASE = 2 ** 35
/** Step of the second call of the two-call method. */
export const SECOND_CALL = 1
/** Steps of continuations, from the first to the last. */
export const CONTINUATIONS = { first: 2, last: 63 } as const

const KIND = 2 ** 50
const STEP = 2 ** 44
const QUESTIONS = 2 ** 36
const USUAL_CHOICES = 4

const kinds = { question: 0, answer: 1, sample: 2, tag: 3, judge: 4, 'follow-up': 5, turn: 6 } as const

export type ProblemSeedKind = Exclude<keyof typeof kinds, 'question'>

/** Seed of the first choice of a slot; choice i adds i. base: the run's own, an integer from 0 to LARGEST_BASE. */
export function questionSeed(base: number, slot: number, choices: number): number {
  const place = base + slot * choices
  if (
    ![base, slot, choices].every((value) => Number.isSafeInteger(value) && value >= 0) ||
    base > LARGEST_BASE ||
    choices < 1 ||
    choices > MOST_CHOICES ||
    place + choices > QUESTIONS
  )
    throw new RangeError(`no seed for slot ${slot} of ${choices} choices over base ${base}`)
  const row = (choices - USUAL_CHOICES + MOST_CHOICES) % MOST_CHOICES
  return kinds.question * KIND + row * QUESTIONS + place
}

/** Seed of a call about one problem; index: which sample, which try of a tag, or which turn and try (`turnSeed`). */
export function problemSeed(kind: ProblemSeedKind, problemId: string, index = 0): number {
  if (!Number.isInteger(index) || index < 0 || index >= SEEDS_PER_PROBLEM)
    throw new RangeError(`index ${index} is outside 0 to ${SEEDS_PER_PROBLEM - 1}`)
  const digest = createHash('sha256').update(problemId).digest()
  const block = digest.readUIntBE(0, 5) % 2 ** 34
  return kinds[kind] * KIND + block * SEEDS_PER_PROBLEM + index
}

/** Most tries of a question, and most answers to one, in each further turn. */
export const SEEDS_PER_TURN = 32
/** Most turns of a conversation, the first included. */
export const MOST_TURNS = 16

/** Seed of a call for a further turn (2 to MOST_TURNS); index: which try of the question, or which answer. */
export function turnSeed(kind: 'follow-up' | 'turn', problemId: string, turn: number, index: number): number {
  if (turn < 2 || turn > MOST_TURNS || index < 0 || index >= SEEDS_PER_TURN)
    throw new RangeError(`no seed for try ${index} of turn ${turn}`)
  return problemSeed(kind, problemId, (turn - 2) * SEEDS_PER_TURN + index)
}

/** Seed of a later call for the same text. seed: of its first call (step 0). step: 1 to 63. */
export function stepSeed(seed: number, step: number): number {
  if (!Number.isInteger(step) || step < SECOND_CALL || step > CONTINUATIONS.last)
    throw new RangeError(`step ${step} is outside ${SECOND_CALL} to ${CONTINUATIONS.last}`)
  if (!Number.isSafeInteger(seed) || seed < 0 || seed % KIND >= STEP)
    throw new RangeError(`seed ${seed} is not the seed of a first call`)
  return seed + step * STEP
}
