// Other ways of writing what the grammar knows: {n \choose k} and 5C2, ]0,1[, 1.5 x 10^3, +/-, 0.333…, 12'345, USD 45,
// 21st, quotes and Markdown around an answer. Text in, text out; linear in the length of the text.

/** Longer texts are no final answers. */
const maximumLength = 600

type Rule = readonly [sign: RegExp, pattern: RegExp, replacement: string | ((...parts: string[]) => string)]

/** ]0,1[ and [0,1[: a bracket that looks away from the interval is an open end. */
function openEnds(whole: string, open: string, inside: string, close: string): string {
  if (open === '[' && close === ']') return whole
  return `${open === ']' ? '(' : '['}${inside}${close === '[' ? ')' : ']'}`
}

/** AB_{16} in decimal digits; as it stands where a digit is none of that base. */
function fromLettered(whole: string, digits: string, base: string): string {
  if (!/[A-F]/.test(digits) || !/\d|16/.test(digits + base)) return whole
  let value = 0n
  for (const digit of digits) {
    const worth = Number.parseInt(digit, 16)
    if (worth >= Number(base)) return whole
    value = value * BigInt(base) + BigInt(worth)
  }
  return value.toString()
}

/** C_{10}^{3} with numbers counts choices; C_1^2 may be a constant's square and stays. */
function choices(whole: string, from: string, count: string): string {
  return Number(from) >= Number(count) && Number(from) > 1 ? `\\binom{${from}}{${count}}` : whole
}

function arrangements(_: string, from: string, letter: string, count: string): string {
  return letter === 'C' ? `\\binom{${from}}{${count}}` : `\\frac{${from}!}{(${from}-${count})!}`
}

/** The names of currencies by their signs and codes; a code that is not here is its own name. */
const currencies = new Map([
  ['€', 'euros'],
  ['EUR', 'euros'],
  ['£', 'sterling'],
  ['GBP', 'sterling'],
  ['¥', 'yen'],
  ['JPY', 'yen'],
  ['₹', 'rupees'],
  ['INR', 'rupees'],
  ['Rs', 'rupees'],
  ['CNY', 'yuan'],
  ['RMB', 'yuan'],
])

/** €5 as an amount and the name of its currency, like 5 cm. A point that ends a sentence stays outside. */
function inCurrency(amount: string, sign: string): string {
  const name = sign.replace(/[.$]/g, '')
  const value = amount.replace(/[.,]$/, '')
  return `${value}\\text{ ${currencies.get(name) ?? name.toLowerCase()}}${amount.slice(value.length)}`
}

/** Each rule with the sign without which it cannot apply. */
const rules: readonly Rule[] = [
  [/\*\*|["“”]/, /^(?:\*\*|["“”])\s*([^*"“”]+?)\s*(?:\*\*|["“”])\.?$/, '$1'],
  [/\*\*/, /\*\*/g, '^'],
  [
    /\\times/,
    /(\\(?:vec|mathbf|boldsymbol|bm)\s*\{?\s*[A-Za-z]\}?)\s*\\times\s*(\\(?:vec|mathbf|boldsymbol|bm)\s*\{?\s*[A-Za-z]\}?)/g,
    '\\operatorname{cross}($1,$2)',
  ],
  [/\\choose/, /\{([^{}]*)\\choose(?![A-Za-z])([^{}]*)\}/g, '\\binom{$1}{$2}'],
  [/\\over/, /\{([^{}]*)\\over(?![A-Za-z])([^{}]*)\}/g, '\\frac{$1}{$2}'],
  [/\\over/, /^([^{}]*)\\over(?![A-Za-z])([^{}]*)$/, '\\frac{$1}{$2}'],
  [/C/, /(?<![A-Za-z])C_\{?(\d+)\}?\s*\^\{?(\d+)\}?(?!\d)/g, choices],
  [/[CP]/, /(?:\{\})?[_^]\{?(\d+)\}?\s*([CP])_\{?(\d+)\}?/g, arrangements],
  [/\d[CP]\d/, /(?<![\w.])(\d+)([CP])(\d+)(?![\w.])/g, arrangements],
  [/[[\]]/, /((?<=(?:^|\\cup|\\in|=|,|\\left)\s*)\]|\[)([^[\](),;]+[,;][^[\](),;]+)([[\]])/g, openEnds],
  [/[xX]\s*10\s*\^/, /(\d)\s*[xX]\s*10(?=\s*\^)/g, '$1*10'],
  [/\+\/?-/, /\+\/-/g, '\\pm '],
  [/\+-/, /^\+-(?=\s*[\d\\a-z(])/, '\\pm '],
  [/plus/i, /\bplus(?: or |\/|-or-)minus\b/gi, '\\pm '],
  [/minus|negative/i, /^(?:minus|negative)\s+(?=[\d\\.])/i, '-'],
  [/\d'\d/, /(?<![\d.])(\d{1,3}(?:'\d{3})+)(?![\d'])/g, (digits) => digits.replaceAll("'", '')],
  [
    /\.\d{3},\d/,
    /(?<![\d.,])\d{1,3}(?:\.\d{3}){2,},\d+(?![\d.,])/g,
    (digits) => digits.replaceAll('.', '').replace(',', '.'),
  ],
  [/\.\d{3}\.\d{3}/, /(?<![\d.,])\d{1,3}(?:\.\d{3}){2,}(?![\d.,])/g, (digits) => digits.replaceAll('.', '')],
  [/\.\d{3},\d/, /^-?\d{1,3}(?:\.\d{3})+,\d+$/, (digits) => digits.replaceAll('.', '').replace(',', '.')],
  [/\d & /, /^([^\\{}&]*\d) & (-?\d[^\\{}&]*)$/, '$1 and $2'],
  [/\d(?:\.\.\.|\\[lc]?dots)/, /(\d*\.\d*?)(\d)\2{2,}\s*(?:\.\.\.|\\[lc]?dots)(?!\w)/g, '$1\\overline{$2}'],
  [/\d(?:\.\.\.|\\[lc]?dots)/, /(\d*\.\d*?)(\d{2,6}?)\2+\s*(?:\.\.\.|\\[lc]?dots)(?!\w)/g, '$1\\overline{$2}'],
  [/\.\(\d/, /(\d*)\.\((\d+)\)/g, '$1.\\overline{$2}'],
  [/\d(?:st|nd|rd|th)/, /(\d)(?:st|nd|rd|th)(?![A-Za-z])/g, '$1'],
  [/\)_/, /\((\d+)\)_/g, '$1_'],
  [/[A-F]\d*_/, /^([0-9A-F]+)_\{?(\d{2})\}?$/, fromLettered],
  [
    /\d.*[ap]\.?\s?m/i,
    /(\d)\$?\s*(?:\\,|\\ |~)?([AaPp])\.?\s?[Mm]\.?(?![A-Za-z])/g,
    (_, digit, half) => `${digit}\\text{ ${half.toLowerCase()}m}`,
  ],
  [/^(?:[A-Z]{2,3}\$?|Rs\.?)\s*\d/, /^(?:USD|US\$)\s*(?=\d)/, '\\$'],
  [
    /^(?:[A-Z]{2,3}\$?|Rs\.?)\s*\d/,
    /^(EUR|GBP|INR|CNY|RMB|JPY|CAD|AUD|CHF|HK\$|Rs\.?)\s*(\d[\d,.]*(?: (?:thousand|million|billion))?)/,
    (_, code, amount) => inCurrency(amount, code),
  ],
  [
    /[€£¥₹]/,
    /([€£¥₹])\s?(\d[\d,.]*(?: (?:thousand|million|billion))?)/g,
    (_, sign, amount) => inCurrency(amount, sign),
  ],
  [/[€£¥₹]/, /(\d)\s?([€£¥₹])/g, (_, digit, sign) => inCurrency(digit, sign)],
  [/¢/, /(\d)\s*¢/g, '$1\\text{ cents}'],
  [/Omega/, /(\d)\s*(?:\\,|\\ |~)?\s*\\Omega\s*$/, '$1\\text{ ohms}'],
  [
    /\\frac/,
    /\\[dt]?frac\s*\{\\(?:text|mathrm|mbox)\{([^{}]*)\}\}\s*\{\\(?:text|mathrm|mbox)\{([^{}]*)\}(\^\{?\d\}?)?\}/g,
    '\\text{ $1}/\\text{$2}$3',
  ],
  [/\\math/, /\\(?:mathbf|Bbb)\s*\{?([RZNQ])\}?(?![A-Za-z])/g, '\\mathbb{$1}'],
  [
    /^all/i,
    /^all (?:the )?real numbers except (?:for )?([^A-Za-z]+|\$?[^A-Za-z]+\$?)\.?$/i,
    '\\mathbb{R}\\setminus\\{$1\\}',
  ],
  [
    /all/i,
    /^\\text\s*\{\s*all (?:the )?real numbers except (?:for )?\}\s*([^A-Za-z]+)$/i,
    '\\mathbb{R}\\setminus\\{$1\\}',
  ],
  [/out of/, /^(\d+)\s+out of\s+(\d+)$/, '\\frac{$1}{$2}'],
  [/^(?:thus|so|hence|then|therefore)/i, /^(?:thus|so|hence|then|therefore),?\s+(?=[\d(])/i, ''],
  [/answer is/i, /^\\text\s*\{\s*(?:the )?(?:final )?answer is:?\s*\}\s*/i, ''],
  [/^all/i, /^all (?:the )?positive real numbers\.?$/i, '(0,\\infty)'],
  [/^all/i, /^all (?:the )?negative real numbers\.?$/i, '(-\\infty,0)'],
  [/^all/i, /^all (?:the )?non-?negative real numbers\.?$/i, '[0,\\infty)'],
  [/^all/i, /^all (?:the )?integers\.?$/i, '\\mathbb{Z}'],
  [/^\{/, /^\{\s*\}$/, '\\emptyset'],
  [/^\{/, /^\{(\s*[A-Za-z]\s*[|:][^{}]*)\}$/, '\\{$1\\}'],
  [/\{\}/, /\\(pi|infty|theta|alpha|beta|emptyset|circ)\{\}/g, '\\$1 '],
]

/** The answer in the notation of the grammar. */
export function normaliseNotation(answer: string): string {
  if (answer.length > maximumLength) return answer
  let result = answer
  for (const [sign, pattern, replacement] of rules) {
    if (!sign.test(result)) continue
    result =
      typeof replacement === 'string' ? result.replace(pattern, replacement) : result.replace(pattern, replacement)
  }
  return result
}

/** A dollar sign that opens no formula: "$0.25". */
const bareMoney = /^(-?)\$\s?(\d[\d,]*(?:\.\d+)?)((?:\sper\s|\s?\/\s?)[a-z]+)?$/
/** A number with the letter of a unit, in plain text: "2500 m". */
const letteredUnit =
  /^(-?[\d.,]+(?:\s?\/\s?\d+|\s?\*\s?10\s?\^\s?\{?-?\d+\}?)?|-?\d+ \d+\/\d+)\s+((?:km|cm|mm|m|kg|mg|g|mL|ml|L|l|h|s|N|J|W|V|Pa|Hz)(?:\^\{?[23]\}?)?(?:\/(?:km|cm|mm|m|kg|g|mL|ml|L|h|s|min)(?:\^\{?[23]\}?)?)?)$/

/** "$0.25" as a whole answer. */
export function isMoney(text: string): boolean {
  return bareMoney.test(text)
}

/** What plain text, without a formula, means by a dollar sign or a letter behind its number. */
export function plainQuantity(text: string): string {
  const money = bareMoney.exec(text)
  if (money !== null)
    return `${money[1] ?? ''}\\$${money[2] ?? ''}${money[3] === undefined ? '' : `\\text{ ${money[3]}}`}`
  return text.replace(
    letteredUnit,
    (_, value: string, unit: string) => `${value} \\text{ ${unit.replace(/[{}]/g, '')}}`,
  )
}

/** Other texts that the answer may stand for, less likely than itself. */
export function otherReadings(answer: string): readonly string[] {
  const mixed = /^(-?\d+)\s+and\s+(?:a\s+)?(\d+\/\d+|\\[dt]?frac\{\d+\}\{\d+\})$/.exec(answer)
  if (mixed !== null) return [`${mixed[1] ?? ''} ${mixed[2] ?? ''}`]
  const ratio = /^(\d+)\s+to\s+(\d+)$/.exec(answer)
  if (ratio !== null) return [`${ratio[1] ?? ''}:${ratio[2] ?? ''}`]
  const chosen = /^([CP])\((\d+),\s?(\d+)\)$/.exec(answer)
  if (chosen !== null) return [arrangements('', chosen[2] ?? '', chosen[1] ?? '', chosen[3] ?? '')]
  return []
}
