// The rules that refuse a cleaned problem, in order: the first that holds names the rejection. Each looks at one
// text alone; duplicates are the index's work.

import { asksSomething } from './asks.ts'
import { languageOf } from './language.ts'
import { repetitionIn } from './repetition.ts'
import type { RuleSettings } from './rule-settings.ts'

/** What the rules look at. */
export interface Facts {
  /** The cleaned text. */
  readonly text: string
  /** Why the model stopped; null for imported problems. */
  readonly finishReason: string | null
  readonly language: string | null
  readonly limits: RuleSettings
}

interface Rule {
  readonly reason: string
  /** What was seen where the rule refuses; null where it does not. */
  readonly detail: (facts: Facts) => string | null
}

const seen = (what: string, text: string): string => `${what}: ${JSON.stringify(text.slice(0, 80))}`

/** Control characters (a broken \frac becomes a form feed), the replacement character, private use. */
const NON_PRINTING = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffd\ue000-\uf8ff]/

const OPEN_END = /[:,;(\x5b{+&–—-]$|(?:^|\s)(?:the|an?|of|and|or|with|than|if|that|is|are|whose|such)$/
const PAIRS: readonly (readonly [RegExp, RegExp, string])[] = [
  [/\\\[/g, /\\\]/g, '\\['],
  [/\\begin\{/g, /\\end\{/g, '\\begin{'],
  [/\[asy\]/g, /\[\/asy\]/g, '[asy]'],
]

const HEADLESS_SIGN = /^[,.;:)\]}?!%&*+=/|>]/
/** Words that go on with something: a problem may begin in lower case, but not with one of these. */
const HEADLESS_WORD =
  /^(?:and|or|but|of|with|which|that|than|because|whose|then|so|therefore|hence|thus|where|while|respectively)\b/

/** Openings of a solution or of a chat: there is no problem in such a text. */
const NO_PROBLEM =
  /^(?:[#*_>\s]*(?:step\s*1\b|solution\s*[*_]*\s*[:：]|answer\s*[*_]*\s*[:：]|(?:the\s+)?final\s+answer\b)|to\s+solve\s+(?:this|the)\b|sure[,!]|certainly[,!]|of course[,!]|i(?:'|’)?m sorry|as an ai\b|(?:hello|hi)[,!.]|here(?:'|’)?s\s+(?:a|the|my)\s+(?:solution|step|answer))/i

/** A box with something in it after `=`, `is` or `:` is an answer; an empty one is a place to fill in. */
const BOXED_ANSWER = /(?:=|\bis|:)\s*\$?\s*\\boxed\s*\{(?!\s*\}|[?_\s]*\}|\\(?:phantom|hphantom|quad|text\{\s*\}))/i

const RULES: readonly Rule[] = [
  { reason: 'empty', detail: ({ text }) => (text === '' ? 'no text is left after cleaning' : null) },
  {
    reason: 'non-printing',
    detail: ({ text }) => {
      const found = NON_PRINTING.exec(text)?.[0] ?? (text.isWellFormed() ? null : '\ud800')
      return found === null ? null : `character U+${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
    },
  },
  {
    reason: 'too-long',
    detail: ({ text, limits }) =>
      text.length > limits.maxCharacters
        ? `${text.length} characters, at most ${limits.maxCharacters} are allowed`
        : null,
  },
  { reason: 'repetition', detail: ({ text }) => repetitionIn(text) },
  {
    reason: 'unfinished',
    detail: ({ text, finishReason }) => {
      if (finishReason !== null && finishReason !== 'stop') return `the model was stopped (${finishReason})`
      if (OPEN_END.test(text.replace(/[*_\s]+$/, ''))) return seen('ends in', text.slice(-40))
      const open = PAIRS.find(([begin, end]) => (text.match(begin)?.length ?? 0) > (text.match(end)?.length ?? 0))
      return open === undefined ? null : `${open[2]} is never closed`
    },
  },
  { reason: 'not-a-problem', detail: ({ text }) => (NO_PROBLEM.test(text) ? seen('begins', text) : null) },
  {
    reason: 'fragment',
    detail: ({ text }) => {
      if (HEADLESS_SIGN.test(text) && !/^(?:\*\*|\.\d)/.test(text)) return seen('begins with a sign', text)
      return HEADLESS_WORD.test(text) ? seen('begins in the middle of a sentence', text) : null
    },
  },
  {
    reason: 'too-short',
    detail: ({ text, limits }) =>
      text.length < limits.minCharacters
        ? `${text.length} characters, at least ${limits.minCharacters} are asked for`
        : null,
  },
  {
    reason: 'other-language',
    detail: ({ language, limits }) =>
      language !== null && limits.languages !== null && !limits.languages.includes(language)
        ? `${language}; kept: ${limits.languages.join(', ')}`
        : null,
  },
  {
    reason: 'no-question',
    detail: ({ text, language }) =>
      (language === null || language === 'en') && !asksSomething(text) ? seen('asks nothing', text) : null,
  },
  {
    reason: 'answer-in-problem',
    detail: ({ text }) => {
      const found = BOXED_ANSWER.exec(text)
      return found === null ? null : seen('says', text.slice(found.index, found.index + 60))
    },
  },
]

/** The first rule that refuses the cleaned text, or null with the language that was found. */
export function judgeText(
  text: string,
  finishReason: string | null,
  limits: RuleSettings,
): { reason: string; detail: string } | { language: string | null } {
  const language = languageOf(text.slice(0, limits.maxCharacters))
  const facts: Facts = { text, finishReason, language, limits }
  for (const { reason, detail } of RULES) {
    const found = detail(facts)
    if (found !== null) return { reason, detail: found }
  }
  return { language }
}
