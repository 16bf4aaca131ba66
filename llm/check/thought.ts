// Would a thought that never ended pass for a solution, or a solution for a thought?

import type { Template } from '../templates.ts'
import type { Remark } from './finding.ts'

export interface ThoughtLook {
  /** What the server writes after the user's words: the opening of the answer; null: not known. */
  readonly opening: string | null
  /** The first words of an answer; null: not known. */
  readonly said: { readonly text: string; readonly reasoning: string | null } | null
  readonly template: Template | null
  /** stages.verify.expectsThought. */
  readonly expectsThought: boolean
}

const OPENS = /<think>\s*$/
const KNOWN_CLOSE = '</think>'

/** No remark where config and server agree, or where nothing can be told. */
export function checkThought({ opening, said, template, expectsThought }: ThoughtLook): Remark[] {
  const opens = opening !== null && OPENS.test(opening)
  const parser = said !== null && said.reasoning !== null && said.reasoning !== ''
  const thinks = said?.text.includes('<think>') === true || template?.reasoning != null
  if (parser) return []
  const close = template?.reasoning?.close
  if (said !== null && close !== undefined && close !== KNOWN_CLOSE)
    return [
      {
        severity: 'error',
        check: 'thought',
        seen: `the model closes its thoughts with ${close}, and the server does not split them off`,
        advice: 'serve it with the --reasoning-parser of this model, so that its replies carry the thought apart',
      },
    ]
  if (opens && !expectsThought)
    return [
      {
        severity: 'error',
        check: 'thought',
        seen: 'the server opens the thought in the prompt and does not split it off, so a thought that never ended would pass for a solution',
        advice: 'set stages.verify.expectsThought to true, or serve with a --reasoning-parser',
      },
    ]
  if (expectsThought && opening !== null && !opens && said !== null)
    return [
      {
        severity: thinks ? 'warning' : 'error',
        check: 'thought',
        seen: `the server does not open the thought in the prompt, so with stages.verify.expectsThought ${thinks ? 'an answer without a thought' : 'every answer'} would count as an unfinished thought`,
        advice: 'set stages.verify.expectsThought to false',
      },
    ]
  return []
}
