// Cleans a problem's text by small named rules, again and again until none changes anything: cleaning a clean
// text does nothing. Promises: it only removes (template tokens, role words, a solution that follows the problem,
// invisible characters); it never words anything anew, and names each rule that changed the text.

import { findControlTokens } from '../../llm/control-tokens.ts'
import { asksSomething } from './asks.ts'

interface CleaningRule {
  readonly name: string
  readonly apply: (text: string) => string
}

// Every run in these patterns is bounded and starts at a fixed sign, so that hostile text takes linear time.

/** Titles that models put before a problem: `Problem:`, `**Question 3.**`, `User:`, `### Problem 12`. */
const LEADING_ROLE =
  /^[#*_>\s]{0,12}(?:(?:user|human|prompt)\s{0,4}(?:[:：]|\n)|(?:(?:math(?:s|ematics)?|word)\s{1,4})?(?:problem|question|exercise|q)\s{0,4}(?:#?\d{1,4}\s{0,4})?(?:[:：]|[.)](?=[\s*_])|\n|\*\*\s{0,4})|(?:problem|question|exercise)\s{1,4}#?\d{1,4}\s{0,4}\n)[*_]{0,4}\s*/i

/** A line that opens the next turn of a conversation. */
const NEXT_TURN =
  /\n[ \t]{0,12}[#*_<]{0,6}(?:assistant|user|human|system|model|ai|chatbot)[*_>]{0,4}[ \t]{0,4}(?:[:：]|(?=\n)|$)/i

/** A line that opens a solution. */
const SOLUTION_LINE =
  /\n[#*_>\s]{0,12}(?:step\s{0,4}(?:#?\s?1|one)\b|(?:solution|proof|answer(?:\s{1,4}key)?|explanation|response|hint|sol|ans)\s{0,4}(?:\d{1,2}\s{0,4})?[*_]{0,4}\s{0,4}(?:[:：.]|\n|$)|(?:the\s{1,4})?(?:final|correct)\s{1,4}answer\b|(?:here(?:'|’)?s|here is)\s{1,4}(?:the|a|my|one)\s{1,4}(?:step|solution|answer)|to\s{1,4}(?:solve|find|determine|answer)\s{1,4}(?:this|the\s{1,4}(?:problem|question|value|answer))\b[^\n?]{0,200}?(?:,|\bwe\b)|let(?:'|’)?s\s{1,4}(?:solve|think|break|start|denote|begin)\b|(?:first|okay|sure|alright)\s?,\s)/i

/** A solution that goes on in the line of the question. */
const SOLUTION_INLINE =
  /(?<=[?.!)\]$}])[ \t]{1,12}[([*_]{0,4}(?:(?:answer|solution|ans|sol)\s{0,4}[*_]{0,4}\s?[:：]|(?:so,?\s{1,4})?the\s{1,4}(?:final\s{1,4}|correct\s{1,4})?answer\s{1,4}is\b|let(?:'|’)s\s{1,4}(?:solve|think)\b)/i

/** What a prompt for answerers says at its end. */
const ANSWERING_INSTRUCTION =
  /(?:\bplease\s{1,4})?(?:\b(?:reason|think|solve(?:\s{1,4}(?:it|this))?)\s{1,4}step[\s-]{1,4}by[\s-]{1,4}step,?\s{0,4}(?:and\s{1,4})?)?\b(?:put|give|write|place|enclose)\s{1,4}(?:your|the)\s{1,4}final\s{1,4}answer\s{1,4}(?:with)?in\s{1,4}\$?\\boxed\{\s?\}\$?\s?\.?$/i

const RULES: readonly CleaningRule[] = [
  {
    name: 'characters',
    apply: (text) =>
      text
        .replace(/\r\n?|[\u2028\u2029]/g, '\n')
        .replace(/[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g, ' ')
        .replace(/[\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g, ''),
  },
  {
    name: 'whitespace',
    apply: (text) =>
      text
        .replace(/(?<![ \t])[ \t]+$/gm, '')
        .replace(/\n{3,}/g, '\n\n')
        .trim(),
  },
  {
    name: 'control-tokens',
    apply: withoutControlTokens,
  },
  { name: 'role-words', apply: (text) => cut(withoutTitles(text), NEXT_TURN) },
  { name: 'answer-leak', apply: (text) => cutAfterQuestion(cutAfterQuestion(text, SOLUTION_LINE), SOLUTION_INLINE) },
  { name: 'answering-instruction', apply: (text) => text.replace(ANSWERING_INSTRUCTION, '') },
  { name: 'wrapping', apply: unwrap },
]

/** The cleaned text and the names of the rules that changed it, in the order in which they first did. */
export function cleanProblem(raw: string): { text: string; changes: string[] } {
  const changes = new Set<string>()
  let text = raw
  let before: string
  do {
    before = text
    for (const rule of RULES) {
      const after = rule.apply(text)
      if (after !== text) changes.add(rule.name)
      text = after
    }
  } while (text !== before) // every rule shortens or replaces a character for good, so this ends
  return { text, changes: [...changes] }
}

/** Takes control tokens off the beginning, with the role's name where one follows, and cuts the rest at the next one. */
function withoutControlTokens(text: string): string {
  const tokens = findControlTokens(text)
  let begin = 0
  for (const { token, index } of tokens) {
    if (text.slice(begin, index).trim() !== '') return text.slice(begin, index)
    begin = index + token.length
    begin += /^\s*(?:user|system|assistant|human|model)\s*\n/i.exec(text.slice(begin))?.[0].length ?? 0
  }
  return text.slice(begin)
}

function withoutTitles(text: string): string {
  let rest = text
  let before: string
  do {
    before = rest
    rest = before.replace(LEADING_ROLE, '')
  } while (rest !== before)
  return rest
}

function cut(text: string, from: RegExp): string {
  const found = from.exec(text)
  return found === null ? text : text.slice(0, found.index)
}

/** Cuts only where the part before asks something: else it is a problem that talks about steps and answers. */
function cutAfterQuestion(text: string, from: RegExp): string {
  const before = cut(text, from)
  return before !== text && asksSomething(before) ? before : text
}

/** Takes quotes, bold marks and a code fence off that stand around the whole. */
function unwrap(text: string): string {
  const fenced = /^```[a-z]*\n([^`]*)\n```$/i.exec(text)
  if (fenced !== null) return fenced[1]!
  for (const [open, close] of [
    ['**', '**'],
    ['"', '"'],
    ['“', '”'],
  ] as const) {
    const inner = text.slice(open.length, -close.length)
    const whole = text.length > open.length + close.length && text.startsWith(open) && text.endsWith(close)
    if (whole && !inner.includes(open) && !inner.includes(close)) return inner
  }
  return text
}
