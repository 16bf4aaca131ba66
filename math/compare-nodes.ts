// Do two answers that have been read mean the same? The switch over their kinds; every kind's own rules are in its file.
// Long because the kinds meet here: what equals across kinds (an interval and an inequality, a vector and a tuple).

import { compareUnordered, inAlphabet, inOrderOf, plain } from './collections.ts'
import { compareCongruences, hasModulus, withRemainders } from './congruences.ts'
import { compareValues, resolveDegrees } from './compare-values.ts'
import type { Comparison } from './contract.ts'
import { withLetteredNames } from './lettered-names.ts'
import { compareLogarithms } from './logarithms.ts'
import { determinant, matrixOf, unitVectors, vectorOf } from './matrices.ts'
import { contains, rewrite, type Node, type TupleNode } from './node.ts'
import { rationalValue } from './normal-form.ts'
import { withParameterOf } from './parameters.ts'
import { assignmentOf, compareRelations, lastOfChain } from './relations.ts'
import { sameSet } from './pieces.ts'
import { compareRatios } from './ratios.ts'
import { realSetOf, solve } from './real-set.ts'
import { different, equal, together, unknown } from './verdicts.ts'

/** Top kinds that mean a set of real numbers whatever stands beside them. */
function namesSet(node: Node): boolean {
  switch (node.kind) {
    case 'set-operation':
    case 'named-set':
    case 'builder':
      return true
    case 'tuple':
      return node.items.length === 2 && (node.open === '[' || node.close === ']')
    case 'relation':
      return node.operators.some((operator) => !['=', '~', 'in'].includes(operator))
    case 'list':
      return (
        node.items.some(namesSet) &&
        node.items.every((item) => item.kind === 'relation' || (item.kind === 'tuple' && namesSet(item)))
      )
    case 'sum':
      return node.terms.some((term) => term.kind === 'named-set')
    case 'based':
    case 'call':
    case 'congruence':
    case 'constant':
    case 'degree':
    case 'matrix':
    case 'number':
    case 'percent':
    case 'plus-minus':
    case 'power':
    case 'product':
    case 'quantity':
    case 'ratio':
    case 'series':
    case 'set':
    case 'symbol':
      return false
  }
}

/** R beside \mathbb{R}. */
function letteredSet(left: Node, right: Node): Comparison | null {
  if (left.kind !== 'symbol' || right.kind !== 'named-set') return null
  return left.name === right.name ? equal('set') : null
}

function mayBeSet(node: Node): boolean {
  return namesSet(node) || node.kind === 'tuple' || node.kind === 'set'
}

/** Compares two answers. Symmetric; bounded by the size of both; never throws for trees that the parser makes. */
export function compareNodes(left: Node, right: Node): Comparison {
  const [first, second] = [left, right].map((node) => withDeterminants(resolveDegrees(withRemainders(node)))) as [
    Node,
    Node,
  ]
  const verdict = withLetteredNames(first, second, (ours, theirs) => compareLogarithms(ours, theirs, compareResolved))
  // Of products of vectors only the same one is told from another.
  return verdict.verdict === 'different' && [first, second].some(hasCrossProduct) ? unknown('vectors') : verdict
}

function hasCrossProduct(node: Node): boolean {
  return contains(node, (part) => part.kind === 'call' && part.name === 'cross')
}

function withDeterminants(node: Node): Node {
  return rewrite(node, (part) => {
    if (part.kind !== 'call' || part.name !== 'det') return part
    const [inside] = part.arguments
    return inside?.kind === 'matrix' ? (determinant(inside.rows) ?? part) : part
  })
}

/** Verdicts on collections inside collections, which are asked for again and again: without them deep nesting takes for ever. */
const known = new WeakMap<Node, WeakMap<Node, Comparison>>()

function compareResolved(left: Node, right: Node): Comparison {
  if (!hasItems(left) && !hasItems(right)) return compareKinds(left, right)
  const ofLeft = known.get(left) ?? new WeakMap<Node, Comparison>()
  known.set(left, ofLeft)
  const verdict = ofLeft.get(right) ?? compareKinds(left, right)
  ofLeft.set(right, verdict)
  return verdict
}

function hasItems(node: Node): boolean {
  return isCollection(node) || node.kind === 'tuple'
}

function compareKinds(leftNode: Node, rightNode: Node): Comparison {
  if (hasModulus(leftNode) || hasModulus(rightNode)) return compareCongruences(leftNode, rightNode, compareResolved)
  const [alphabetical, tuple] = [inAlphabet(leftNode) ?? inAlphabet(rightNode), [leftNode, rightNode].some(isPoint)]
  if (alphabetical !== null && tuple) return compareShuffled(leftNode, rightNode, alphabetical)
  const left = plain(leftNode)
  const right = withParameterOf(left, plain(inOrderOf(leftNode, rightNode)))
  if (left.kind === 'relation' || right.kind === 'relation') {
    const settled = settleRelation(left, right)
    if (settled !== null) return settled
  }
  const lettered = letteredSet(left, right) ?? letteredSet(right, left)
  if (lettered !== null) return lettered
  if ((namesSet(left) || namesSet(right)) && mayBeSet(left) && mayBeSet(right)) return compareSets(left, right)
  const matrices = [matrixOf(left), matrixOf(right)]
  if (matrices[0] || matrices[1]) return compareMatrices(left, right)
  if (left.kind === 'ratio' || right.kind === 'ratio') return compareRatios(left, right, compareResolved)
  if (left.kind === 'tuple' || right.kind === 'tuple') return compareTuples(left, right)
  if (isCollection(left) || isCollection(right)) return compareUnordered(itemsOf(left), itemsOf(right), compareResolved)
  if (isPlainValue(left) && isPlainValue(right)) return compareValues(left, right)
  return isPlainValue(left) || isPlainValue(right) ? different('kind') : unknown('set')
}

function isPoint(node: Node): boolean {
  return node.kind === 'tuple'
}

/** b = 2, a = 1 beside a point: (1, 2) by the order of the letters; by the order of writing it cannot be told. */
function compareShuffled(left: Node, right: Node, alphabetical: Node): Comparison {
  const point = isPoint(left) ? left : right
  if (compareKinds(point, alphabetical).verdict === 'equal') return equal('tuple')
  const list = isPoint(left) ? right : left
  const written = compareKinds(point, plain(list))
  return written.verdict === 'equal' ? unknown('tuple') : written
}

/** A relation on one side or both; null where the other kinds' rules shall decide (a set given by inequalities). */
function settleRelation(left: Node, right: Node): Comparison | null {
  if (left.kind === 'relation' && right.kind === 'relation') return compareRelations(left, right, compareResolved)
  const relation = left.kind === 'relation' ? left : right
  const other = left.kind === 'relation' ? right : left
  if (relation.kind !== 'relation') return null
  const assignment = assignmentOf(relation)
  const meant = assignment?.value ?? lastOfChain(relation)
  // x + y = 0 is an equation, x + y = 5 may be the value of a sum.
  if (meant !== null && assignment?.name.kind === 'sum' && rationalValue(meant)?.numerator === 0n) {
    const verdict = compareResolved(meant, other)
    return verdict.verdict === 'equal' ? unknown('equation') : verdict
  }
  const distance = assignment?.name.kind === 'call' && assignment.name.name === 'abs' && isCollection(other)
  const solutions = distance ? solve(relation)?.set : undefined
  const listed = solutions === undefined ? null : realSetOf({ kind: 'set', items: itemsOf(other) }, false)
  if (solutions !== undefined && listed !== null) return sameSet(solutions, listed) ? equal('set') : different('set')
  const shared = sharedValue(relation, other)
  if (shared !== null) return left.kind === 'relation' ? compareResolved(shared, other) : compareResolved(other, shared)
  if (meant !== null) return left.kind === 'relation' ? compareResolved(meant, other) : compareResolved(other, meant)
  return mayBeSet(other) || other.kind === 'list' ? null : different('kind')
}

/** x = y = 2 beside a list or a tuple of two: the value of each name. Null for other relations. */
function sharedValue(relation: Extract<Node, { kind: 'relation' }>, other: Node): Node | null {
  if (other.kind !== 'tuple' && other.kind !== 'list') return null
  const names = relation.operands.slice(0, -1)
  const value = relation.operands.at(-1)
  const isChain = names.every(({ kind }) => kind === 'symbol') && relation.operators.every((sign) => sign === '=')
  if (value === undefined || names.length < 2 || names.length !== other.items.length || !isChain) return null
  return { kind: 'tuple', open: '(', close: ')', items: names.map(() => value) }
}

/** One value, as opposed to a set. */
function isPlainValue(node: Node): boolean {
  return !['set-operation', 'named-set', 'builder'].includes(node.kind)
}

function isCollection(node: Node): node is Extract<Node, { kind: 'list' | 'set' }> {
  return node.kind === 'list' || node.kind === 'set'
}

function itemsOf(node: Node): readonly Node[] {
  if (isCollection(node)) return node.items
  return node.kind === 'tuple' ? node.items : [node]
}

/** The parts of a union, to compare sets whose ends are letters. */
function partsOf(node: Node): readonly Node[] {
  if (node.kind === 'set-operation' && node.operator === 'union') return [...partsOf(node.left), ...partsOf(node.right)]
  return [node]
}

function compareSets(left: Node, right: Node): Comparison {
  const first = realSetOf(left, true)
  const second = realSetOf(right, true)
  if (first !== null && second !== null) {
    if (sameSet(first, second)) return equal('interval')
    // "x < 1 and x > 3" holds nowhere, but is often written for "or".
    const nowhere = [left, right].some((node) => node.kind === 'list' && node.all === true)
    return nowhere && (first.length === 0 || second.length === 0) ? unknown('interval') : different('interval')
  }
  if (left.kind === 'tuple' && right.kind === 'tuple') return compareTuples(left, right)
  if (left.kind === 'named-set' && right.kind === 'named-set') {
    return left.name === right.name ? equal('set') : different('set')
  }
  const ours = partsOf(left)
  const theirs = partsOf(right)
  if (ours.length > 1 || theirs.length > 1) {
    const verdict = compareUnordered(ours, theirs, (a, b) =>
      a === left && b === right ? unknown('set') : compareResolved(a, b),
    )
    return verdict.verdict === 'different' ? unknown('set') : verdict
  }
  if (left.kind === 'builder' && right.kind === 'builder') {
    return together(
      [compareResolved(left.element, right.element), compareResolved(left.condition, right.condition)],
      'set',
    )
  }
  if (left.kind === 'list' && right.kind === 'list') return compareUnordered(left.items, right.items, compareResolved)
  return first === null && second === null ? unknown('set') : different('set')
}

function compareTuples(left: Node, right: Node): Comparison {
  if (left.kind === 'tuple' && right.kind === 'tuple') {
    if (left.items.length !== right.items.length) return different('tuple')
    if (left.items.length === 2 && brackets(left) !== brackets(right)) return different('interval')
    return together(
      pairs(left.items, right.items),
      left.items.length === 2 && brackets(left) !== '()' ? 'interval' : 'tuple',
    )
  }
  const tuple = left.kind === 'tuple' ? left : (right as TupleNode)
  const other = left.kind === 'tuple' ? right : left
  const components = isCollection(other) ? null : unitVectors(other, tuple.items.length)
  if (components !== null) return together(pairs(tuple.items, components), 'tuple')
  if (!isCollection(other)) return different('kind')
  // Two numbers in square brackets are an interval, not its two ends.
  if (tuple.items.length === 2 && brackets(tuple) !== '()') return different('interval')
  // A list of tuples against one tuple.
  if (other.items.length === 1) return compareResolved(tuple, other.items[0] as Node)
  if (other.items.length !== tuple.items.length) return different('kind')
  return together(pairs(tuple.items, other.items), 'tuple')
}

function brackets(node: TupleNode): string {
  return node.open + node.close
}

function pairs(left: readonly Node[], right: readonly Node[]): Comparison[] {
  return left.map((item, index) => compareResolved(item, right[index] as Node))
}

function compareMatrices(left: Node, right: Node): Comparison {
  const first = matrixOf(left)
  const second = matrixOf(right)
  if (first !== null && second !== null) {
    const same = first.rows.length === second.rows.length && first.rows[0]?.length === second.rows[0]?.length
    if (same) return together(pairs(first.rows.flat(), second.rows.flat()), 'matrix')
    const [ours, theirs] = [vectorOf(first), vectorOf(second)]
    if (ours === null || theirs === null || ours.length !== theirs.length) return different('matrix')
    return together(pairs(ours, theirs), 'matrix')
  }
  const matrix = first ?? second
  const other = first === null ? left : right
  const vector = matrix === null ? null : vectorOf(matrix)
  const components = vector === null ? null : unitVectors(other, vector.length)
  if (vector !== null && components !== null) return together(pairs(vector, components), 'matrix')
  if (vector === null || (other.kind !== 'tuple' && !isCollection(other))) return different('kind')
  if (other.items.length !== vector.length) return different('kind')
  return together(pairs(vector, other.items), 'matrix')
}
