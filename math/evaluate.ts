// The numeric way: an expression at given values of its variables, in complex doubles. Functions that are not known (f, g,
// a bar over z) get values that depend on nothing but their name and arguments, so that two expressions agree only where
// they agree whatever those functions are.

import type { Node } from './node.ts'
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
  plus,
  raise,
  sine,
  times,
  type Complex,
} from './numeric.ts'
import { toNumber } from './rational.ts'

export interface Evaluation {
  /** The value of a variable. */
  readonly at: (name: string) => Complex
  /** The largest intermediate value met: what was lost to cancellation is about 1e-15 of it. */
  largest: number
  /** Calls and terms left; below zero the evaluation gives up (not a number). */
  budget: number
}

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

function unknownFunction(name: string, values: readonly Complex[]): Complex {
  const spelled = values.map((value) => `${value.re.toPrecision(9)},${(value.im + 0).toPrecision(6)}`).join(';')
  return complex(seededValue(`${name}(${spelled})`))
}

/** The value of the expression. A part that has no value (0/0, an unevaluable kind) is NaN. */
export function evaluate(node: Node, evaluation: Evaluation): Complex {
  evaluation.budget -= 1
  if (evaluation.budget < 0) return notANumber
  const value = valueOf(node, evaluation)
  const size = magnitude(value)
  if (size > evaluation.largest) evaluation.largest = size
  return value
}

function valueOf(node: Node, evaluation: Evaluation): Complex {
  switch (node.kind) {
    case 'number':
      return complex(toNumber(node.value))
    case 'symbol':
      return evaluation.at(node.name)
    case 'constant':
      if (node.name === 'pi') return complex(Math.PI)
      if (node.name === 'e') return complex(Math.E)
      return node.name === 'i' ? complex(0, 1) : complex(Infinity)
    case 'sum':
      return node.terms.reduce((total, term) => plus(total, evaluate(term, evaluation)), complex(0))
    case 'product': {
      // Divisions are done as such: x · y^-1 loses what x / y keeps.
      let result = complex(1)
      for (const factor of node.factors) {
        if (factor.kind === 'power' && factor.exponent.kind === 'number' && toNumber(factor.exponent.value) === -1) {
          result = over(result, evaluate(factor.base, evaluation))
        } else result = times(result, evaluate(factor, evaluation))
      }
      return result
    }
    case 'power':
      return powerValue(node.base, node.exponent, evaluation)
    case 'call':
      return callValue(
        node.name,
        node.arguments.map((value) => evaluate(value, evaluation)),
      )
    case 'percent':
      return over(evaluate(node.operand, evaluation), complex(100))
    case 'degree':
      return evaluate(node.operand, evaluation)
    case 'quantity':
      return evaluate(node.value, evaluation)
    case 'series':
      return seriesValue(node, evaluation)
    case 'ratio': {
      const [first, ...rest] = node.parts.map((part) => evaluate(part, evaluation))
      return first === undefined ? notANumber : rest.reduce(over, first)
    }
    case 'based':
    case 'builder':
    case 'list':
    case 'matrix':
    case 'named-set':
    case 'plus-minus':
    case 'relation':
    case 'set-operation':
    case 'set':
    case 'text':
    case 'tuple':
      return notANumber
  }
}

/** Roots of odd degree of negative numbers are the real ones. */
function powerValue(baseNode: Node, exponentNode: Node, evaluation: Evaluation): Complex {
  const base = evaluate(baseNode, evaluation)
  const exponent = evaluate(exponentNode, evaluation)
  if (base.im === 0 && base.re < 0 && exponent.im === 0 && !Number.isInteger(exponent.re)) {
    for (const degree of [3, 5, 7, 9]) {
      const above = exponent.re * degree
      if (Math.abs(above - Math.round(above)) < 1e-12) {
        const size = (-base.re) ** exponent.re
        return complex(Math.round(above) % 2 === 0 ? size : -size)
      }
    }
  }
  return raise(base, exponent)
}

function seriesValue(node: Extract<Node, { kind: 'series' }>, evaluation: Evaluation): Complex {
  const from = evaluate(node.from, evaluation)
  const to = evaluate(node.to, evaluation)
  const whole = Number.isInteger(from.re) && Number.isInteger(to.re) && from.im === 0 && to.im === 0
  const at = (index: Complex): Complex =>
    evaluate(node.body, {
      at: (name) => (name === node.variable ? index : evaluation.at(name)),
      largest: 0,
      get budget() {
        return evaluation.budget
      },
      set budget(left: number) {
        evaluation.budget = left
      },
    })
  if (to.re === Infinity && Number.isInteger(from.re)) return infiniteSum(node.name, from.re, at)
  if (!whole || to.re - from.re > 2000)
    return unknownFunction(node.name, [from, to, at(complex(1.37)), at(complex(2.41))])
  let result = complex(node.name === 'sum' ? 0 : 1)
  for (let index = from.re; index <= to.re; index += 1) {
    result = node.name === 'sum' ? plus(result, at(complex(index))) : times(result, at(complex(index)))
  }
  return result
}

/** A series that has converged after some hundred terms; NaN for slower ones and for products. */
function infiniteSum(name: 'sum' | 'prod', from: number, at: (index: Complex) => Complex): Complex {
  if (name === 'prod') return notANumber
  let total = complex(0)
  let settled = 0
  for (let index = from; index < from + 1500; index += 1) {
    const term = at(complex(index))
    total = plus(total, term)
    settled = magnitude(term) <= 1e-18 * magnitude(total) ? settled + 1 : 0
    if (settled >= 5) return total
  }
  return notANumber
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

function callValue(name: string, values: readonly Complex[]): Complex {
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
        : unknownFunction(name, values)
    case 'lcm':
      return reals?.every(Number.isInteger) === true
        ? complex(reals.reduce((left, right) => Math.abs(left * right) / greatestCommonDivisor(left, right)))
        : unknownFunction(name, values)
    default: {
      const real = realFunctions.get(name)
      if (real === undefined) return unknownFunction(name, values)
      return reals === null ? unknownFunction(name, values) : complex(real(first.re))
    }
  }
}
