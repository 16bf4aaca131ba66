// Frames for texts that a model is to look at and not to obey. Promises: what stands in a frame cannot end it, for the
// frame's name hangs on the text inside it, and control tokens in it are broken up.

import { createHash } from 'node:crypto'
import { withoutControlTokens } from '../llm/control-tokens.ts'

/** The text in a frame of this name. */
export function framed(name: string, content: string): string {
  const text = withoutControlTokens(content)
  const mark = createHash('sha256').update(text).digest('hex').slice(0, 8)
  return `=== ${name} ${mark} begins ===\n${text}\n=== ${name} ${mark} ends ===`
}
