// Numerals in prose: the last one of a text, or the one that it begins with. Linear in the text.

/** A numeral that is no part of a word, an index or a power; with its sign, denominator and percent sign. */
const numeral =
  /(?<![\w.^_\\]|[\^_]\{)(?:(?<![\w)\]}.,]|\d\s)[-−+])?(?:[$€£¥₹]\s?)?(?:\d+(?:,\d+)*(?:\.\d+)?(?:e[+-]?\d+)?|\.\d+)(?:\s?\/\s?\d+(?!\d|\.\d))?(?:\s?(?:%|percent\b|pct\b))?/gi

/** "Step 2", "case 1": the numeral counts something of the text itself. */
const label = /\b(?:step|equation|eq\.|case|theorem|lemma|part|figure|section|example)\s*\(?$/i

const currency = /[$€£¥₹]\s?/

export interface Numeral {
  readonly answer: string
  readonly start: number
  readonly end: number
}

/** A run of digits and commas is one numeral where it is grouped (1,234) or has one decimal comma (1,5), else a list. */
function lastOfRun(text: string): string {
  const parts = text.split(',')
  const grouped = /^\D*\d{1,3}$/.test(parts[0] ?? '') && parts.slice(1).every((part) => /^\d{3}(?!\d)/.test(part))
  return parts.length <= 2 || grouped ? text : (parts.at(-1) ?? text)
}

function* numeralsOf(text: string): Generator<Numeral> {
  for (const match of text.matchAll(numeral)) {
    const end = match.index + match[0].length
    yield { answer: lastOfRun(match[0].replace(currency, '')).trim(), start: match.index, end }
  }
}

/** The last numeral of a text that numbers none of its steps. */
export function lastNumeral(text: string): Numeral | null {
  let found: Numeral | null = null
  for (const each of numeralsOf(text)) {
    if (!label.test(text.slice(Math.max(0, each.start - 12), each.start))) found = each
  }
  return found
}

const between = /^\s*(?:,|,?\s*(?:and|or))\s*$/

/** "The roots are 3, 4 and 5": the numerals that end the text's list; null where it has no such list. */
export function listOfNumerals(text: string): string | null {
  const tail = text.slice(-300)
  const numerals = [...numeralsOf(tail)]
  const group = numerals.splice(-1)
  for (;;) {
    const [first, before] = [group[0], numerals.pop()]
    if (first === undefined || before === undefined || !between.test(tail.slice(before.end, first.start))) break
    group.unshift(before)
  }
  const [first, last, previous] = [group[0], group.at(-1), group.at(-2)]
  if (first === undefined || last === undefined || previous === undefined) return null
  const connected = /and|or/.test(tail.slice(previous.end, last.start))
  const announced = /\b(?:are|solutions|roots|values|answers|numbers)\b(?:\s*:)?\s*$/.test(tail.slice(0, first.start))
  return connected && announced ? group.map(({ answer }) => answer).join(', ') : null
}

/** The numeral that the text begins with, as it is written; null where it begins with something else. */
export function leadingNumeral(text: string): string | null {
  const [first] = numeralsOf(text.slice(0, 80))
  return first?.start === 0 ? first.answer : null
}
