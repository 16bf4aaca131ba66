// Equations and inequalities: what is an assignment (x = 5 is 5), when two equations have the same solutions by being
// multiples of each other, when two chains of inequalities say the same. Long because all that is known of relations is here.

import { negated, sumOf } from './build.ts'
import { compareExpressions } from './compare-expressions.ts'
import type { Comparison } from './contract.ts'
import { evaluate, type Evaluation } from './evaluate.ts'
import { seededValue } from './functions.ts'
import { childrenOf, contains, rewrite, type Node, type RelationNode } from './node.ts'
import { rationalRatio } from './fraction.ts'
import { normalForm } from './normal-form.ts'
import { complex, isFinite, over } from './numeric.ts'
import { multiplyPolynomials, monomial, type Polynomial } from './polynomial.ts'
import { ExactLimit, negate, one, zero, type Rational } from './rational.ts'
import { sameSet } from './pieces.ts'
import { unitsApart } from './quantities.ts'
import { solve } from './real-set.ts'
import { different, equal, together, unknown } from './verdicts.ts'

type Compare = (left: Node, right: Node) => Comparison

/** Only letters, with or without arguments, sums and ratios of them: what may stand on the left of "= 5". */
export function isName(node: Node): boolean {
  switch (node.kind) {
    case 'symbol':
      return true
    case 'constant':
      return node.name === 'i' || node.name === 'e'
    case 'number':
      return node.value.numerator === -1n && node.value.denominator === 1n
    case 'call':
      return (
        node.name !== 'factorial' &&
        node.name !== 'binomial' &&
        (/^(?:[fghFGH]|[A-Za-z]$)/.test(node.name) || node.arguments.every(isName))
      )
    case 'sum':
    case 'product':
    case 'tuple':
    case 'ratio':
      return childrenOf(node).every(isName)
    case 'power':
      return isName(node.base) && isName(node.exponent)
    case 'based':
    case 'builder':
    case 'congruence':
    case 'degree':
    case 'list':
    case 'matrix':
    case 'named-set':
    case 'percent':
    case 'plus-minus':
    case 'quantity':
    case 'relation':
    case 'series':
    case 'set-operation':
    case 'set':
      return false
  }
}

export interface Assignment {
  readonly name: Node
  readonly value: Node
}

/** x = a, x = a = b (b is meant), x = a ≈ 1.3 (a is meant), x ∈ S. Null for every other relation. */
export function assignmentOf(node: Node): Assignment | null {
  if (node.kind !== 'relation') return null
  const [name, ...values] = node.operands
  // 12 = x.
  const [mirrored] = values
  if (name !== undefined && mirrored?.kind === 'symbol' && values.length === 1 && node.operators[0] === '=') {
    if (!contains(name, (part) => part.kind === 'symbol' || part.kind === 'call'))
      return { name: mirrored, value: name }
  }
  if (name === undefined || !isName(name) || name.kind === 'number') return null
  const about = node.operators.indexOf('~')
  const exact = about > 0 ? values.slice(0, about) : values
  const operators = about > 0 ? node.operators.slice(0, about) : node.operators
  const value = exact.at(-1)
  if (value === undefined) return null
  if (operators.every((operator) => operator === '=' || operator === '~')) return { name, value }
  return operators.length === 1 && operators[0] === 'in' ? { name, value } : null
}

/** 9 + 9 = 18: a chain of equations without a name on the left, all of it numbers; its last side is meant. */
export function lastOfChain(node: RelationNode): Node | null {
  if (node.operators.some((operator) => operator !== '=' && operator !== '~')) return null
  if (node.operands.some((operand) => contains(operand, (part) => part.kind === 'symbol'))) return null
  // Before the first "about"; without one (-1) the last.
  const about = node.operators.indexOf('~')
  return node.operands.at(about) ?? null
}

function sidesApart(left: Node, right: Node): Node {
  return sumOf([left, negated(right)])
}

/** The numerator with negative exponents cleared: x/y - 1 becomes x - y. */
function cleared(node: Node): Polynomial {
  const { above } = normalForm(node)
  const lowest = new Map<string, Rational>()
  for (const term of above.values()) {
    for (const [atom, exponent] of term.powers) {
      const known = lowest.get(atom) ?? zero
      if (exponent.numerator * known.denominator < known.numerator * exponent.denominator) lowest.set(atom, exponent)
    }
  }
  if (lowest.size === 0) return above
  return multiplyPolynomials(
    above,
    monomial(
      one,
      [...lowest].map(([atom, exponent]) => [atom, negate(exponent)] as const),
    ),
  )
}

/** Is the first a constant multiple of the second? sign: of the factor; 0: it is not; null: cannot be told. */
function factorBetween(left: Node, right: Node, equation: boolean): 1 | -1 | 0 | null {
  try {
    const form = (node: Node): Polynomial => (equation ? cleared(node) : normalForm(node).above)
    const ratio = rationalRatio(form(left), form(right))
    if (ratio !== null) return ratio.numerator > 0n ? 1 : -1
  } catch (error) {
    if (!(error instanceof ExactLimit)) throw error
  }
  let ratio: number | null = null
  for (let point = 0; point < 6; point += 1) {
    const evaluation = (): Evaluation => ({
      at: (name) => complex(seededValue(`${name}:${point}`) * (point % 2 === 0 ? 1 : -1.3)),
      // f(2) - 3 is no multiple of f(3) - 2, whatever f is.
      seed: `${point}:`,
      largest: 0,
      budget: 20_000,
    })
    const [first, second] = [evaluate(left, evaluation()), evaluate(right, evaluation())]
    if (!isFinite(first) || !isFinite(second)) continue
    const [nothing, other] = [first, second].map(({ re, im }) => re === 0 && im === 0)
    if (nothing !== other) return 0
    const quotient = over(first, second)
    if (!isFinite(quotient)) continue
    if (Math.abs(quotient.im) > 1e-9) return 0
    if (ratio !== null && Math.abs(ratio - quotient.re) > 1e-9 * Math.max(1, Math.abs(ratio))) return 0
    ratio = quotient.re
  }
  return ratio === null ? null : ratio > 0 ? 1 : ratio < 0 ? -1 : 0
}

/** log x = 3 and x = 1000: solved or not is not seen from multiples. */
function isTranscendental(node: RelationNode): boolean {
  return contains(
    node,
    (part) =>
      (part.kind === 'call' && contains(part, ({ kind }) => kind === 'symbol')) ||
      (part.kind === 'power' && contains(part.exponent, ({ kind }) => kind === 'symbol')),
  )
}

function compareEquations(left: RelationNode, right: RelationNode): Comparison {
  const [a, b] = left.operands
  const [c, d] = right.operands
  if (a === undefined || b === undefined || c === undefined || d === undefined) return unknown('relation')
  const factor = factorBetween(sidesApart(a, b), sidesApart(c, d), true)
  if (factor === 0 && [left, right].some(isTranscendental)) return unknown('relation')
  return factor === null ? unknown('relation') : factor === 0 ? different('equation') : equal('equation')
}

/** Each link of a chain as "something below zero" (or not zero), larger signs turned round. */
function linksOf(node: RelationNode): { operator: '<' | '<=' | '!=' | '='; side: Node }[] {
  return node.operators.map((operator, index) => {
    const left = node.operands[index] as Node
    const right = node.operands[index + 1] as Node
    if (operator === '>' || operator === '>=')
      return { operator: operator === '>' ? '<' : '<=', side: sidesApart(right, left) }
    return {
      operator: operator === '<' || operator === '<=' || operator === '!=' ? operator : '=',
      side: sidesApart(left, right),
    }
  })
}

function compareChains(left: RelationNode, right: RelationNode): Comparison {
  const theirs = linksOf(right)
  const ours = linksOf(left)
  let matched = ours.length === theirs.length
  for (const link of matched ? ours : []) {
    const index = theirs.findIndex((other) => {
      if (other.operator !== link.operator) return false
      const equation = link.operator === '=' || link.operator === '!='
      const factor = factorBetween(link.side, other.side, equation)
      return factor === 1 || (equation && factor === -1)
    })
    if (index < 0) {
      matched = false
      break
    }
    theirs.splice(index, 1)
  }
  if (matched) return equal('inequality')
  const [first, second] = [solve(left), solve(right)]
  if (first !== null && second !== null && first.unknown === second.unknown) {
    return sameSet(first.set, second.set) ? equal('inequality') : different('inequality')
  }
  return different('inequality')
}

/** f(x) = … and f(y) = …: the second with the first's argument. */
function renamed(left: Assignment, right: Assignment): Assignment {
  const from = right.name.kind === 'call' ? right.name.arguments[0] : undefined
  const to = left.name.kind === 'call' ? left.name.arguments[0] : undefined
  if (from?.kind !== 'symbol' || to?.kind !== 'symbol' || from.name === to.name) return right
  const change = (node: Node): Node =>
    rewrite(node, (part) => (part.kind === 'symbol' && part.name === from.name ? to : part))
  return { name: change(right.name), value: change(right.value) }
}

/** y = … and f(x) = …: both name a dependent quantity. */
function bothDependent(left: Node, right: Node): boolean {
  const call = left.kind === 'call' ? left : right.kind === 'call' ? right : null
  const other = left.kind === 'call' ? right : left
  return call !== null && /^[fghFGH]/.test(call.name) && other.kind === 'symbol' && other.name === 'y'
}

/** Do two relations say the same? compare: for what stands on their right sides. */
export function compareRelations(left: RelationNode, right: RelationNode, compare: Compare): Comparison {
  const verdict = compareStatements(left, right, compare)
  const isConverted = assignmentOf(left) !== null && assignmentOf(right) !== null
  return verdict.verdict === 'equal' && !isConverted && unitsApart(left, right) ? unknown('unit') : verdict
}

function compareStatements(left: RelationNode, right: RelationNode, compare: Compare): Comparison {
  const first = assignmentOf(left)
  const given = assignmentOf(right)
  if (first !== null && given !== null) {
    const second = renamed(first, given)
    const names =
      first.name.kind === 'tuple' || second.name.kind === 'tuple'
        ? compare(first.name, second.name)
        : compareExpressions(first.name, second.name)
    if (names.verdict === 'equal' || bothDependent(first.name, second.name)) return compare(first.value, second.value)
  }
  const equations = [left, right].every((node) =>
    node.operators.every((operator) => operator === '=' || operator === '~'),
  )
  if (equations) {
    if (left.operands.length === 2 && right.operands.length === 2) return compareEquations(left, right)
    const [ours, theirs] = [lastOfChain(left), lastOfChain(right)]
    if (ours !== null && theirs !== null) return compare(ours, theirs)
    if (left.operands.length !== right.operands.length) return different('equation')
    return together(
      left.operands.map((operand, index) => compare(operand, right.operands[index] as Node)),
      'equation',
    )
  }
  if (left.operators.includes('in') || right.operators.includes('in')) {
    const [ours, theirs] = [solve(left), solve(right)]
    if (ours === null || theirs === null) return unknown('relation')
    return sameSet(ours.set, theirs.set) && ours.unknown === theirs.unknown
      ? equal('inequality')
      : different('inequality')
  }
  return compareChains(left, right)
}
