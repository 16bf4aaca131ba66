// Answers that stand next to each other in a text and are one: "x = 1 and y = 2", "(a) 3 (b) 4", a list of boxes.

import type { Span } from './scan-text.ts'

/** Between two parts of one answer: "and", "or", a comma, up to three words, no end of a sentence. */
const connector = /^(?:[\s,;.&+~]|\\[,;:! ]|\\q?quad|\\text\s*\{[^{}]*\}|and|or)*$/
const looseConnector = /^[\s,;&+]*(?:[A-Za-z]+[\s,;]+){0,3}(?:and|or)[\s,;]*(?:[A-Za-z]+[\s,;=]*){0,3}$/
/** The next of several parts of a problem. */
const nextPart = /^[\s.,;*]*(?:part\s*)?\(?[b-h]\)[\s:*]*(?:[A-Za-z]\s*=\s*)?$/i
const nextUnknown = /^[\s.,;*-]*(?:(?:and|or)\s+)?([A-Za-z](?:_\{?\w{1,3}\}?)?)\s*=\s*$/
const unknownBefore = /(?:^|[^A-Za-z\\])([A-Za-z](?:_\{?\w{1,3}\}?)?)\s*=\s*$/

const percentBehind = /^\s*(?:\\\)|\\\]|\$|\})*\s*(?:\\?%|percent\b|pct\b|per cent\b)/

const leadingMarks = /^(?:\s|\\[,;:! ]|\\"|["“”*`]|\$)+/
const trailingMark = /(?:\\\\\s?|\\[,;:!"\s]|[\s"“”*`_$.,;:。，])$/

/** An answer without the quotes, spaces and stops around it. The dots of 0.333... stay. */
export function tidy(answer: string): string {
  const rest = answer.replace(leadingMarks, '')
  let end = rest.length
  for (;;) {
    const mark = trailingMark.exec(rest.slice(Math.max(0, end - 3), end))?.[0]
    if (mark === undefined) break
    if (mark === '.' && rest.slice(0, end).endsWith('...') && rest[end - 4] !== '.') break
    end -= mark.length
  }
  return rest.slice(0, end)
}

/** Text between two answers without the marks that open and close formulas. */
function gapBetween(text: string, left: Span, right: Span): string {
  if (right.start - left.end > 120) return '.'
  return text.slice(left.end, right.start).replace(/\$|\\\(|\\\)|\\\[|\\\]/g, ' ')
}

/** True where only a connector stands between the two; they may then be one answer. */
export function joins(text: string, left: Span, right: Span): boolean {
  const gap = gapBetween(text, left, right)
  if (nextPart.test(gap)) return true
  const unknown = nextUnknown.exec(gap)?.[1]
  if (unknown !== undefined) {
    const before = unknownBefore.exec(text.slice(Math.max(0, left.start - 20), left.start))?.[1]
    if (before !== undefined && before !== unknown) return true
  }
  if (/\.\s+[A-Z]|\n\s*\n/.test(gap)) return false
  return connector.test(gap) || looseConnector.test(gap.replace(/\\[A-Za-z]+/g, ' '))
}

/** As joins, for formulas of prose: a comma, "and" or "or" has to stand there, and nothing else. */
export function listed(text: string, left: Span, right: Span): boolean {
  const gap = gapBetween(text, left, right)
  return connector.test(gap) && /,|;|\band\b|\bor\b/.test(gap) && !gap.includes('\n')
}

/** True for a percent sign or the word behind the place. */
export function hasPercentBehind(text: string, at: number): boolean {
  return percentBehind.test(text.slice(at, at + 40))
}

/** Several answers as one, each once. */
export function joined(text: string, group: readonly Span[]): string {
  const parts = group.map((span) => {
    const answer = tidy(span.inner)
    return hasPercentBehind(text, span.end) && !/%|percent|pct/.test(answer) ? `${answer}\\%` : answer
  })
  return [...new Set(parts.filter((part) => part !== ''))].join(', ')
}

export interface Group {
  readonly answer: string
  readonly start: number
  readonly end: number
}

/** The last spans that belong together, 40 at most, as one answer. */
export function lastGroup(text: string, spans: readonly Span[], belong: typeof joins): Group | null {
  const last = spans.at(-1)
  if (last === undefined) return null
  const group = [last]
  for (let index = spans.length - 2; index >= 0 && group.length < 40; index -= 1) {
    const before = spans[index]
    const first = group[0]
    if (before === undefined || first === undefined || !belong(text, before, first)) break
    group.unshift(before)
  }
  return { answer: joined(text, group), start: group[0]?.start ?? 0, end: last.end }
}
