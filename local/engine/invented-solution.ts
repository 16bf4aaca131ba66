// How an invented answer reads: a beginning, the steps, sometimes a check or a detour, and an end with \boxed{}.
// Length, wording, the form of the answer and whether it is right are drawn by seed.

import type { Dice } from './random.ts'
import type { Solution } from './invented-frame.ts'
import { forms, latex, slips } from './invented-value.ts'
import type { Value } from './invented-value.ts'

const BEGINNINGS = [
  "Let's work through this step by step.",
  'To solve this problem, we first write down what is given.',
  'We start from what the problem states.',
  'First, let us understand what is asked.',
  'Here is one way to find the answer.',
  'We translate the statement into an equation.',
  "Let's break the problem into smaller parts.",
]

const DETOURS = [
  'Before going on, it is worth noting that each quantity here is determined by the one before it, so the order of the steps matters.',
  'We could also set up a table of values, but the direct way is shorter and leaves less room for mistakes.',
  'Let me double-check this part, because a slip here would carry through to the end. Going over it again leads to the same intermediate value.',
  'Another way to see this is to estimate: the result should be of about this size, which agrees with what we have.',
  'Note that no rounding has been used so far, so the value stays exact.',
  'Wait, I should make sure that I have read the condition correctly. It says what I assumed, so we can go on.',
  'It helps to keep the numbers in factored form as long as possible and to multiply out only at the end.',
  'If we substitute this back into the statement, both sides agree, so the step is sound.',
]

const ENDS = [
  'Therefore, the answer is',
  'So the final answer is',
  'Thus, the result is',
  'Hence the answer is',
  'The final answer is',
]

/** How many of the answers to this problem are right: easy ones nearly all, hard ones few. */
export function rightShare(problemHash: Dice): number {
  return 0.3 + 0.65 * problemHash.uniform()
}

/** Writes a solution: right with the given chance, else with one of the problem's usual slips. */
export function writeSolution(solution: Solution, share: number, dice: Dice): string {
  const right = dice.uniform() < share
  const value = right ? solution.answer : slip(solution.answer, dice)
  const last = solution.steps.length - 1
  const steps = solution.steps.map((step, index) =>
    index === last ? step.replace('<answer>', () => latex(value)) : step,
  )
  return compose(steps, pickForm(value, dice), dice)
}

/** Writes an answer to a problem that nobody here knows, with this LaTeX as its result. */
export function writeGuess(result: string, dice: Dice): string {
  const steps = [
    'The conditions of the problem leave one unknown quantity.',
    'Working through them one after the other narrows it down.',
  ]
  return compose(steps, result, dice)
}

/** The first slip is made most often: wrong answers agree with each other too. */
function slip(answer: Value, dice: Dice): Value {
  const wrong = slips(answer)
  return wrong[Math.floor(wrong.length * dice.uniform() ** 2)]!
}

function pickForm(value: Value, dice: Dice): string {
  const list = forms(value)
  return dice.uniform() < 0.6 ? list[0]! : dice.pick(list)
}

/** A log-normal number of detours makes lengths vary as those of real answers do. */
function compose(steps: readonly string[], result: string, dice: Dice): string {
  const paragraphs = [dice.pick(BEGINNINGS)]
  const detours = Math.min(12, Math.floor(Math.exp(0.4 + 0.8 * dice.normal())))
  const numbered = dice.uniform() < 0.4
  for (const [index, step] of steps.entries()) paragraphs.push(numbered ? `${index + 1}. ${step}` : step)
  for (let index = 0; index < detours; index += 1) {
    paragraphs.splice(1 + dice.below(steps.length), 0, dice.pick(DETOURS))
  }
  // A few answers forget the box, as real ones do.
  const boxed = dice.uniform() < 0.97 ? `$\\boxed{${result}}$` : `$${result}$`
  paragraphs.push(`${dice.pick(ENDS)} ${boxed}.`)
  return paragraphs.join('\n\n')
}
