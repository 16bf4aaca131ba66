// Finds what a problem leans on that is not in its text: a figure, a table, another problem, options to choose from,
// a link. Doubtful texts pass: figures have sides, and tables seat people.

import { listsSomething } from './enumerations.ts'

const DRAWN = String.raw`(?:figure|diagram|picture|image|sketch|drawing|illustration|graph|chart|plot|bar\s+graph|pie\s+chart|histogram|number\s+line)`
const FIGURE = new RegExp(
  [
    String.raw`\bthe\s+(?:accompanying|adjacent|attached|following|above|below)\s+${DRAWN}\b`,
    String.raw`\b${DRAWN}\s+(?:\([a-z]\)\s+)?(?:below|above|shown|at\s+(?:the\s+)?right|at\s+(?:the\s+)?left|on\s+the\s+(?:right|left))\b`,
    String.raw`\bthe\s+(?:bar\s+|line\s+|pie\s+|circle\s+)?(?:figure|diagram|picture|graph|chart)\s+(?:shows|depicts|represents|displays|gives)\b`,
    String.raw`\b(?:triangle|square|rectangle|circle|region|shape|solid|polygon|grid|board|angle|box|cylinder|cone|pyramid|trapezoid|parallelogram|quadrilateral|hexagon|pentagon|octagon|net|map|spinner|clock|design|object)s?\s+(?:(?:is|are|has|as|it|that)\s+){0,2}(?:shown|pictured|drawn|illustrated|depicted)\s+(?:below|above|here|on\s+the\s+(?:right|left)|at\s+(?:the\s+)?(?:right|left))`,
    String.raw`\b(?:shown|pictured|drawn|illustrated|depicted|seen)\s+in\s+(?:the\s+(?:figure|diagram|picture|graph)|figure\b|fig\.)`,
    String.raw`,\s+as\s+(?:shown|pictured|illustrated|depicted)\s*[.,]`,
    String.raw`\b(?:figure|fig\.)\s+\d`,
  ].join('|'),
  'i',
)
/** May open a problem that says all that the figure shows. */
const NAMED_FIGURE =
  /\b(?:in|from|see|refer(?:ring)?\s+to|consider|using|use|on)\s+(?:the|this)\s+(?:following\s+|accompanying\s+|adjacent\s+|given\s+|attached\s+)?(?:figure|diagram|picture|illustration)\b(?!\s+of\b)/i
/** What only a figure can show. */
const SEEN_IN_FIGURE =
  /\b(?:un)?(?:shaded|label(?:l)?ed|marked|shown|dashed|dotted|colou?red|pictured|drawn|indicated|displayed|illustrated)\b/i
const HAS_FIGURE = /\[asy\]|\\begin\{(?:tikzpicture|asy|pspicture|array|tabular)|```|!\[[^\]]*\]\(data:/

const TABLE =
  /\bthe\s+(?:following\s+|accompanying\s+|given\s+)?(?:data\s+|frequency\s+)?table\s+(?:above|below|shows|gives|lists|shown|represents|displays|summarizes)\b|\b(?:following|accompanying|above|below)\s+(?:data\s+|frequency\s+)?table\b|\b(?:use|using|from|in|according\s+to|see)\s+the\s+(?:data\s+|frequency\s+)table\b|\b(?:use|using|from|see|according\s+to)\s+the\s+table\b(?!\s+of\s+(?:primes?|prime\s+numbers|squares|cubes|multiples)\b)/i
/** May open a sentence that says what the table has. */
const NAMED_TABLE = /^(?:according\s+to|in|from)\s+the\s+table$/i
const HAS_TABLE =
  /\\begin\{(?:array|tabular|matrix|pmatrix|align)|\\hline|\[asy\]|\|[^|\n]+\|[^|\n]+\||\t[^\t\n]+\t|(?:\d[ \t]{2,}){2}|:\s*\n(?:.*\d.*\n?){2,}/

const OTHER_PROBLEM =
  /\b(?:(?:in|from|of|using|as\s+in|to|see)\s+(?:the\s+)?(?:previous|preceding|prior|earlier|last)\s+(?:problem|exercise|example|section|part)|(?:previous|preceding)\s+(?:problem|exercise|example)(?:'s|\s+(?:above|to))|(?:problem|exercise|question|example)\s+above|the\s+above\s+(?:problem|exercise|question|example)|(?:in|from|of|see)\s+(?:problem|exercise|question|example|theorem|lemma|section|chapter)\s+\d+)/i

const OPTIONS_ASKED =
  /\b(?:(?:from|among|of)\s+(?:the\s+)?(?:following|given|above|below)\s+(?:options|choices|answers|alternatives)|(?:options|choices|answers|alternatives)\s+(?:below|above|given|are\s+given)|(?:following|given)\s+(?:options|choices|alternatives))\b/i
const WHICH_FOLLOWING = /\b(?:which|what|one|any)\s+of\s+the\s+following\b([^.?!]*)[.?!]?\s*([\s\S]*)$/i
const LINK = /\bhttps?:\/\/\S|!\[[^\]\n]{0,200}\]\((?!data:)|<img\b|\\includegraphics/i

const NOUN = String.raw`(?:equations?|expressions?|integrals?|inequalit(?:y|ies)|functions?|systems?|polynomials?|sequence|series|limits?|matri(?:x|ces)|data(?:\s+set)?)`
/** A task that hands out nothing: `Solve the equation.`, `the following triangle`, `Solve for x.` */
const HANDED_OUT = new RegExp(
  [
    String.raw`\b(?:the|this|these)\s+(?:following|given)\s+(?:[a-z]+\s+){0,2}?(?:${NOUN}|triangles?|circles?|rectangles?|squares?|polygons?|numbers?|list|set|fractions?|problems?|questions?|sums?|products?|values?|points?|vectors?|statements?|derivatives?|information)\b`,
    String.raw`\b(?:solve|evaluate|simplify|expand|factor(?:ise|ize)?|integrate|differentiate|graph|compute|calculate|find|(?:value|derivative|integral|graph|roots?|zeros?|domain|range|vertex|slope|solutions?|mean|median|mode|term|number|sum|limit)\s+(?:of|to|in|for))\s+(?:the|this)\s+(?:[a-z]+\s+){0,1}?${NOUN}\b(?!\s+(?:of|for|that|which|with|whose|between|from|to)\b)`,
    String.raw`^(?:please\s+)?(?:solve|find)\s+(?:for\s+|the\s+value\s+of\s+)?\$?[a-z]\$?[.!]?$`,
  ].join('|'),
  'i',
)
/** Something to work on: a number, a formula, a function or a number in words, a list behind a colon. */
const MATERIAL =
  /[\d=+^<>√∫∑π×÷≤≥|\\²³]|:\s*\S|[a-z]\([a-z]|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|hundred|half|third|equals|plus|minus|squared|cubed|times|sin|cos|tan|log|ln|exp|sine|cosine|tangent|logarithm|whose|first|consecutive)\b/i
const ORDERS = /\b(?:find|compute|calculate|determine|estimate)\b/i
/** Longer texts tell of something in words. */
const LONGEST_BARE_TASK = 160

const quoted = (what: string, found: RegExpExecArray): string => `${what}: ${JSON.stringify(found[0].slice(0, 80))}`

/** What is named and missing, or null. */
export function missingFrom(text: string): string | null {
  const link = LINK.exec(text)
  if (link !== null) return quoted('needs what a link leads to', link)
  const figure = FIGURE.exec(text)
  if (figure !== null && !HAS_FIGURE.test(text) && !HAS_TABLE.test(text)) return quoted('a figure is missing', figure)
  const named = NAMED_FIGURE.exec(text)
  if (named !== null && !HAS_FIGURE.test(text) && !HAS_TABLE.test(text) && !isToldOf(text))
    return quoted('a figure is missing', named)
  const table = TABLE.exec(text)
  if (table !== null && !HAS_TABLE.test(text) && !(NAMED_TABLE.test(table[0]) && saysNumbers(text, table.index)))
    return quoted('a table is missing', table)
  const other = OTHER_PROBLEM.exec(text)
  if (other !== null) return quoted('needs another text', other)
  const options = OPTIONS_ASKED.exec(text)
  if (options !== null && !listsSomething(text)) return quoted('options are missing', options)
  const which = WHICH_FOLLOWING.exec(text)
  if (
    which !== null &&
    !listsSomething(text) &&
    !/[:;]|,[^,]+,|\n|\$[^$]*,/.test(which[1]!) &&
    which[2]!.trim().length < 8
  )
    return quoted('options are missing', which)
  const bare = text.replace(/\$([a-z])\$/gi, '$1')
  const handedOut = bare.length <= LONGEST_BARE_TASK && !MATERIAL.test(bare) ? HANDED_OUT.exec(bare) : null
  return handedOut === null ? null : quoted('what it asks about is missing', handedOut)
}

/** True where a text that names a figure gives numbers, and asks neither for what only the figure shows nor for a letter on it. */
function isToldOf(text: string): boolean {
  if (!/\d/.test(text) || SEEN_IN_FIGURE.test(text)) return false
  const letter = /\b(?:find|what\s+is)\s+(?:the\s+value\s+of\s+)?\$?([a-z])\$?\s*[?.]/i.exec(text)?.[1]
  return letter === undefined || (text.match(new RegExp(`(?<![a-z\\\\])${letter}(?![a-z])`, 'gi'))?.length ?? 0) > 1
}

/** True where the sentence with this place has two numbers and asks nothing. */
function saysNumbers(text: string, from: number): boolean {
  const sentence = /^[^.?!]{0,400}[.?!]?/.exec(text.slice(from))?.[0] ?? ''
  return !sentence.includes('?') && (sentence.match(/\d+/g)?.length ?? 0) >= 2 && !ORDERS.test(sentence)
}
