// Rules about the text of a response, whatever it says.

import { z } from 'zod'
import { findControlTokens } from '../../../llm/control-tokens.ts'
import { languageOf } from '../../screening/language.ts'
import { loopIn } from '../../screening/repetition.ts'
import { rule } from '../rule.ts'

const quoted = (text: string): string => JSON.stringify(text.slice(0, 60))

export const controlTokens = rule({
  reason: 'control-tokens',
  says: 'Keeps out responses with tokens of a chat template in them, as <|im_end|>',
  setting: z.boolean(),
  initially: true,
  seen({ solution }) {
    const [found] = findControlTokens(solution)
    return found === undefined ? null : `has ${found.token}`
  },
  cases: [
    { setting: true, given: { solution: 'It is 5.<|im_end|>' }, refused: true },
    { setting: true, given: { solution: '<think>So 5.</think> It is 5.' }, refused: true },
    { setting: true, given: { solution: 'For |a|<|b|>0 it is 5.' }, refused: false },
  ],
})

/** A code block's mark at the beginning of a line. */
const FENCE = /^[ \t]{0,12}```/gm
const ENVIRONMENT = [/\\begin\s*\{/g, /\\end\s*\{/g] as const

const countOf = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0

/** How often a mark of a formula stands there. Behind a line break of a matrix, \\[2pt] is a distance. */
function countMarks(text: string, mark: string): number {
  let found = 0
  for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at + mark.length))
    if (text[at - 1] !== '\\') found += 1
  return found
}

/** What is never closed; null where all is. Every response is asked: what needs a pattern is looked for by its letters first. */
function openIn(text: string): string | null {
  if (text.includes('```') && countOf(text, FENCE) % 2 === 1) return 'a code block'
  for (const [open, close] of [
    ['\\[', '\\]'],
    ['\\(', '\\)'],
  ] as const)
    if (text.includes(open) && countMarks(text, open) > countMarks(text, close)) return open
  const [begin, end] = ENVIRONMENT
  if (text.includes('\\begin') && countOf(text, begin) > countOf(text, end)) return '\\begin{'
  return boxIsOpen(text) ? '\\boxed{' : null
}

export const unclosed = rule({
  reason: 'unclosed',
  says: 'Keeps out responses with a code block, a formula, an environment or a box that is never closed',
  setting: z.boolean(),
  initially: true,
  seen({ solution }) {
    const open = openIn(solution)
    return open === null ? null : `${open} is never closed`
  },
  cases: [
    { setting: true, given: { solution: 'Run\n```python\nprint(5)\n' }, refused: true },
    { setting: true, given: { solution: 'Run\n```python\nprint(5)\n```\nIt is 5.' }, refused: false },
    { setting: true, given: { solution: 'So \\[ x = 5' }, refused: true },
    { setting: true, given: { solution: '\\begin{aligned} x &= 5' }, refused: true },
    {
      setting: true,
      given: { solution: '\\[\\begin{matrix}1\\\\[2pt]2\\end{matrix}\\] is \\boxed{\\{5\\}}' },
      refused: false,
    },
    { setting: true, given: { solution: 'It is \\boxed{\\frac{5}{1}' }, refused: true },
  ],
})

/** Whether the last box has no closing brace. */
function boxIsOpen(text: string): boolean {
  const at = text.lastIndexOf('\\boxed{')
  if (at === -1) return false
  let depth = 0
  for (let place = at + 6; place < text.length; place += 1) {
    const sign = text[place]
    if (sign === '\\') place += 1
    else if (sign === '{') depth += 1
    else if (sign === '}' && (depth -= 1) === 0) return false
  }
  return true
}

export const openEnd = rule({
  reason: 'open-end',
  says: 'Keeps out responses that end in a colon, a comma or an opening bracket',
  setting: z.boolean(),
  initially: true,
  seen({ solution }) {
    const end = solution
      .slice(-80)
      .replace(/[\s*_]{1,40}$/, '')
      .slice(-40)
    return /[:：,，、;；([{]$/.test(end) && !/\\[,;:([{]$/.test(end) ? `ends in ${quoted(end)}` : null
  },
  cases: [
    { setting: true, given: { solution: 'The answer is:' }, refused: true },
    { setting: true, given: { solution: '**The answer is:**\n' }, refused: true },
    { setting: true, given: { solution: 'The answer is 5.' }, refused: false },
    { setting: true, given: { solution: 'Ratio 3:2' }, refused: false },
    { setting: true, given: { solution: '$x = 5\\,$' }, refused: false },
  ],
})

/** What each of the following patterns holds; most texts have none of it. */
const MAY_REFUSE = /\bas an? |m sorry|\bi (?:can|am )|として|作为/i

const REFUSALS = [
  /\bas an? (?:ai|artificial intelligence)\b(?=,| (?:language|model|assistant|chatbot|system)\b)/i,
  /\bas a (?:large )?language model\b/i,
  /\bi(?:'|’)?m sorry,? but i (?:can(?:no|['’]?)t|am (?:not able|unable))\b/i,
  /\bi (?:can(?:no|['’])t|am (?:unable|not able) to) (?:assist|help you|help with|fulfill|comply|answer (?:this|that|your))\b/i,
  /AI(?:アシスタント|モデル|言語モデル)?として|作为(?:一个|一名)?(?:AI|人工智能)/i,
]

export const refusalPhrase = rule({
  reason: 'refusal-phrase',
  says: 'Keeps out responses that decline or speak of themselves as a model',
  setting: z.boolean(),
  initially: true,
  seen({ solution }) {
    if (!MAY_REFUSE.test(solution)) return null
    const found = REFUSALS.map((pattern) => pattern.exec(solution)?.[0]).find((each) => each !== undefined)
    return found === undefined ? null : `says ${quoted(found)}`
  },
  cases: [
    { setting: true, given: { solution: 'As an AI, I have no fingers. But it is 5.' }, refused: true },
    { setting: true, given: { solution: 'As an AI language model, I say 5.' }, refused: true },
    { setting: true, given: { solution: "I'm sorry, but I can't do this." }, refused: true },
    { setting: true, given: { solution: 'I cannot assist with that.' }, refused: true },
    { setting: true, given: { solution: 'AIとして、答えは5です。' }, refused: true },
    { setting: true, given: { solution: 'As an AI researcher, Ann has 5 papers.' }, refused: false },
    { setting: true, given: { solution: 'Bob says: "I cannot help it." It is 5.' }, refused: false },
  ],
})

const CASES = [4, 6, 8, 9, 10, 12, 14, 15, 16].map((n) => `- $${n}$ is not a prime number, as we have seen.`).join('\n')

const SENTENCE_CHARACTERS = 20
const SENTENCE_TIMES = 8

/** The same piece without a break, or the same sentence again and again. Cases that differ in a number are no loop. */
function sayingAgain(text: string): string | null {
  const loop = loopIn(text)
  if (loop !== null) return loop
  // In most texts few are of one length, and then none need be cut out and compared.
  if (firstThatComes(SENTENCE_TIMES, sentenceLengths(text)) === null) return null
  const sentences = text
    .split(/\n|(?<=[.!?。])\s/)
    .map((part) => part.trim())
    .filter((part) => part.length >= SENTENCE_CHARACTERS)
  const sentence = firstThatComes(SENTENCE_TIMES, sentences)
  return sentence === null ? null : `says ${quoted(sentence)} ${SENTENCE_TIMES} times and more`
}

/** Lengths of the sentences that sayingAgain looks at. Every letter of every response passes here: most at the first `if`. */
export function sentenceLengths(text: string): number[] {
  const { length } = text
  const lengths: number[] = []
  for (let begin = 0, at = 0; at <= length; at += 1) {
    const code = at < length ? text.charCodeAt(at) : LINE_FEED
    if (code > 32 && code < 128) continue
    if (code !== LINE_FEED && !(at > 0 && endsSentence(text.charCodeAt(at - 1)) && isSpace(code))) continue
    let end = at
    while (begin < end && isSpace(text.charCodeAt(begin))) begin += 1
    while (end > begin && isSpace(text.charCodeAt(end - 1))) end -= 1
    if (end - begin >= SENTENCE_CHARACTERS) lengths.push(end - begin)
    begin = at + 1
  }
  return lengths
}

const LINE_FEED = 10

function endsSentence(code: number): boolean {
  return code === 46 || code === 33 || code === 63 || code === 0x3002 // . ! ? 。
}

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13) || (code > 127 && /\s/.test(String.fromCharCode(code)))
}

function firstThatComes<Value>(times: number, values: readonly Value[]): Value | null {
  const counts = new Map<Value, number>()
  for (const value of values) {
    const count = (counts.get(value) ?? 0) + 1
    if (count >= times) return value
    counts.set(value, count)
  }
  return null
}

export const repetition = rule({
  reason: 'repetition',
  says: 'Keeps out responses that say the same again and again; whole: or whose thought does',
  setting: z.enum(['response', 'whole']),
  initially: 'response',
  seen: ({ solution, thought }, where) =>
    sayingAgain(solution) ?? (where === 'whole' && thought !== null ? sayingAgain(thought) : null),
  cases: [
    { setting: 'response', given: { solution: `It is 5. ${'So it is. '.repeat(12)}` }, refused: true },
    { setting: 'response', given: { thought: 'Wait, no. '.repeat(12) }, refused: false },
    { setting: 'whole', given: { thought: 'Wait, no. '.repeat(12) }, refused: true },
    { setting: 'whole', given: { thought: null }, refused: false },
    { setting: 'response', given: { solution: 'That is not a prime number. No. '.repeat(8) }, refused: true },
    { setting: 'response', given: { solution: CASES }, refused: false },
    { setting: 'response', given: { solution: 'It is 1+1+1+1+1+1+1+1+1+1 = 10.' }, refused: false },
  ],
})

const bound = z.int().min(0).nullable().default(null)

export const length = rule({
  reason: 'length',
  says: 'Bounds in characters (of the response without its thought) and in new tokens (with its thought)',
  setting: z
    .strictObject({ minCharacters: bound, maxCharacters: bound, minTokens: bound, maxTokens: bound })
    .refine(({ minCharacters, maxCharacters }) => (minCharacters ?? 0) <= (maxCharacters ?? Infinity), {
      path: ['minCharacters'],
      message: 'is above maxCharacters, so no response would be kept; lower the one or raise the other',
    })
    .refine(({ minTokens, maxTokens }) => (minTokens ?? 0) <= (maxTokens ?? Infinity), {
      path: ['minTokens'],
      message: 'is above maxTokens, so no response would be kept; lower the one or raise the other',
    }),
  initially: null,
  seen({ solution, tokens }, { minCharacters, maxCharacters, minTokens, maxTokens }) {
    const characters = solution.length
    if (characters < (minCharacters ?? 0) || characters > (maxCharacters ?? Infinity))
      return `${characters} characters, ${told(minCharacters, maxCharacters)} are asked for`
    if (tokens < (minTokens ?? 0) || tokens > (maxTokens ?? Infinity))
      return `${tokens} tokens, ${told(minTokens, maxTokens)} are asked for`
    return null
  },
  cases: [
    { setting: bounds({ minCharacters: 3 }), given: { solution: '5' }, refused: true },
    { setting: bounds({ minCharacters: 3 }), given: { solution: 'x=5' }, refused: false },
    { setting: bounds({ maxCharacters: 3 }), given: { solution: 'x = 5' }, refused: true },
    { setting: bounds({ minTokens: 9 }), given: { tokens: 8 }, refused: true },
    { setting: bounds({ maxTokens: 9 }), given: { tokens: 10 }, refused: true },
    { setting: bounds({ minTokens: 9, maxTokens: 9 }), given: { tokens: 9 }, refused: false },
  ],
})

interface Bounds {
  readonly minCharacters: number | null
  readonly maxCharacters: number | null
  readonly minTokens: number | null
  readonly maxTokens: number | null
}

function bounds(some: Partial<Bounds>): Bounds {
  return { minCharacters: null, maxCharacters: null, minTokens: null, maxTokens: null, ...some }
}

function told(least: number | null, most: number | null): string {
  return [...(least === null ? [] : [`at least ${least}`]), ...(most === null ? [] : [`at most ${most}`])].join(', ')
}

/** The beginning tells the language as well as the whole, and costs less. */
const LANGUAGE_CHARACTERS = 4000

export const sameLanguage = rule({
  reason: 'other-language',
  says: 'Keeps out responses in another language than the problem, where both can be told',
  setting: z.boolean(),
  initially: false,
  seen({ solution, problem }) {
    if (problem.language === null) return null
    const language = languageOf(solution.slice(0, LANGUAGE_CHARACTERS))
    return language === null || language === problem.language
      ? null
      : `is in ${language}, the problem in ${problem.language}`
  },
  cases: [
    { setting: true, given: { solution: '答えは五です。したがって五個あります。' }, refused: true },
    { setting: true, given: { solution: 'The answer is the sum of the two numbers.' }, refused: false },
    { setting: true, given: { solution: '$5$' }, refused: false },
    { setting: true, given: { solution: 'The sum of the two is 5.', problem: { language: null } }, refused: false },
    { setting: true, given: { solution: 'The sum of the two is 5.', problem: { language: 'ja' } }, refused: true },
  ],
})
