// The answer of a solution that announces none: its last formula or number, whichever comes later, before any check that
// ends it. Linear in the text.

import { hasPercentBehind, lastGroup, listed, tidy } from './joined-answers.ts'
import { lastNumeral, listOfNumerals, type Numeral } from './numerals.ts'
import { findFormulas, type Span } from './scan-text.ts'

export interface WeakAnswer {
  readonly answer: string
  /** Found in or behind a formula, in a text that has any. */
  readonly isFormula: boolean
}

const conclusion = /\b(?:therefore|thus|hence|so|actually|wait|mistake|instead|however|corrected|answer)\b/gi
const check =
  /(?:^|[.!?:\n])[\s*#]{0,9}(?:(?:let us|let's|let me|we can|we|now,?|to|and)\s{1,9}){0,2}(?:check|checking|verify|verifying|verification|double-check|substituting back)\b/gi

/** The text up to the check that ends it ("We check: 2 · 7 = 14"); whole where the check concludes anything. */
export function beforeCheck(text: string): string {
  let concluded = 0
  for (const match of text.matchAll(conclusion)) concluded = match.index
  check.lastIndex = concluded
  const found = check.exec(text)
  return found === null ? text : text.slice(0, found.index + 1)
}

/** A name alone says nothing: "so $n = 5$, where $n$ …". */
function isName({ inner }: Span): boolean {
  return /^\s*(?:[A-Za-z]|[A-Z]{2,4})(?:_\w|'|\(x\))?\s*$/.test(inner)
}

/** The formulas up to the last one that is more than a name, where no sentence ends behind that one. */
function withoutNames(text: string, formulas: readonly Span[]): readonly Span[] {
  const last = formulas.at(-1)
  if (last === undefined || !isName(last)) return formulas
  const telling = formulas.findLastIndex((span) => !isName(span))
  const found = formulas[telling]
  if (found === undefined || last.start - found.end > 200) return formulas
  return /[.!?]\s|\n/.test(text.slice(found.end, last.start)) ? formulas : formulas.slice(0, telling + 1)
}

const marks = /(?:\\[A-Za-z]+|(?<![A-Za-z])(?!a\s)[A-Za-z](?![A-Za-z])|[\d\s{}()[\]+\-*/^_=.,<>|!&])+/g

/** LaTeX without dollars: the run of marks around the numeral, if it has a command and its braces match. */
function bareFormula(text: string, { start, end }: Numeral): string | null {
  const from = Math.max(text.lastIndexOf('\n', start) + 1, start - 200)
  const line = /^[^\n]*/.exec(text.slice(from, end + 200))?.[0] ?? ''
  if (!line.includes('\\')) return null
  for (const match of line.matchAll(marks)) {
    if (from + match.index > start || from + match.index + match[0].length < end) continue
    const formula = tidy(match[0].replace(/^[\s=,;.]{1,9}/, ''))
    const braces = formula.replace(/[^{}]/g, '')
    const matched = braces.split('{').length === braces.split('}').length
    return matched && /\\[A-Za-z]/.test(formula) ? formula : null
  }
  return null
}

/** The last formula or number; null where the text has neither. */
export function lastFormulaOrNumber(text: string): WeakAnswer | null {
  const formula = lastGroup(text, withoutNames(text, findFormulas(text)), listed)
  const rest = text.slice(formula?.end ?? 0)
  const number = lastNumeral(rest)
  if (number !== null && (formula === null || !hasPercentBehind(text, formula.end))) {
    const answer = listOfNumerals(rest) ?? bareFormula(rest, number) ?? number.answer
    return { answer, isFormula: formula !== null }
  }
  return formula === null || formula.answer === '' ? null : { answer: formula.answer, isFormula: true }
}
