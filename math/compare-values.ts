// How a value is written and how it is meant: percent signs, degree signs, units and number bases are resolved here, then
// compare-expressions.ts decides.

import { numberNode, productOf, quotient } from './build.ts'
import { compareExpressions } from './compare-expressions.ts'
import type { Comparison } from './contract.ts'
import { contains, rewrite, type Node, type QuantityNode } from './node.ts'
import { compareQuantities, unitsApart } from './quantities.ts'
import { rational } from './rational.ts'
import { conversion, kinship, temperatureScale } from './units.ts'
import { different, equal, unknown } from './verdicts.ts'

const hundredth = numberNode(rational(1n, 100n))
const radian = quotient({ kind: 'constant', name: 'pi' }, numberNode(180n))
const turning = new Set(['sin', 'cos', 'tan', 'cot', 'sec', 'csc'])

/** Degrees inside a trigonometric function in radians; a degree sign elsewhere below the top is dropped. */
export function resolveDegrees(node: Node): Node {
  return rewrite(node, (part) => {
    if (part.kind !== 'call' || !turning.has(part.name)) return part
    return {
      ...part,
      arguments: part.arguments.map((value) =>
        rewrite(value, (inner) => (inner.kind === 'degree' ? productOf([inner.operand, radian]) : inner)),
      ),
    }
  })
}

function withoutDegrees(node: Node): Node {
  return rewrite(node, (part) => (part.kind === 'degree' ? part.operand : part))
}

function inRadians(node: Node): Node {
  return rewrite(node, (part) => (part.kind === 'degree' ? productOf([part.operand, radian]) : part))
}

function has(node: Node, kind: Node['kind']): boolean {
  return contains(node, (part) => part.kind === kind)
}

function withoutPercent(node: Node): Node {
  return rewrite(node, (part) => (part.kind === 'percent' ? part.operand : part))
}

function asFraction(node: Node): Node {
  return rewrite(node, (part) => (part.kind === 'percent' ? productOf([part.operand, hundredth]) : part))
}

/** 2500 m in a formula, beside a quantity: the letter is a unit. Null for every other node. */
function letteredUnit(node: Node): QuantityNode | null {
  if (node.kind !== 'product') return null
  const [unit] = node.factors.slice(-1)
  const value = productOf(node.factors.slice(0, -1))
  if (unit?.kind !== 'symbol' || !/^[mgsh]$/.test(unit.name) || contains(value, (part) => part.kind === 'symbol'))
    return null
  return { kind: 'quantity', value, unit: unit.name }
}

/** Digits as they stand, or the number that they mean in their base (null: not digits of that base). */
function valueOfBased(node: Extract<Node, { kind: 'based' }>, meant: boolean): Node | null {
  if (!meant) return numberNode(BigInt(node.digits))
  let value = 0n
  for (const digit of node.digits) {
    if (Number(digit) >= node.base) return null
    value = value * BigInt(node.base) + BigInt(digit)
  }
  return numberNode(value)
}

/** Do two values agree, read as kindly as their writing allows: 28% is 28 and 0.28, 90° is 90 and π/2, units count where both have them? */
export function compareValues(left: Node, right: Node): Comparison {
  if (left.kind === 'based' || right.kind === 'based') return compareBased(left, right)
  if (left.kind === 'quantity' && right.kind === 'quantity') return compareQuantities(left, right, compareValues)
  const lettered = [left, right].map(letteredUnit)
  if (left.kind === 'quantity' && lettered[1]) return compareValues(left, lettered[1])
  if (right.kind === 'quantity' && lettered[0]) return compareValues(lettered[0], right)
  if (unitsApart(left, right)) {
    const plain = compareValues(withoutUnits(left), withoutUnits(right))
    return plain.verdict === 'equal' ? unknown('unit') : plain
  }
  if (left.kind === 'quantity') return compareQuantityWith(left, right, compareValues)
  if (right.kind === 'quantity') return compareQuantityWith(right, left, (value, other) => compareValues(other, value))
  const percents = [has(left, 'percent'), has(right, 'percent')]
  if (percents[0] !== percents[1]) {
    const plain = compareValues(withoutPercent(left), withoutPercent(right))
    if (plain.verdict === 'equal') return equal('percent')
    return compareValues(asFraction(left), asFraction(right))
  }
  if (percents[0] === true) return compareValues(withoutPercent(left), withoutPercent(right))
  const degrees = [has(left, 'degree'), has(right, 'degree')]
  if (degrees[0] !== degrees[1]) {
    const plain = compareExpressions(withoutDegrees(left), withoutDegrees(right))
    if (plain.verdict === 'equal') return equal('degrees')
    const turned = compareExpressions(inRadians(left), inRadians(right))
    return turned.verdict === 'equal' ? equal('degrees') : plain
  }
  return compareExpressions(withoutDegrees(left), withoutDegrees(right))
}

/** A quantity beside a value without a unit, which may have a degree sign. */
function compareQuantityWith(
  quantity: QuantityNode,
  other: Node,
  compare: (left: Node, right: Node) => Comparison,
): Comparison {
  if (!has(other, 'degree')) return compare(quantity.value, other)
  if (/^rad(?:s|ians?)?$/.test(quantity.unit)) return compare(quantity.value, inRadians(other))
  const turns = temperatureScale(quantity.unit) !== null || kinship(quantity.unit, 'degree') === 'same'
  if (turns || conversion(quantity.unit, 'degree') !== null) return compare(quantity.value, other)
  return kinship(quantity.unit, 'degree') === 'apart' ? different('unit') : unknown('unit')
}

function withoutUnits(node: Node): Node {
  return rewrite(node, (part) => (part.kind === 'quantity' ? part.value : part))
}

function compareBased(left: Node, right: Node): Comparison {
  const both = left.kind === 'based' && right.kind === 'based'
  const sides = (meant: boolean): readonly (Node | null)[] =>
    [left, right].map((side) => (side.kind === 'based' ? valueOfBased(side, meant) : side))
  const [first, second] = sides(true)
  if (first && second && compareExpressions(first, second).verdict === 'equal') return equal('base')
  if (both) return left.base === right.base && left.digits === right.digits ? equal('base') : different('base')
  const [digits, other] = sides(false)
  if (!digits || !other) return unknown('base')
  // The base is often left out because the question names it.
  return compareExpressions(digits, other)
}
