// What the normal form of fingerprints takes for the same: spellings of signs, letters and numbers, and LaTeX commands
// that say nothing. All by the hash of the word. Part of the file format: see NORMAL_FORM.

/** The hash of nothing, to be extended by extendHash. */
export const EMPTY_HASH = 0x811c9dc5

/** One more UTF-16 unit of FNV-1a; signed until `>>> 0`. */
export function extendHash(hash: number, code: number): number {
  return Math.imul(hash ^ code, 0x01000193)
}

/** FNV-1a over UTF-16 units; unsigned 32 bits. */
export function hashOf(text: string): number {
  let hash = EMPTY_HASH
  for (let at = 0; at < text.length; at += 1) hash = extendHash(hash, text.charCodeAt(at))
  return hash >>> 0
}

/** LaTeX commands that are style, brackets, products or fractions. */
const STYLE =
  'left right big bigg bigl bigr biggl biggr displaystyle textstyle limits mathrm text textbf textit textrm ' +
  'mathbf mathit mathbb mathcal boldsymbol bm rm bf it operatorname mbox hbox emph underline overline widehat hat vec ' +
  'bar tilde quad qquad hspace vspace phantom frac dfrac tfrac cfrac cdot times ast div ldots dots cdots dotsc dotsb ' +
  'dotso langle rangle lfloor rfloor lceil rceil lvert rvert vert mid item displaylimits nolimits binom tbinom dbinom'
/** LaTeX commands and characters by the word or sign that they stand for. */
const SPELLINGS =
  'le=< leq=< leqslant=< lt=< ge=> geq=> geqslant=> gt=> ne=! neq=! ≤=< ≥=> ≠=! −=- –=- pm=+ ±=+ circ=degrees ' +
  'degree=degrees °=degrees √=sqrt ∠=angle △=triangle ∞=infty ∑=sum ∏=prod ∫=int ∈=in α=alpha β=beta γ=gamma δ=delta ' +
  'ε=epsilon varepsilon=epsilon ζ=zeta η=eta θ=theta vartheta=theta κ=kappa λ=lambda μ=mu ν=nu ξ=xi π=pi ρ=rho ' +
  'σ=sigma τ=tau φ=phi varphi=phi ϕ=phi χ=chi ψ=psi ω=omega'
const NUMBER_WORDS =
  'zero=0 two=2 three=3 four=4 five=5 six=6 seven=7 eight=8 nine=9 ten=10 eleven=11 twelve=12 thirteen=13 ' +
  'fourteen=14 fifteen=15 sixteen=16 seventeen=17 eighteen=18 nineteen=19 twenty=20 thirty=30 forty=40 fifty=50 ' +
  'sixty=60 seventy=70 eighty=80 ninety=90 hundred=100 thousand=1000 million=1000000'

const pairs = (list: string): [number, string][] =>
  list.split(' ').map((pair) => [hashOf(pair.slice(0, pair.lastIndexOf('='))), pair.slice(pair.lastIndexOf('=') + 1)])

/** Commands that are left out. */
export const STYLES = new Set(STYLE.split(' ').map(hashOf))
export const FRACTIONS = new Set(['frac', 'dfrac', 'tfrac', 'cfrac'].map(hashOf))
/** A sign of one character, or a word. */
export const SPELLED = new Map(pairs(SPELLINGS))
/** Number words by their value. */
export const NUMBERS = new Map(pairs(NUMBER_WORDS).map(([hash, value]) => [hash, Number(value)]))
/** 20 to 90 by the hash of their digits: with a unit after them they are one number. */
export const TENS = new Map([20, 30, 40, 50, 60, 70, 80, 90].map((value) => [hashOf(String(value)), value]))
