// Scores of steps as a process reward model gives them: high as long as the solution is right, low from the first
// wrong step on. The same problem and step give the same score.

import type { Solution } from './invented-frame.ts'
import { latex } from './invented-value.ts'
import { createDice, hashText } from './random.ts'

/** Logits of steps of which the ones from `wrongFrom` on are wrong (their number, and none is). */
export function stepLogits(question: string, steps: readonly string[], wrongFrom: number): number[] {
  return steps.map((step, index) => {
    const noise = createDice(hashText(step.trim()), hashText(question)).normal()
    // A first mistake is less plain to see than what is built on it.
    const level = index < wrongFrom ? 3 : index === wrongFrom ? -1.5 : -3
    return Math.fround(level + 0.7 * noise)
  })
}

/** Index of the first wrong step of a wrong solution: its own last step with another value, else the result itself. */
export function firstWrongStep(solution: Solution, steps: readonly string[]): number {
  const last = solution.steps.at(-1)!
  const right = last.replace('<answer>', () => latex(solution.answer))
  const beginning = last.slice(0, last.indexOf('<answer>'))
  const slipped = steps.findIndex((step) => step.includes(beginning) && !step.includes(right))
  if (slipped >= 0) return slipped
  const result = steps.findIndex((step) => step.includes('\\boxed{'))
  return result >= 0 ? result : Math.max(0, steps.length - 1)
}
