// The values of named functions in complex doubles: the elementary ones, factorials and binomials, gcd, and a seeded
// stand-in for every function that is only a name.

import {
  complex,
  cosine,
  exponential,
  isReal,
  logarithm,
  magnitude,
  minus,
  notANumber,
  over,
  sine,
  type Complex,
} from './numeric.ts'

/** A number in (0.5, 2) that depends on the text alone: the same on every machine and in every run. */
export function seededValue(text: string): number {
  let hash = 2_166_136_261
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 16_777_619)
  }
  hash = Math.imul(hash ^ (hash >>> 15), 2_246_822_507)
  hash = Math.imul(hash ^ (hash >>> 13), 3_266_489_909)
  return 0.5 + (((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32) * 1.5
}

/** What a function of which only the name is known gives: the same for the same arguments. seed: which such function is meant. */
export function unknownFunction(name: string, values: readonly Complex[], seed = ''): Complex {
  const spelled = values.map((value) => `${value.re.toPrecision(9)},${(value.im + 0).toPrecision(6)}`).join(';')
  return complex(seededValue(`${seed}${name}(${spelled})`))
}

/** Γ(x + 1) for real x (Lanczos, g = 7: 15 digits); exact factorials come out whole. */
function factorial(value: number): number {
  if (Number.isInteger(value)) {
    if (value < 0) return NaN
    let product = 1
    for (let factor = 2; factor <= value && product < Infinity; factor += 1) product *= factor
    return product
  }
  if (value < -0.5) return Math.PI / (Math.sin(Math.PI * (value + 1)) * factorial(-value - 1))
  const coefficients = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ]
  const series = coefficients.reduce(
    (total, coefficient, index) => (index === 0 ? coefficient : total + coefficient / (value + index)),
    0,
  )
  const shifted = value + 7.5
  return Math.sqrt(2 * Math.PI) * shifted ** (value + 0.5) * Math.exp(-shifted) * series
}

const realFunctions = new Map<string, (value: number) => number>([
  ['asin', Math.asin],
  ['acos', Math.acos],
  ['atan', Math.atan],
  ['acot', (value) => Math.PI / 2 - Math.atan(value)],
  ['asec', (value) => Math.acos(1 / value)],
  ['acsc', (value) => Math.asin(1 / value)],
  ['sinh', Math.sinh],
  ['cosh', Math.cosh],
  ['tanh', Math.tanh],
  ['asinh', Math.asinh],
  ['acosh', Math.acosh],
  ['atanh', Math.atanh],
  ['floor', (value) => Math.floor(value + 1e-12)],
  ['ceil', (value) => Math.ceil(value - 1e-12)],
  ['sign', Math.sign],
  ['factorial', factorial],
])

function greatestCommonDivisor(left: number, right: number): number {
  let [a, b] = [Math.abs(left), Math.abs(right)]
  while (b > 0) [a, b] = [b, a % b]
  return a
}

/** The value of a named function; unknown ones get a value that depends on seed, name and arguments alone. NaN where there is none. */
export function callValue(name: string, values: readonly Complex[], seed = ''): Complex {
  const [first, second] = values
  if (first === undefined) return notANumber
  const reals = values.every(isReal) ? values.map((value) => value.re) : null
  switch (name) {
    case 'abs':
    case 'norm':
      return complex(magnitude(first))
    case 'ln':
      return first.re === 0 && first.im === 0 ? notANumber : logarithm(first)
    case 'log':
      return over(logarithm(first), logarithm(second ?? complex(Math.E)))
    case 'sin':
      return sine(first)
    case 'cos':
      return cosine(first)
    case 'tan':
      return over(sine(first), cosine(first))
    case 'cot':
      return over(cosine(first), sine(first))
    case 'sec':
      return over(complex(1), cosine(first))
    case 'csc':
      return over(complex(1), sine(first))
    case 'exp':
      return exponential(first)
    case 'overline':
      return minus(complex(first.re), complex(0, first.im))
    case 'Re':
      return complex(first.re)
    case 'Im':
      return complex(first.im)
    case 'arg':
      return complex(Math.atan2(first.im, first.re))
    case 'binomial': {
      if (reals === null || second === undefined) return notANumber
      return complex(factorial(first.re) / (factorial(second.re) * factorial(first.re - second.re)))
    }
    case 'min':
      return reals === null ? notANumber : complex(Math.min(...reals))
    case 'max':
      return reals === null ? notANumber : complex(Math.max(...reals))
    case 'gcd':
      return reals?.every(Number.isInteger) === true
        ? complex(reals.reduce(greatestCommonDivisor))
        : unknownFunction(name, values, seed)
    case 'lcm':
      return reals?.every(Number.isInteger) === true
        ? complex(reals.reduce((left, right) => Math.abs(left * right) / greatestCommonDivisor(left, right)))
        : unknownFunction(name, values, seed)
    default: {
      const real = realFunctions.get(name)
      if (real === undefined) return unknownFunction(name, values, seed)
      return reals === null ? unknownFunction(name, values, seed) : complex(real(first.re))
    }
  }
}
