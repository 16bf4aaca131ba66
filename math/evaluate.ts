// The numeric way: an expression at given values of its variables, in complex doubles. Functions that are not known (f, g,
// a bar over z) get values that depend on nothing but their name and arguments, so that two expressions agree only where
// they agree whatever those functions are.

import { callValue, unknownFunction } from './functions.ts'
import type { Node } from './node.ts'
import { complex, magnitude, notANumber, over, plus, raise, times, type Complex } from './numeric.ts'
import { toNumber } from './rational.ts'

export interface Evaluation {
  /** The value of a variable. */
  readonly at: (name: string) => Complex
  /** Tells one choice of the functions that are only names from another; without it all evaluations use one choice. */
  readonly seed?: string
  /** The largest intermediate value met: what was lost to cancellation is about 1e-15 of it. */
  largest: number
  /** Calls and terms left; below zero the evaluation gives up (not a number). */
  budget: number
}

/** The value of the expression. A part that has no value (0/0, an unevaluable kind) is NaN. */
export function evaluate(node: Node, evaluation: Evaluation): Complex {
  evaluation.budget -= 1
  if (evaluation.budget < 0) return notANumber
  const value = valueOf(node, evaluation)
  const size = magnitude(value)
  // A finite part that overflows is not infinite: nothing can be said of what it is a part of.
  if (size > evaluation.largest && !(size === Infinity && node.kind === 'constant')) evaluation.largest = size
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
        evaluation.seed,
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
    case 'congruence':
    case 'list':
    case 'matrix':
    case 'named-set':
    case 'plus-minus':
    case 'relation':
    case 'set-operation':
    case 'set':
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
      ...(evaluation.seed === undefined ? {} : { seed: evaluation.seed }),
      largest: 0,
      get budget() {
        return evaluation.budget
      },
      set budget(left: number) {
        evaluation.budget = left
      },
    })
  if (to.re === Infinity && Number.isInteger(from.re)) return infiniteSum(node.name, from.re, at)
  if (whole && to.re - from.re > 2000) return notANumber
  if (!whole) return unknownFunction(node.name, [from, to, at(complex(1.37)), at(complex(2.41))], evaluation.seed)
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
