// Which real numbers an answer means: intervals, points, unions, complements, and the solutions of inequalities in one
// unknown up to the second degree. Ends are doubles: what cannot be put in numbers (letters as ends) has no real set. Long because sets
// are given by inequalities and inequalities by sets: the two call each other.

import { callOf, negated, sumOf } from './build.ts'
import { evaluate } from './evaluate.ts'
import { contains, type Node, type Relator } from './node.ts'
import { normalForm } from './normal-form.ts'
import { complex, isReal } from './numeric.ts'
import { complement, intersect, line, point, unite, type Piece, type RealSet } from './pieces.ts'
import { atomsOf, type Polynomial } from './polynomial.ts'
import { ExactLimit, isInteger, toNumber } from './rational.ts'

/** The solutions of a condition, and the unknown that it is about. */
export interface Solution {
  readonly unknown: string
  readonly set: RealSet
}

/** The real number that a constant expression is; null where it has variables or is not real. */
export function realValue(node: Node): number | null {
  if (contains(node, (part) => part.kind === 'symbol' || part.kind === 'series')) return null
  const value = evaluate(node, { at: () => complex(NaN), largest: 0, budget: 2000 })
  return Number.isNaN(value.re) || !isReal(value) ? null : value.re
}

/** The set that a node names; null where it is none, or not one of numbers. ofPairs: may (a, b) be an interval here? */
export function realSetOf(node: Node, ofPairs: boolean): RealSet | null {
  switch (node.kind) {
    case 'tuple': {
      const [first, second] = node.items
      if (node.items.length !== 2 || first === undefined || second === undefined) return null
      if (!ofPairs && node.open === '(' && node.close === ')') return null
      const lower = realValue(first)
      const upper = realValue(second)
      if (lower === null || upper === null || lower > upper) return null
      return [
        {
          lower,
          upper,
          lowerOpen: node.open === '(' || lower === -Infinity,
          upperOpen: node.close === ')' || upper === Infinity,
        },
      ]
    }
    case 'set': {
      const values = node.items.map(realValue)
      return values.every((value) => value !== null) ? unite(values.map(point)) : null
    }
    case 'named-set':
      return namedRealSet(node.name)
    case 'set-operation': {
      const left = realSetOf(node.left, true)
      const right = realSetOf(node.right, true)
      if (left === null || right === null) return null
      if (node.operator === 'union') return unite([...left, ...right])
      return intersect(left, node.operator === 'difference' ? complement(right) : right)
    }
    case 'sum': {
      // R - {0}: a difference written with a minus.
      const [first, second] = node.terms
      if (node.terms.length !== 2 || first?.kind !== 'named-set' || second?.kind !== 'product') return null
      const [, removed] = second.factors
      const left = realSetOf(first, true)
      const right = removed === undefined ? null : realSetOf(removed, true)
      return left === null || right === null ? null : intersect(left, complement(right))
    }
    case 'builder':
      return builtSet(node)
    case 'list': {
      const parts = node.items.map((item) => (item.kind === 'tuple' ? realSetOf(item, true) : null))
      if (parts.every((part) => part !== null)) return unite(parts.flat())
      return solve(node)?.set ?? null
    }
    case 'relation':
      return solve(node)?.set ?? null
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
    case 'symbol':
      return null
  }
}

function namedRealSet(name: string): RealSet | null {
  switch (name) {
    case 'R':
      return line
    case 'R^+':
    case 'R_+':
      return [{ lower: 0, upper: Infinity, lowerOpen: true, upperOpen: true }]
    case 'R^-':
    case 'R_-':
      return [{ lower: -Infinity, upper: 0, lowerOpen: true, upperOpen: true }]
    case 'R^*':
      return complement([point(0)])
    default:
      return null
  }
}

const maximumMembers = 200
const wholeNumbers = new Set(['Z', 'N', 'Z^+', 'N^+', 'N^*', 'Z_+'])

/** { x | … } and { x ∈ Z | … }: whole numbers are listed where they are few. */
function builtSet({ element, condition }: Extract<Node, { kind: 'builder' }>): RealSet | null {
  const set = solve(condition)?.set ?? null
  const domain = element.kind === 'relation' && element.operators[0] === 'in' ? element.operands.at(-1) : null
  if (set === null || domain === null || domain === undefined) return set
  const within = realSetOf(domain, true)
  if (within !== null) return intersect(set, within)
  if (domain.kind !== 'named-set' || !wholeNumbers.has(domain.name)) return null
  const lowest = domain.name === 'Z' ? -Infinity : domain.name === 'N' ? 0 : 1
  const members: Piece[] = []
  for (const piece of intersect(set, [{ lower: lowest, upper: Infinity, lowerOpen: false, upperOpen: true }])) {
    if (!(piece.upper - piece.lower <= maximumMembers)) return null
    for (let value = Math.ceil(piece.lower - 1e-9); value <= piece.upper + 1e-9; value += 1) {
      const atEnd = (end: number, open: boolean): boolean => open && Math.abs(value - end) < 1e-9
      if (!atEnd(piece.lower, piece.lowerOpen) && !atEnd(piece.upper, piece.upperOpen)) members.push(point(value))
    }
  }
  return unite(members)
}

function isLine(set: RealSet): boolean {
  const [piece] = set
  return set.length === 1 && piece?.lower === -Infinity && piece.upper === Infinity
}

/** A polynomial in one unknown: coefficients of 1, u, u². Null for several unknowns or a higher degree. */
function quadratic(polynomial: Polynomial): { unknown: string; coefficients: [number, number, number] } | null {
  const unknowns = [...atomsOf(polynomial)].filter((name) => !name.startsWith('#') && !name.startsWith('@'))
  const [name] = unknowns
  if (unknowns.length !== 1 || name === undefined || name === 'i' || /^\?(?:root|power|abs)/.test(name)) return null
  const coefficients: [number, number, number] = [0, 0, 0]
  for (const term of polynomial.values()) {
    let value = toNumber(term.coefficient)
    let degree = 0
    for (const [atom, exponent] of term.powers) {
      if (atom === name) {
        if (!isInteger(exponent) || exponent.numerator < 0n || exponent.numerator > 2n) return null
        degree = Number(exponent.numerator)
      } else {
        const base = atom === '@pi' ? Math.PI : atom === '@e' ? Math.E : Number(atom.slice(1))
        value *= base ** toNumber(exponent)
      }
    }
    coefficients[degree === 0 ? 0 : degree === 1 ? 1 : 2] += value
  }
  return { unknown: name, coefficients }
}

/** Where a polynomial in one unknown is below zero, and where it is zero. */
function signs([free, linear, square]: [number, number, number]): { negative: RealSet; zeros: RealSet } | null {
  const open = (lower: number, upper: number): Piece => ({ lower, upper, lowerOpen: true, upperOpen: true })
  if (square === 0) {
    if (linear === 0) return null
    const root = -free / linear
    return { negative: [linear > 0 ? open(-Infinity, root) : open(root, Infinity)], zeros: [point(root)] }
  }
  const discriminant = linear * linear - 4 * square * free
  if (discriminant < 0) return { negative: square > 0 ? [] : line, zeros: [] }
  const roots = [
    (-linear - Math.sqrt(discriminant)) / (2 * square),
    (-linear + Math.sqrt(discriminant)) / (2 * square),
  ].sort((a, b) => a - b)
  const [low = 0, high = 0] = roots
  const zeros = unite([point(low), point(high)])
  if (square > 0) return { negative: low < high ? [open(low, high)] : [], zeros }
  return { negative: [open(-Infinity, low), open(high, Infinity)], zeros }
}

function solveLink(left: Node, relator: Relator, right: Node): Solution | null {
  const flipped: Partial<Record<Relator, Relator>> = { '>': '<', '>=': '<=' }
  const flip = flipped[relator]
  if (flip !== undefined) return solveLink(right, flip, left)
  if (relator === 'in') {
    const set = realSetOf(right, true)
    return set === null ? null : { unknown: unknownOf(left), set }
  }
  // -∞ < x < ∞ says nothing.
  if (relator === '<' || relator === '<=') {
    if (realValue(left) === -Infinity) return { unknown: unknownOf(right), set: line }
    if (realValue(right) === Infinity) return { unknown: unknownOf(left), set: line }
  }
  if (right.kind === 'call' && right.name === 'abs') return solveDistance(right, relator, left, true)
  if (left.kind === 'call' && left.name === 'abs') return solveDistance(left, relator, right, false)
  try {
    const { above, below } = normalForm(sumOf([left, negated(right)]))
    if (atomsOf(below).size > 0) return null
    const form = quadratic(above)
    const found = form === null ? null : signs(form.coefficients)
    if (form === null || found === null) return null
    const set =
      relator === '<'
        ? found.negative
        : relator === '<='
          ? unite([...found.negative, ...found.zeros])
          : relator === '!='
            ? complement(found.zeros)
            : found.zeros
    return { unknown: form.unknown, set }
  } catch (error) {
    if (error instanceof ExactLimit) return null
    throw error
  }
}

/** |u| against a number. outside: the number is the smaller side (c < |u|). */
function solveDistance(
  bars: Extract<Node, { kind: 'call' }>,
  relator: Relator,
  bound: Node,
  outside: boolean,
): Solution | null {
  const [inner] = bars.arguments
  const value = realValue(bound)
  if (inner === undefined || value === null) return null
  const below = solveLink(inner, relator === '<' || relator === '<=' ? relator : '<=', bound)
  const above = solveLink(negated(bound), relator === '<' || relator === '<=' ? relator : '<=', inner)
  if (below === null || above === null) return null
  const within = intersect(below.set, above.set)
  if (relator === '<' || relator === '<=') {
    if (!outside) return { unknown: below.unknown, set: within }
    const other = solveLink(callOf('abs', inner), relator === '<' ? '<=' : '<', bound)
    return other === null ? null : { unknown: below.unknown, set: complement(other.set) }
  }
  const edges = unite(within.flatMap((piece) => [point(piece.lower), point(piece.upper)]))
  return { unknown: below.unknown, set: relator === '!=' ? complement(edges) : edges }
}

function unknownOf(node: Node): string {
  return node.kind === 'symbol'
    ? node.name
    : JSON.stringify(node, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
}

/** Solves a chain of relations, or several of them ("or"). Null where that is beyond this file. */
export function solve(node: Node): Solution | null {
  if (node.kind === 'list') {
    const parts = node.items.map(solve)
    const [first] = parts
    if (
      first === undefined ||
      first === null ||
      !parts.every((part) => part !== null && part.unknown === first.unknown)
    )
      return null
    const sets = parts.map((part) => part?.set ?? [])
    const either = unite(sets.flat())
    const both = sets.reduce((left, right) => intersect(left, right))
    // "x ≥ -1, x ≠ 2" holds at once: nobody writes a union that is everything.
    const atOnce = both.length > 0 && (node.all === true || isLine(either))
    return { unknown: first.unknown, set: atOnce ? both : either }
  }
  if (node.kind !== 'relation') return null
  let found: Solution | null = null
  for (const [index, relator] of node.operators.entries()) {
    const left = node.operands[index]
    const right = node.operands[index + 1]
    const link = left === undefined || right === undefined ? null : solveLink(left, relator, right)
    if (link === null || (found !== null && found.unknown !== link.unknown)) return null
    found = found === null ? link : { unknown: link.unknown, set: intersect(found.set, link.set) }
  }
  return found
}
