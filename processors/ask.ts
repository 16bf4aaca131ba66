// How a stage asks a model about a problem: the role's system text and its prompt with {problem} filled in.

import type { ChatMessage, Completion } from '../llm/contract.ts'
import { responseId } from '../schemas/ids.ts'
import type { Response } from '../schemas/records.ts'

/** The part of a role's config that a stage needs; `prompt` holds `{problem}`. */
export interface Prompting {
  readonly system?: string | null | undefined
  readonly prompt: string
}

/** The chat that puts this problem to a role. The text is inserted as it is: `$` and braces in it mean nothing. */
export function askProblem(role: Prompting, problem: string): ChatMessage[] {
  const content = role.prompt.split('{problem}').join(problem)
  const system = role.system ?? ''
  return system === ''
    ? [{ role: 'user', content }]
    : [
        { role: 'system', content: system },
        { role: 'user', content },
      ]
}

/** The response record of a completion, untouched. */
export function responseOf(problem: string, kind: Response['kind'], index: number, completion: Completion): Response {
  return {
    id: responseId(problem, kind, index),
    kind,
    index,
    text: completion.text,
    reasoning: completion.reasoning,
    generation: completion.generation,
  }
}
