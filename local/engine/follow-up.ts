// What is asked after an answer, and what is answered then: short questions about the whole number in the last answer's
// box ("multiply that result by 7"), whose answers follow from the conversation alone. The same conversation and seed
// give the same text, also in another process.

import type { EngineMessage } from './contract.ts'
import { writeSolution } from './invented-solution.ts'
import { rational } from './invented-value.ts'
import { createDice, hashText } from './random.ts'

interface Form {
  readonly write: (by: number) => string
  readonly read: RegExp
  readonly step: (by: bigint) => string
  readonly solve: (before: bigint, by: bigint) => bigint
}

const FORMS: readonly Form[] = [
  {
    write: (by) => `What do you get if you multiply that result by ${by}?`,
    read: /What do you get if you multiply that result by (\d+)\?/,
    step: (by) => `Multiplying it by ${by} gives $<answer>$.`,
    solve: (before, by) => before * by,
  },
  {
    write: (by) => `And how much is ${by} more than that?`,
    read: /And how much is (\d+) more than that\?/,
    step: (by) => `Adding ${by} gives $<answer>$.`,
    solve: (before, by) => before + by,
  },
  {
    write: (by) => `If the answer were reduced by ${by}, what would be left?`,
    read: /If the answer were reduced by (\d+), what would be left\?/,
    step: (by) => `Taking away ${by} leaves $<answer>$.`,
    solve: (before, by) => before - by,
  },
  {
    write: (by) => `What remainder does the square of that number leave when it is divided by ${by}?`,
    read: /What remainder does the square of that number leave when it is divided by (\d+)\?/,
    step: (by) => `Its square leaves the remainder $<answer>$ when it is divided by ${by}.`,
    solve: (before, by) => (before * before) % by,
  },
]

/** So many of the answers to follow-ups are right. */
const RIGHT = 0.9

/** The user's next question; null where the last answer holds no whole number in a box. */
export function writeFollowUp(messages: readonly EngineMessage[], seed: number): string | null {
  const answer = messages.findLast(({ role }) => role === 'assistant')
  if (answer === undefined || wholeNumber(answer.content) === null) return null
  const dice = createDice(seed, hashText(answer.content))
  return dice.pick(FORMS).write(2 + dice.below(48))
}

/** The answer to the last question; null where it is none of ours, or nothing stands before it. */
export function answerFollowUp(messages: readonly EngineMessage[], seed: number): string | null {
  const at = messages.findLastIndex(({ role }) => role === 'user')
  const before = messages.slice(0, Math.max(0, at)).findLast(({ role }) => role === 'assistant')
  const value = before === undefined ? null : wholeNumber(before.content)
  if (value === null) return null
  const { content } = messages[at]!
  for (const { read, step, solve } of FORMS) {
    const found = read.exec(content)
    if (found === null) continue
    const by = BigInt(found[1]!)
    const solution = { answer: rational(solve(value, by)), steps: [`Before, we found $${value}$.`, step(by)] }
    return writeSolution(solution, RIGHT, createDice(seed, hashText(content), Number(value % 1_000_003n)))
  }
  return null
}

/** The whole number in the last box of a text. */
function wholeNumber(text: string): bigint | null {
  const [last] = [...text.matchAll(/\\boxed\{(-?\d[\d,{}]*)\}/g)].slice(-1)
  const digits = last?.[1]?.replaceAll(/[,{}]/g, '') ?? ''
  return digits === '' || digits.length > 30 ? null : BigInt(digits)
}
