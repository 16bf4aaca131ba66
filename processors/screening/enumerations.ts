// Finds what a text enumerates: several problems, the parts of one problem, or the answers to choose from. A list
// counts as problems or parts only where its items ask something.

import { asksSomething } from './asks.ts'

interface Item {
  readonly label: string
  /** Where the label begins. */
  readonly from: number
  readonly text: string
}

/** `Problem 2:`, `**Question 3**`, `Next problem:` at the head of a line or behind a sentence. */
const HEADING =
  /(?:^|\n|(?<=[.?!]\s))[ \t#*_]{0,8}(?:(?:problem|question|exercise)\s{1,3}#?(\d{1,3})\s?[*_]{0,3}\s?(?:[:)]|\.\s|\n|\*\*)|(?:next|another|second)\s+(?:problem|question)\s?[*_]{0,3}:)/gi
const RULER = /\n[ \t]{0,8}(?:-{3,}|\*{3,}|_{3,})[ \t]{0,8}\n/
const NUMBERED = /(?:^|\n[ \t*_#]{0,6}|(?<=[.?!:]\s{1,2}))\(?(\d{1,2})[.)][*_]{0,3}\s+(?=\S)/g
const LETTERED = /(?:^|\n[ \t*_]{0,6}|(?<=[.?!:,;]\s{1,2}))\(?([a-h]|i{1,3}|iv)[.)][*_]{0,3}\s+(?=\S)/g
const OPTION =
  /(?:^|[\s$({~])(?:\\(?:textbf|text|mathrm|mathbf|bold)\s?\{\s?)?(?:\(([A-E])\)|(?<=(?:^|\n)[ \t*]{0,4})([A-E])[.)](?=[\s*]))/g
/** A stem that hands out what follows: `Solve the following equations:` */
const HANDS_OUT =
  /\b(?:solve|simplify|evaluate|compute|find|answer|calculate|factor|expand|do|complete|work\s+out|differentiate|integrate)\b[^.?!]*\b(?:following|each|these|below|problems|questions|exercises)\b[^.?!]*[:.]?\s*$/i

/** What was seen of several problems in one text, or null. */
export function severalProblemsIn(text: string): string | null {
  const headings = [...text.matchAll(HEADING)].filter(({ index }) => index > 0).slice(0, 20)
  const found = headings.find(({ index }) => asksSomething(text.slice(0, index)) && asksSomething(text.slice(index)))
  if (found !== undefined) return `a second problem begins with ${JSON.stringify(found[0].trim())}`
  const [first = '', ...others] = text.split(RULER)
  if (others.length > 0 && [first, ...others].filter(isQuestion).length >= 2)
    return 'a ruler stands between two questions'
  const items = listOf(text, NUMBERED, (label, before) => Number(label) === Number(before) + 1)
  if (items.length < 2) return null
  const stem = text.slice(0, items[0]!.from).trim()
  const handedOut = HANDS_OUT.test(stem) && !/[.?!]\s/.test(stem)
  const asking = items.filter((item) => isQuestion(item.text))
  if (!handedOut && (asking.length < 2 || stem !== '')) return null
  return `problems ${items.map(({ label }) => label).join(', ')}`
}

/** What was seen of parts, or null: (a) and (b) of which two ask, or numbers under a common stem. */
export function partsIn(text: string): string | null {
  for (const pattern of [LETTERED, NUMBERED]) {
    const items = listOf(text, pattern, follows)
    if (items.filter((item) => isQuestion(item.text)).length >= 2)
      return `parts ${items.map(({ label }) => `(${label})`).join(', ')}`
  }
  return null
}

/** Labels of the answers to choose from; none where the text lists none. */
export function optionsIn(text: string): string[] {
  return listOf(text, OPTION, follows).map(({ label }) => label)
}

/** True where the text marks items of any kind: letters, numbers, bullets. */
export function listsSomething(text: string): boolean {
  return (
    optionsIn(text).length >= 2 ||
    listOf(text, LETTERED, follows).length >= 2 ||
    listOf(text, NUMBERED, follows).length >= 2 ||
    (text.match(/(?:^|\n)\s*(?:[-*•]|I{1,3}[.)]|IV[.)])\s+\S/g)?.length ?? 0) >= 2
  )
}

/** Items whose labels follow one another, from the first 1, a or A on. */
function listOf(text: string, pattern: RegExp, isNext: (label: string, before: string) => boolean): Item[] {
  const labels: { label: string; from: number; to: number }[] = []
  for (const found of text.matchAll(pattern)) {
    const label = found[1] ?? found[2] ?? ''
    const before = labels.at(-1)
    if (before === undefined ? /^(?:1|a|A|i)$/.test(label) : isNext(label, before.label))
      labels.push({ label, from: found.index, to: found.index + found[0].length })
  }
  return labels.map(({ label, from, to }, at) => ({ label, from, text: text.slice(to, labels[at + 1]?.from) }))
}

function follows(label: string, before: string): boolean {
  if (/^\d/.test(label)) return Number(label) === Number(before) + 1
  if (before === 'i' || before.length > 1) return label.length > 1
  return label.length === 1 && label.charCodeAt(0) === before.charCodeAt(0) + 1
}

/** A question mark, or an order at the head. */
function isQuestion(text: string): boolean {
  return /[?？]/.test(text) || asksSomething(text.trim().slice(0, 40))
}
