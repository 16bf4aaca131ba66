// One spelling for the characters that answers are written with: Unicode signs, superscripts, vulgar fractions,
// zero-width characters, doubled backslashes. Linear in the length of the text.

import { isKnownCommand } from './vocabulary.ts'

const signs = new Map<string, string>(
  Object.entries({
    '−': '-',
    '–': '-',
    '—': '-',
    '‐': '-',
    '‑': '-',
    '﹣': '-',
    '×': '*',
    '·': '*',
    '⋅': '*',
    '∙': '*',
    '✕': '*',
    '÷': '/',
    '∕': '/',
    '⁄': '/',
    '≤': '<=',
    '⩽': '<=',
    '≦': '<=',
    '≥': '>=',
    '⩾': '>=',
    '≧': '>=',
    '≠': '!=',
    '≈': '\\approx ',
    '≃': '\\approx ',
    '≡': '\\equiv ',
    '∈': '\\in ',
    '∪': '\\cup ',
    '⋃': '\\cup ',
    '∩': '\\cap ',
    '∖': '\\setminus ',
    '∞': '\\infty ',
    '∅': '\\emptyset ',
    π: '\\pi ',
    θ: '\\theta ',
    α: '\\alpha ',
    β: '\\beta ',
    γ: '\\gamma ',
    λ: '\\lambda ',
    φ: '\\varphi ',
    ω: '\\omega ',
    Δ: '\\Delta ',
    '√': '\\sqrt ',
    '°': '^\\circ ',
    º: '^\\circ ',
    ℝ: '\\mathbb{R}',
    ℤ: '\\mathbb{Z}',
    ℕ: '\\mathbb{N}',
    ℚ: '\\mathbb{Q}',
    ℂ: '\\mathbb{C}',
    '±': '\\pm ',
    '∓': '\\mp ',
    '→': '\\to ',
    '⇒': '\\implies ',
    '∧': '\\land ',
    '∨': '\\lor ',
    '…': '\\ldots ',
    '’': "'",
    '‘': "'",
    '′': "'",
    '“': '"',
    '”': '"',
    '，': ',',
    '。': '.',
    '：': ':',
    '；': ';',
    '（': '(',
    '）': ')',
    '⟨': '(',
    '⟩': ')',
    '∣': '|',
    '∶': ':',
    '½': '\\frac{1}{2}',
    '⅓': '\\frac{1}{3}',
    '⅔': '\\frac{2}{3}',
    '¼': '\\frac{1}{4}',
    '¾': '\\frac{3}{4}',
    '⅕': '\\frac{1}{5}',
    '⅖': '\\frac{2}{5}',
    '⅗': '\\frac{3}{5}',
    '⅘': '\\frac{4}{5}',
    '⅙': '\\frac{1}{6}',
    '⅚': '\\frac{5}{6}',
    '⅛': '\\frac{1}{8}',
    '⅜': '\\frac{3}{8}',
    '⅝': '\\frac{5}{8}',
    '⅞': '\\frac{7}{8}',
  }),
)

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹'
const subscripts = '₀₁₂₃₄₅₆₇₈₉'

function raised(marks: string, alphabet: string, sign: '^' | '_'): string {
  let digits = ''
  for (const mark of marks) digits += mark === '⁻' ? '-' : mark === 'ⁿ' ? 'n' : alphabet.indexOf(mark).toString()
  return `${sign}{${digits}}`
}

/** The text with one spelling for each sign. A text of plain ASCII comes back as it is, doubled backslashes aside. */
export function normaliseText(text: string): string {
  let result = text

  if (/[^\x00-\x7f]/.test(result)) {
    result = result
      .replace(/[\u200b-\u200f\u2060-\u2064\ufeff\u00ad]/g, '')
      .replace(/[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g, ' ')
      .replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹⁻ⁿ]+/g, (marks) => raised(marks, superscripts, '^'))
      .replace(/[₀₁₂₃₄₅₆₇₈₉]+/g, (marks) => raised(marks, subscripts, '_'))
      .replace(/[^\x00-\x7f]/g, (mark) => signs.get(mark) ?? mark)
      .replace(/[\uff01-\uff5e]|[\u{1d400}-\u{1d7ff}]/gu, (mark) => mark.normalize('NFKC'))
  }
  // The brace of a system of equations has no partner.
  result = result.replace(/\\left\s*\\\{(?=\s*\\begin)/g, '')
  // {=} and {:} only space an operator.
  result = result.replace(/(?<![\^_]|\\[A-Za-z]{1,20})\{([:=<>+*/-])\}/g, ' $1 ')
  // A text that escapes its environments twice escapes everything twice.
  if (/\\\\(?:begin|end)\{/.test(result)) result = result.replaceAll('\\\\', '\\')
  // Elsewhere a doubled backslash before a command's name is one that was escaped twice; \\\frac is a row break and \frac.
  if (result.includes('\\\\')) {
    result = result.replace(/(?<!\\)\\\\([A-Za-z]+)/g, (whole, name: string) =>
      isKnownCommand(name) ? `\\${name}` : whole,
    )
  }
  return result
}
