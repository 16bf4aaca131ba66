// The words and LaTeX commands that the reader of answers knows, by what they do. Long because it is
// all tables: a new spelling is a new word here and nothing else.

import type { Relator } from './node.ts'

/** Commands that only space or style: dropped. */
export const silentCommands = new Set(
  `left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr bigm middle displaystyle textstyle scriptstyle
  limits nolimits rm bf it sf tt cal mathstrut strut null nonumber notag hfill hline centering
  thinspace medspace thickspace negthinspace enspace unboldmath boldmath normalsize large Large small angle triangle square Box blacksquare qed`.split(
    /\s+/,
  ),
)

/** Commands with one argument in braces that is dropped with them. */
export const droppedWithArgument = new Set(
  'hspace vspace phantom hphantom vphantom label tag color textcolor kern mspace'.split(' '),
)

/** Commands whose argument stands for itself. */
export const wrapperCommands = new Set(
  `mathbf mathit mathsf mathtt mathcal mathfrak mathscr boldsymbol bm pmb ensuremath boxed fbox framebox underline
  hat widehat tilde widetilde underbrace overbrace cancel emph mathord mathop displaylines`.split(/\s+/),
)

/** Commands whose argument is prose, a unit, a name or a number. */
export const textCommands = new Set(
  'text mbox hbox textbf textit textrm textsf texttt textnormal textup mathrm operatorname rm mathnormal'.split(' '),
)

/** Commands that stand for a mark of the reader. */
export const markCommands = new Map<string, string>(
  Object.entries({
    cdot: '*',
    times: '*',
    ast: '*',
    bullet: '*',
    div: '/',
    over: '/over',
    pm: '±',
    mp: '∓',
    le: '<=',
    leq: '<=',
    leqslant: '<=',
    leqq: '<=',
    ge: '>=',
    geq: '>=',
    geqslant: '>=',
    geqq: '>=',
    lt: '<',
    gt: '>',
    ne: '!=',
    neq: '!=',
    approx: '~',
    approxeq: '~',
    simeq: '~',
    doteq: '~',
    sim: '~',
    thickapprox: '~',
    equiv: '=',
    in: 'in',
    ni: 'ni',
    cup: 'union',
    bigcup: 'union',
    cap: 'intersection',
    bigcap: 'intersection',
    setminus: 'difference',
    backslash: 'difference',
    smallsetminus: 'difference',
    lvert: '|',
    rvert: '|',
    vert: '|',
    mid: '|',
    Vert: '‖',
    lVert: '‖',
    rVert: '‖',
    lbrace: 'set(',
    rbrace: 'set)',
    langle: '(',
    rangle: ')',
    lparen: '(',
    rparen: ')',
    lbrack: '[',
    rbrack: ']',
    lfloor: '⌊',
    rfloor: '⌋',
    lceil: '⌈',
    rceil: '⌉',
    colon: ':',
    prime: "'",
    degree: '°',
    percent: '%',
    circ: 'circ',
    quad: 'gap',
    qquad: 'gap',
    to: '->',
    rightarrow: '->',
    longrightarrow: '->',
    mapsto: '->',
    implies: '=>',
    Rightarrow: '=>',
    Longrightarrow: '=>',
    iff: '=>',
    Leftrightarrow: '=>',
    therefore: '=>',
    ldots: '…',
    dots: '…',
    cdots: '…',
    dotsc: '…',
    dotsb: '…',
    vdots: '…',
    ddots: '…',
    wedge: 'and',
    land: 'and',
    lor: 'or',
    vee: 'or',
    newline: '\\\\',
    cr: '\\\\',
    infty: '∞',
    emptyset: '∅',
    varnothing: '∅',
  }),
)

/** Commands and words that name a function of what follows. */
export const functionNames = new Set(
  `sin cos tan cot sec csc arcsin arccos arctan arccot arcsec arccsc asin acos atan sinh cosh tanh coth sech csch
  arcsinh arccosh arctanh asinh acosh atanh ln log lg exp sqrt cbrt abs gcd lcm min max det sgn sign floor ceil
  cross tg ctg cosec arctg arcctg sh ch th Re Im arg deg dim ker rank tr cis`.split(/\s+/),
)

/** Functions whose other spelling is the one on the right. */
export const functionAliases = new Map<string, string>(
  Object.entries({
    arcsin: 'asin',
    arccos: 'acos',
    arctan: 'atan',
    arcsinh: 'asinh',
    arccosh: 'acosh',
    arctanh: 'atanh',
    sgn: 'sign',
    tg: 'tan',
    ctg: 'cot',
    cosec: 'csc',
    arctg: 'atan',
    arccot: 'acot',
    arcctg: 'acot',
    arcsec: 'asec',
    arccsc: 'acsc',
  }),
)

export const greekLetters = new Set(
  `alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi omicron pi varpi rho varrho
  sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
  ell hbar imath jmath nabla partial aleph top`.split(/\s+/),
)

/** Commands that the parser handles one by one. */
export const structureCommands = new Set(
  `frac dfrac tfrac cfrac binom dbinom tbinom choose sqrt sum prod begin end mathbb mathds overline bar overrightarrow vec dot operatorname
  pmod bmod mod stackrel overset underset substack not int lim`.split(/\s+/),
)

/** True for a command (without its backslash) that the reader knows. */
export function isKnownCommand(name: string): boolean {
  return (
    structureCommands.has(name) ||
    markCommands.has(name) ||
    functionNames.has(name) ||
    greekLetters.has(name) ||
    textCommands.has(name) ||
    wrapperCommands.has(name) ||
    silentCommands.has(name) ||
    droppedWithArgument.has(name)
  )
}

/** Marks that relate their two sides. */
export const relators = new Map<string, Relator>([
  ['=', '='],
  ['!=', '!='],
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
  ['~', '~'],
  ['in', 'in'],
])

export const numberWords = new Map<string, bigint>(
  `zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
  eighteen nineteen twenty`
    .split(/\s+/)
    .map((word, index) => [word, BigInt(index)]),
)

/** Words after a number that multiply it. */
export const magnitudeWords = new Map<string, bigint>([
  ['dozen', 12n],
  ['hundred', 100n],
  ['thousand', 1000n],
  ['million', 1_000_000n],
  ['billion', 1_000_000_000n],
  ['trillion', 1_000_000_000_000n],
])
