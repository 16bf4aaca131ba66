// Makes nodes: numbers, negations, quotients, roots. No simplification beyond flattening.

import { minusOne, rational, type Rational } from './rational.ts'
import type { Node } from './node.ts'

export function numberNode(value: Rational | bigint, decimal = false): Node {
  return { kind: 'number', value: typeof value === 'bigint' ? rational(value) : value, decimal }
}

export const negativeOne: Node = { kind: 'number', value: minusOne, decimal: false }

export function negated(node: Node): Node {
  if (node.kind === 'number') {
    return { ...node, value: { numerator: -node.value.numerator, denominator: node.value.denominator } }
  }
  if (node.kind === 'quantity') return { ...node, value: negated(node.value) }
  return { kind: 'product', factors: [negativeOne, node] }
}

export function productOf(factors: readonly Node[]): Node {
  const [first, ...rest] = factors
  return first !== undefined && rest.length === 0 ? first : { kind: 'product', factors: [...factors] }
}

export function sumOf(terms: readonly Node[]): Node {
  const [first, ...rest] = terms
  return first !== undefined && rest.length === 0 ? first : { kind: 'sum', terms: [...terms] }
}

export function powerOf(base: Node, exponent: Node): Node {
  return { kind: 'power', base, exponent }
}

export function inverse(node: Node): Node {
  return powerOf(node, negativeOne)
}

export function quotient(above: Node, below: Node): Node {
  return { kind: 'product', factors: [above, inverse(below)] }
}

/** The root of the given degree (2: square root). */
export function root(node: Node, degree: Node): Node {
  return powerOf(node, inverse(degree))
}

export function callOf(name: string, ...values: readonly Node[]): Node {
  return { kind: 'call', name, arguments: values }
}
