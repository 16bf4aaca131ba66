// Words of a model as they are kept: labels, explanations and faults that people read in rows, reports and terminals.

import { withoutControlTokens } from '../llm/control-tokens.ts'

/** C0 and C1 controls but for tabs and line feeds, and the signs that turn the direction of what follows. */
const CONTROLS = /[^\P{Cc}\t\n]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/**
 * The words without control characters, and with a blank inside each control token. Raw replies are kept raw; this is
 * for what is kept of a reply instead of it, so that nothing needs to be cleaned wherever it is shown or trained on.
 */
export function plainWords(text: string): string {
  let before: string
  let words = text.toWellFormed().replace(CONTROLS, '')
  do {
    before = words
    // A token may stand within another one; each pass ends those that begin where no token can begin again.
    words = withoutControlTokens(before)
  } while (words !== before)
  return words
}
