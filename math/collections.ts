// Answers of several parts: ± written out, conditions dropped, assignments in a list made into the tuples they stand for,
// and lists compared without order.

import { numberNode, productOf, sumOf } from './build.ts'
import type { Comparison } from './contract.ts'
import { childrenOf, contains, rewrite, type Node } from './node.ts'
import { assignmentOf, type Assignment } from './relations.ts'
import { conversion, rationalOf } from './units.ts'
import { different, equal, unknown } from './verdicts.ts'

type Compare = (left: Node, right: Node) => Comparison

const maximumItems = 60

function hasPlusMinus(node: Node): boolean {
  return contains(node, (part) => part.kind === 'plus-minus')
}

function withSign(node: Node, upper: boolean): Node {
  return rewrite(node, (part) => {
    if (part.kind !== 'plus-minus') return part
    return (part.upper === 1) === upper ? part.operand : { kind: 'product', factors: [minus, part.operand] }
  })
}

const minus: Node = { kind: 'number', value: { numerator: -1n, denominator: 1n }, decimal: false }

/** a ± b as the two values; every other node as itself. */
function signsOf(node: Node): readonly Node[] {
  return hasPlusMinus(node) ? [withSign(node, true), withSign(node, false)] : [node]
}

/** "k ∈ Z" beside an answer is a condition, not a part of it. */
function isCondition(node: Node): boolean {
  if (node.kind !== 'relation') return false
  const last = node.operands.at(-1)
  const isSet = last?.kind === 'named-set' || (last?.kind === 'symbol' && /^[ZNQR]$/.test(last.name))
  return node.operators.includes('in') && isSet
}

function spelledName(assignment: Assignment): string {
  return JSON.stringify(assignment.name, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
}

/** x_1, x_2: the roots of one equation, whose order does not count. */
function areRoots(assignments: readonly Assignment[]): boolean {
  const bases = assignments.map(({ name }) =>
    name.kind === 'symbol' && name.name.includes('_') ? (name.name.split('_')[0] ?? '') : null,
  )
  return bases.every((base) => base !== null && base === bases[0])
}

/** p=5, q=2, p=7, q=2 as (5,2), (7,2): the names repeat in one order. Null where they do not. */
function recordsOf(assignments: readonly Assignment[]): readonly Node[] | null {
  const names = assignments.map(spelledName)
  const period = names.indexOf(names[0] ?? '', 1)
  const length = period < 0 ? names.length : period
  if (length < 2 || names.length % length !== 0 || new Set(names.slice(0, length)).size !== length) return null
  if (!names.every((name, index) => name === names[index % length])) return null
  const records: Node[] = []
  for (let start = 0; start < assignments.length; start += length) {
    records.push({
      kind: 'tuple',
      open: '(',
      close: ')',
      items: assignments.slice(start, start + length).map(({ value }) => value),
    })
  }
  return records
}

/** x > 0, x ∈ Z: an inequality and where its unknown lives, as the set of both. Null for other lists. */
function restricted(items: readonly Node[]): Node | null {
  const [first, second] = items
  if (first === undefined || second === undefined || items.length !== 2) return null
  const [membership, condition] = isCondition(first) ? [first, second] : [second, first]
  if (!isCondition(membership) || membership.kind !== 'relation' || condition.kind !== 'relation') return null
  const bounds = condition.operators.some((operator) => !['=', '~', 'in'].includes(operator))
  return bounds && condition.operands.some((operand) => isSameSymbol(operand, membership.operands[0]))
    ? { kind: 'builder', element: membership, condition }
    : null
}

function isSameSymbol(left: Node, right: Node | undefined): boolean {
  return left.kind === 'symbol' && right?.kind === 'symbol' && left.name === right.name
}

/** 1 hour and 30 minutes: quantities of one thing, each of a smaller unit, are one. Null for other lists. */
function summed(items: readonly Node[]): Node | null {
  const [first, second] = items
  if (items.length !== 2 || first?.kind !== 'quantity' || second?.kind !== 'quantity') return null
  const factor = conversion(second.unit, first.unit)
  if (factor === null || factor >= 1) return null
  return { ...first, value: sumOf([first.value, productOf([second.value, numberNode(rationalOf(factor))])]) }
}

/** A list with what it says made plain: one item stands for itself, assignments become values or tuples. */
function plainList(items: readonly Node[], all = false): Node {
  const whole = restricted(items) ?? (all ? summed(items) : null)
  if (whole !== null) return whole
  const stated = items.filter((item) => !isCondition(item))
  const spread = (stated.length > 0 ? stated : items).flatMap(signsOf)
  const [only] = spread
  if (spread.length === 1 && only !== undefined) return only
  const assignments = spread.map(assignmentOf)
  const named = assignments.filter((assignment) => assignment !== null)
  if (named.length === spread.length) {
    if (new Set(named.map(spelledName)).size === 1 || areRoots(named))
      return { kind: 'list', items: named.map(({ value }) => value) }
    const records = recordsOf(named)
    const [record] = records ?? []
    if (records !== null && record !== undefined)
      return records.length === 1 ? record : { kind: 'list', items: records }
  }
  // a = 4, -8, -10: the name belongs to all of them.
  if (named.length === 1 && assignments[0] !== null && !spread.slice(1).some((item) => item.kind === 'relation')) {
    return { kind: 'list', items: spread.map((item, index) => assignments[index]?.value ?? item).flatMap(listed) }
  }
  return { kind: 'list', items: spread.flatMap(listed), all }
}

function listed(node: Node): readonly Node[] {
  return node.kind === 'list' ? node.items : [node]
}

/** Two lists of assignments to the same names in another order: the second in the order of the first. */
export function inOrderOf(left: Node, right: Node): Node {
  if (left.kind !== 'list' || right.kind !== 'list' || left.items.length !== right.items.length) return right
  const names = (node: Node): (string | null)[] =>
    childrenOf(node).map((item) => {
      const assignment = assignmentOf(item)
      return assignment === null ? null : spelledName(assignment)
    })
  const [ours, theirs] = [names(left), names(right)]
  if (ours.includes(null) || theirs.includes(null) || new Set(ours).size !== ours.length) return right
  const items = ours.map((name) => right.items[theirs.indexOf(name)])
  return items.every((item) => item !== undefined) ? { kind: 'list', items } : right
}

/** b = 2, a = 1 in the order of the alphabet; null where it is in that order, or its names are no neighbours in it. */
export function inAlphabet(node: Node): Node | null {
  if (node.kind !== 'list') return null
  const names = node.items.map((item) => {
    const name = assignmentOf(item)?.name
    return name?.kind === 'symbol' && /^[a-z]$/.test(name.name) ? name.name : ''
  })
  const sorted = [...names].sort()
  const span = (sorted.at(-1) ?? '').charCodeAt(0) - (sorted[0] ?? '').charCodeAt(0)
  if (names.includes('') || new Set(names).size !== names.length || !(span < 5)) return null
  if (names.every((name, index) => name === sorted[index])) return null
  return { ...node, items: sorted.map((name) => node.items[names.indexOf(name)] as Node) }
}

/** The node as comparisons want it. */
export function plain(node: Node): Node {
  if (node.kind === 'list') return plainList(node.items, node.all)
  if (node.kind === 'builder' && isParametric(node)) return plain(node.element)
  if (node.kind === 'set') return { ...node, items: node.items.flatMap(signsOf) }
  if (node.kind === 'product')
    return namedPoint(node) ?? (hasPlusMinus(node) ? { kind: 'list', items: signsOf(node) } : node)
  if (node.kind === 'relation' && hasPlusMinus(node)) return plainList([node])
  return hasPlusMinus(node) ? { kind: 'list', items: signsOf(node) } : node
}

/** {kπ | k ∈ Z}: what its elements look like says it all. */
function isParametric(node: Extract<Node, { kind: 'builder' }>): boolean {
  return isCondition(node.condition) && node.element.kind !== 'symbol' && node.element.kind !== 'relation'
}

/** A(1, 2): the point, without its letter. */
function namedPoint(node: Extract<Node, { kind: 'product' }>): Node | null {
  const [letter, point] = node.factors
  const named = node.factors.length === 2 && letter?.kind === 'symbol' && /^[A-Z]/.test(letter.name)
  return named && point?.kind === 'tuple' ? point : null
}

function distinct(items: readonly Node[], compare: Compare): Node[] {
  const kept: Node[] = []
  for (const item of items) if (!kept.some((other) => compare(other, item).verdict === 'equal')) kept.push(item)
  return kept
}

/** Every item on one side has its own equal on the other. */
export function compareUnordered(left: readonly Node[], right: readonly Node[], compareItems: Compare): Comparison {
  // Among items {2} is not 2.
  const compare: Compare = (item, other) =>
    (item.kind === 'set') === (other.kind === 'set') ? compareItems(item, other) : different('set')
  if (left.length > maximumItems || right.length > maximumItems) {
    if (left.length !== right.length) return unknown('too-many-items')
    const apart = left.some((item, index) => compare(item, right[index] as Node).verdict !== 'equal')
    return apart ? unknown('too-many-items') : equal('set')
  }
  const verdict = compareItemsOnce(left, right, compare)
  // What the dots leave out is not known: 1, 2, …, 10 may be 1, 2, 3, …, 10.
  return verdict.verdict === 'different' && [...left, ...right].some(isEllipsis) ? unknown('set') : verdict
}

function isEllipsis(node: Node): boolean {
  return node.kind === 'symbol' && node.name === '…'
}

function compareItemsOnce(left: readonly Node[], right: readonly Node[], compare: Compare): Comparison {
  const ours = distinct(left, compare)
  const theirs = distinct(right, compare)
  if (ours.length !== theirs.length) return different('set')
  const unmatched = ours.filter((item) => {
    const index = theirs.findIndex((other) => compare(item, other).verdict === 'equal')
    if (index >= 0) theirs.splice(index, 1)
    return index < 0
  })
  if (unmatched.length === 0) return equal('set')
  // What is left over on either side may only be undecided against something left over on the other.
  const undecided = (item: Node, others: readonly Node[]): Comparison | undefined =>
    others.map((other) => compare(item, other)).find(({ verdict }) => verdict === 'unknown')
  const open = unmatched.map((item) => undecided(item, theirs))
  if (open.includes(undefined) || theirs.some((item) => undecided(item, unmatched) === undefined))
    return different('set')
  return open[0] ?? different('set')
}
