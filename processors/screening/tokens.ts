// A problem's text as tokens in one normal form, read in one pass: letter case, spacing, LaTeX style ($ or \(, \dfrac
// or \frac or /, \cdot or \times or ×), thousands separators, number words and words that say the same (find,
// compute) make no difference; numbers, operators, the order of tokens and brackets do.

import { CANONICAL, MAGNITUDES, NUMBER_WORDS } from './words.ts'

const LEXEMES = [
  String.raw`\\[a-z]+`, // a LaTeX command
  String.raw`\\[^]`,
  String.raw`\[/?asy\]`,
  String.raw`\d{1,3}(?:(?:,|\{,\}|\\,)\d{3})+(?!\d)(?:\.\d+)?`, // 1,234 or 1{,}234
  String.raw`\d+(?:\.\d+)?`,
  String.raw`LETTER+(?:'LETTER+)?`,
  String.raw`\.{3,}`,
  String.raw`-{2,}`, // a dash
  String.raw`<=|>=|!=|[-+/^=<>()|%!{}]`,
].join('|')
const PLAIN = new RegExp(LEXEMES.replaceAll('LETTER', '[a-z]'), 'g')
const UNICODE = new RegExp(LEXEMES.replaceAll('LETTER', String.raw`\p{L}`), 'gu')

/** Words with a capital within a sentence. */
const NAME = /(?<=[a-z,] )[A-Z][a-z]+/g

/** Words with a capital anywhere but in a LaTeX command. */
const CAPITAL = /(?<![\\A-Za-z])[A-Z][a-z]+/g

const GREEK = 'alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma sigma tau '
  .concat('upsilon phi chi psi omega')
  .split(' ')

/** Signs beyond ASCII, after NFKC, as the ASCII or LaTeX that says the same. */
const SIGNS = new Map<string, string>([
  ...Object.entries({
    '−': '-', '–': ' ', '—': ' ', '…': '...', '·': ' ', '×': ' ', '∙': ' ', '⋅': ' ', '÷': '/', '⁄': '/', '≤': '<=',
    '⩽': '<=', '≥': '>=', '⩾': '>=', '≠': '!=', '√': ' sqrt ', '°': ' degrees ', '∞': ' infty ', '∠': ' angle ',
    '△': ' triangle ', '∈': ' in ', '∑': ' sum ', '∏': ' prod ', '∫': ' int ', '∪': ' cup ', '∩': ' cap ', '’': "'",
    '‘': "'",
  }), // prettier-ignore
  ...GREEK.map((name, at) => [String.fromCharCode(0x3b1 + at), ` ${name} `] as const),
])
const SIGN = new RegExp(`[${[...SIGNS.keys()].join('')}]`, 'g')

/** LaTeX commands that are read as something else; an empty string is layout or a product sign, which may be left out. */
const COMMANDS = new Map<string, string>(
  Object.entries({
    '':
      'left right displaystyle textstyle limits mathrm mathbf mathit mathbb mathcal text textbf textit textrm operatorname mbox ' +
      'emph big bigl bigr bigg biggl biggr quad qquad hspace vspace cdot times ast overline',
    '/': 'div',
    '<=': 'le leq leqslant',
    '>=': 'ge geq geqslant',
    '!=': 'ne neq',
    degrees: 'circ degree',
    '...': 'ldots dots cdots dotsc dotsb',
    binom: 'dbinom tbinom',
    '|': 'vert lvert rvert mid',
    '<': 'lt',
    '>': 'gt',
  }).flatMap(([meaning, names]) => names.split(' ').map((name) => [`\\${name}`, meaning] as const)),
)
const FRACTION = /^\\[dtc]?frac$/
const ENVIRONMENT = /\\(?:begin|end)\s*\{[a-z]+\*?\}/g

/** The tokens of a text, in order. */
export function tokensOf(text: string): string[] {
  let normal = text.toLowerCase()
  const ascii = /^[\x00-\x7f]*$/.test(normal)
  if (!ascii) normal = withoutSigns(normal)
  if (normal.includes('\\begin')) normal = normal.replace(ENVIRONMENT, ' ')
  return read(normal, ascii ? PLAIN : UNICODE)
}

/** The people and places that a text names, in lower case; not those that only begin sentences. */
export function namesIn(text: string): ReadonlySet<string> {
  return new Set(text.match(NAME)?.map((name) => name.toLowerCase()))
}

/** The words that a text writes with a capital, names and first words of sentences alike, in lower case. */
export function capitalsIn(text: string): ReadonlySet<string> {
  return new Set(text.match(CAPITAL)?.map((word) => word.toLowerCase()))
}

function withoutSigns(text: string): string {
  return text
    .replace(/[²³¹⁰⁴-⁹]+/g, '^$&')
    .normalize('NFKC')
    .toLowerCase()
    .replace(SIGN, (sign) => SIGNS.get(sign)!)
}

function read(text: string, lexeme: RegExp): string[] {
  const tokens: string[] = []
  /** For each open brace, whether it holds a numerator. */
  const braces: boolean[] = []
  let numerator = false
  lexeme.lastIndex = 0
  for (let found = lexeme.exec(text); found !== null; found = lexeme.exec(text)) {
    const [piece] = found
    if (piece === '{') {
      braces.push(numerator)
      numerator = false
    } else if (piece === '}') {
      if (braces.pop() === true) tokens.push('/')
    } else if (FRACTION.test(piece)) {
      numerator = true
    } else if (numerator) {
      // \frac12 and \frac1{2}: the numerator is one sign.
      numerator = false
      const whole = piece.charCodeAt(0) === 0x5c
      pushToken(tokens, whole ? piece : piece.slice(0, 1), text, found.index)
      tokens.push('/')
      if (!whole && piece.length > 1) pushToken(tokens, piece.slice(1), text, found.index + 1)
    } else {
      pushToken(tokens, piece, text, found.index)
    }
  }
  return tokens
}

function pushToken(tokens: string[], piece: string, text: string, at: number): void {
  const code = piece.charCodeAt(0)
  if (code === 0x5c) pushCommand(tokens, piece)
  else if (code >= 0x30 && code <= 0x39) tokens.push(plainNumber(piece))
  else if ((code >= 0x61 && code <= 0x7a) || code > 0x7f) pushWord(tokens, piece)
  else if (piece === '-' || piece === '!') {
    if (piece === '-' ? isMinus(text, at) : isFactorial(text, at)) tokens.push(piece)
  } else if (code !== 0x5b && !(code === 0x2d && piece.length > 1)) tokens.push(code === 0x2e ? '...' : piece)
}

function pushCommand(tokens: string[], piece: string): void {
  if (piece === '\\%') tokens.push('%')
  else if (piece === '\\|') tokens.push('|')
  else if (piece.length > 2 || /[a-z]/.test(piece.slice(1))) {
    const meaning = COMMANDS.get(piece) ?? piece.slice(1)
    if (meaning === 'degrees' && tokens.at(-1) === '^') tokens.pop()
    if (meaning !== '') tokens.push(CANONICAL.get(meaning) ?? meaning)
  }
}

function pushWord(tokens: string[], piece: string): void {
  const apostrophe = piece.indexOf("'")
  if (apostrophe > 0) {
    if (piece.endsWith("n't")) tokens.push('not')
    else pushWord(tokens, piece.slice(0, apostrophe))
    return
  }
  const number = NUMBER_WORDS.get(piece) ?? (piece === 'one' && isTens(tokens.at(-1)) ? '1' : undefined)
  if (number !== undefined) {
    // twenty five and twenty-five are 25
    if (number.length === 1 && number !== '0' && isTens(tokens.at(-1)))
      tokens[tokens.length - 1] = String(Number(tokens.at(-1)) + Number(number))
    else tokens.push(number)
    return
  }
  const magnitude = MAGNITUDES.get(piece)
  if (magnitude !== undefined) {
    const before = tokens.at(-1)
    if (before !== undefined && /^\d/.test(before))
      tokens[tokens.length - 1] = String(Number(before) * Number(magnitude))
    else tokens.push(magnitude)
    return
  }
  if (piece === 'half' || piece === 'halves') tokens.push('1', '/', '2')
  else if (piece === 'squared') tokens.push('^', '2')
  else if (piece === 'cubed') tokens.push('^', '3')
  else if (piece === 'percent') tokens.push('%')
  else if (piece === 'cent' && tokens.at(-1) === 'per') tokens[tokens.length - 1] = '%'
  else tokens.push(CANONICAL.get(piece) ?? piece)
}

const isTens = (token: string | undefined): boolean => token !== undefined && /^[2-9]0$/.test(token)

const LETTER = /\p{L}/u
const NUMBER_OR_LETTER = /[\p{L}\d$)]/u

/** No hyphen: `two-digit`, `x-axis`, `$n$-th`. */
function isMinus(text: string, at: number): boolean {
  const letter = (place: number): boolean => LETTER.test(text.charAt(place))
  if (letter(at + 1) && letter(at + 2) && NUMBER_OR_LETTER.test(text.charAt(at - 1))) return false
  return !(letter(at + 1) && letter(at - 1) && letter(at - 2))
}

/** No shout: the sign stands behind a number, a bracket or a single letter. */
function isFactorial(text: string, at: number): boolean {
  const before = text.charAt(at - 1)
  return /[\d)}!]/.test(before) || (LETTER.test(before) && !LETTER.test(text.charAt(at - 2)))
}

/** 007 is 7, 5.0 is 5, and 1,234 is 1234. */
function plainNumber(digits: string): string {
  if (digits.length === 1) return digits
  const [whole = '', fraction = ''] = digits.replace(/[^\d.]+/g, '').split('.')
  const kept = fraction.replace(/0+$/, '')
  const head = whole.replace(/^0+(?=\d)/, '')
  return kept === '' ? head : `${head}.${kept}`
}
