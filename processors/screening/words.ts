// What single words mean to the comparison of problems: number words, words that say the same in a problem, and
// words that decide the answer.

const table = (text: string): Map<string, string> =>
  new Map(text.split(/\s+/).map((pair) => pair.split('=') as [string, string]))

/** Cardinal words; a tens word and the unit behind it are one number (tokens.ts). */
export const NUMBER_WORDS = table(
  'two=2 three=3 four=4 five=5 six=6 seven=7 eight=8 nine=9 ten=10 eleven=11 twelve=12 thirteen=13 fourteen=14 ' +
    'fifteen=15 sixteen=16 seventeen=17 eighteen=18 nineteen=19 twenty=20 thirty=30 forty=40 fifty=50 sixty=60 ' +
    'seventy=70 eighty=80 ninety=90 twice=2 double=2 thrice=3 triple=3 dozen=12',
)

/** Words that multiply the number before them, and are that number where none stands there. */
export const MAGNITUDES = table('hundred=100 thousand=1000 million=1000000 billion=1000000000')

/** One word for many that a problem may exchange without becoming another. */
const SAME: Readonly<Record<string, string>> = {
  find: 'determine compute calculate evaluate obtain',
  each: 'every',
  total: 'altogether overall',
  suppose: 'assume',
  max: 'maximum maximal largest greatest most biggest highest longest tallest oldest',
  min: 'minimum minimal smallest least fewest lowest shortest youngest',
  more: 'greater larger bigger older taller longer faster heavier',
  less: 'fewer smaller younger shorter slower lighter',
  increase: 'increases increased increasing',
  decrease: 'decreases decreased decreasing',
  integer: 'integers whole',
  real: 'reals',
  prime: 'primes',
  square: 'squares',
  cube: 'cubes',
  root: 'roots',
  divisor: 'divisors factor factors',
  multiple: 'multiples',
  average: 'mean',
  sin: 'sine',
  cos: 'cosine',
  tan: 'tangent',
  permutation: 'permutations',
  combination: 'combinations',
  not: 'no none never cannot',
  third: 'thirds',
  quarter: 'quarters fourth fourths',
}

export const CANONICAL: ReadonlyMap<string, string> = new Map(
  Object.entries(SAME).flatMap(([word, others]) => others.split(' ').map((other) => [other, word] as const)),
)

/** A problem with one of these more or less is another problem. */
export const DECISIVE: ReadonlySet<string> = new Set(
  (
    'max min more less increase decrease even odd prime composite positive negative real rational irrational sum ' +
    'difference product quotient ratio remainder square cube sqrt sin cos tan cot sec csc arcsin arccos arctan log ln ' +
    'exp lcm gcd divisor multiple average median mode area perimeter circumference volume surface radius diameter ' +
    'inclusive exclusive without not third quarter union intersection parallel perpendicular derivative integral ' +
    'limit permutation combination consecutive distinct or inradius circumradius interior exterior arithmetic geometric ' +
    'harmonic simple compound altitude bisector'
  ).split(' '),
)

/**
 * A problem with one of these in the place of another of them is another problem: first and last, row and column. Each
 * word has its number, of 64.
 */
export const EXCHANGED: ReadonlyMap<string, number> = new Map(
  (
    'first last before after above below row column north south east west left right numerator denominator domain ' +
    'range circle sphere triangle rectangle cone cylinder pentagon hexagon octagon some all length width height ' +
    'inscribed circumscribed incircle circumcircle incenter circumcenter centroid orthocenter inner outer ' +
    'horizontal vertical clockwise counterclockwise acute obtuse heads tails win lose profit loss loses ' +
    'wins gain gains spend earn bounded unbounded'
  )
    .split(' ')
    .map((word, bit) => [word, bit]),
)
