// Cleans a problem's text by small named rules, again and again until none changes anything: cleaning a clean
// text does nothing. Promises: it only removes (template tokens, role words, a solution that follows the problem,
// invisible characters); it never words anything anew, and names each rule that changed the text.

import { CLEANING_RULES } from './cleaning-rules.ts'

/** The cleaned text and the names of the rules that changed it, in the order in which they first did. */
export function cleanProblem(raw: string): { text: string; changes: string[] } {
  const changes = new Set<string>()
  let text = raw
  let before: string
  do {
    before = text
    for (const rule of CLEANING_RULES) {
      const after = rule.apply(text)
      if (after !== text) changes.add(rule.name)
      text = after
    }
  } while (text !== before) // every rule shortens or replaces a character for good, so this ends
  return { text, changes: [...changes] }
}
