// The steps of a solution as process reward models see them. Promises: a step ends at a blank line and nowhere else,
// nothing but white space is lost, and no text can forge a step: a mark inside it is broken first.
//
// As in the model card of Qwen2.5-Math-PRM-7B: steps are what blank lines part, and `<extra_0>` stands after each.

import type { ChatMessage } from './contract.ts'
import { withoutControlTokens } from './control-tokens.ts'

/** The token at which a process reward model scores the step before it. */
export const STEP_MARK = '<extra_0>'

/** The steps of a solution, trimmed, in their order; none is empty. */
export function splitSteps(solution: string): string[] {
  return solution
    .split(/\n\s*\n/)
    .map((step) => step.trim())
    .filter((step) => step !== '')
}

/** The conversation with a mark after each step of its last turn, and how many steps that are. */
export function markSteps(messages: readonly ChatMessage[]): { marked: ChatMessage[]; steps: number } {
  const solution = messages.at(-1)
  if (solution === undefined) return { marked: [], steps: 0 }
  const steps = splitSteps(withoutControlTokens(solution.content))
  const content = steps.map((step) => `${step}${STEP_MARK}`).join('')
  return { marked: [...messages.slice(0, -1), { ...solution, content }], steps: steps.length }
}
