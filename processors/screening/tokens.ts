// A problem's text as tokens in one normal form: letter case, spacing, LaTeX style ($ or \(, \dfrac or \frac, \cdot
// or \times), thousands separators and number words make no difference; numbers, operators and brackets do.

const REWRITES: readonly (readonly [RegExp, string])[] = [
  [/[²³¹⁰⁴-⁹]+/g, '^$&'],
  [/\\[()[\]]/g, ' '],
  [/\[asy\]|\[\/asy\]/gi, ' '],
  [
    /\\(?:left|right|displaystyle|textstyle|limits|mathrm|text|textbf|textit|mathbf|operatorname|mbox|bigl?|bigr?|quad|qquad)(?![a-zA-Z])/g,
    ' ',
  ],
  [/\\(?:begin|end)\s*\{[a-z]+\*?\}/g, ' '],
  [/\\[,;:! ]|\\\\|~/g, ' '],
  [/\\[dt]frac(?![a-zA-Z])/g, '\\frac'],
  [/\\frac(?![a-zA-Z])|\\div(?![a-zA-Z])|÷/g, ' / '],
  [/\\(?:cdot|times|ast)(?![a-zA-Z])|[·×∙⋅]/g, ' * '],
  [/\\(?:leq?|leqslant)(?![a-zA-Z])|≤/g, ' <= '],
  [/\\(?:geq?|geqslant)(?![a-zA-Z])|≥/g, ' >= '],
  [/\\(?:neq?)(?![a-zA-Z])|≠/g, ' != '],
  [/\\(?:circ|degree)(?![a-zA-Z])|°/g, ' degrees '],
  [/\\(?:ldots|dots|cdots)(?![a-zA-Z])|…|\.{3,}/g, ' ... '],
  [/√/g, ' sqrt '],
  [/\\%|\bper\s?cent\b/gi, ' % '],
  [/−/g, '-'],
  [/[–—]/g, ' '],
  [/(?<=\d)(?:\{,\}|,)(?=\d{3}(?!\d))/g, ''],
  [/(?<=[\p{L}\d$])-(?=\p{L}{2})|(?<=\p{L}{2})-(?=\p{L})/gu, ' '],
]

const TOKEN = /\.\.\.|<=|>=|!=|\d+(?:\.\d+)?|\p{L}+(?:['’]\p{L}+)?|[-+*/^=<>()|%!]/gu

const NUMBER_WORDS = new Map(
  (
    'two=2 three=3 four=4 five=5 six=6 seven=7 eight=8 nine=9 ten=10 eleven=11 twelve=12 thirteen=13 fourteen=14 ' +
    'fifteen=15 sixteen=16 seventeen=17 eighteen=18 nineteen=19 twenty=20 thirty=30 forty=40 fifty=50 sixty=60 ' +
    'seventy=70 eighty=80 ninety=90 hundred=100 thousand=1000 million=1000000 twice=2 double=2 triple=3'
  )
    .split(' ')
    .map((pair) => pair.split('=') as [string, string]),
)

/** Words whose exchange makes another problem out of the same sentence. */
const CONTRASTS = new Set(
  (
    'maximum minimum max min largest smallest greatest least most fewest biggest highest lowest longest shortest ' +
    'more less fewer greater smaller larger older younger increasing decreasing increase decrease increased decreased ' +
    'even odd prime composite positive negative integer integers real rational irrational sum difference product ' +
    'quotient ratio remainder square cube root squares cubes sqrt sin cos tan cot sec csc arcsin arccos arctan sine ' +
    'cosine tangent log ln exp lcm gcd factor factors multiple multiples divisor divisors mean median mode range ' +
    'average area perimeter circumference volume surface radius diameter circle sphere triangle rectangle cone ' +
    'cylinder pentagon hexagon octagon inclusive exclusive with without not no none all some first last before after ' +
    'above below half third quarter fourth fifth percent union intersection parallel perpendicular domain derivative ' +
    'integral limit permutation combination permutations combinations consecutive distinct each total left remaining ' +
    'north south east west row column numerator denominator'
  ).split(' '),
)

/** The tokens of a text, in order. */
export function tokensOf(text: string): string[] {
  let normal = text
  for (const [pattern, replacement] of REWRITES) normal = normal.replace(pattern, replacement)
  const tokens = normal.normalize('NFKC').toLowerCase().match(TOKEN) ?? []
  return tokens.map(
    (token) => NUMBER_WORDS.get(token) ?? (/^\d/.test(token) ? plainNumber(token) : token.replace('’', "'")),
  )
}

/** The tokens that decide the answer: numbers, operators (a product sign may be left out, so it does not count), contrasts. */
export function contrastsOf(tokens: readonly string[]): string[] {
  return tokens.filter((token) => /^(?:\d|[-+/^=<>!%])/.test(token) || CONTRASTS.has(token))
}

/** 007 is 7, and 5.0 is 5. */
function plainNumber(digits: string): string {
  const [whole = '', fraction = ''] = digits.split('.')
  const kept = fraction.replace(/0+$/, '')
  const head = whole.replace(/^0+(?=\d)/, '')
  return kept === '' ? head : `${head}.${kept}`
}
