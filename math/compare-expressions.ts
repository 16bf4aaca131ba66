// Are two expressions the same value, or the same function of their variables? The exact way first (normal-form.ts), then
// the numeric way at seeded points (evaluate.ts). A numeral with a decimal point stands for a rounded value: it equals what
// rounds to it in the sixth decimal place, as in Math-Verify.

import type { Comparison } from './contract.ts'
import { different, equal, unknown } from './verdicts.ts'
import { evaluate, type Evaluation } from './evaluate.ts'
import { seededValue } from './functions.ts'
import { childrenOf, contains, type Node } from './node.ts'
import { difference, isDecisive } from './fraction.ts'
import { normalForm } from './normal-form.ts'
import { complex, isFinite, isReal, magnitude, minus, type Complex } from './numeric.ts'
import { ExactLimit, same } from './rational.ts'

const budget = 20_000
const roundedAbsolute = 5e-7
const roundedRelative = 2e-6

/** Values that differ by rounding alone: alike in the sixth decimal place, and in the sixth digit where they are small. */
function roundsTo(left: number, right: number): boolean {
  const gap = Math.abs(left - right)
  return gap <= roundedAbsolute * 1.0001 && gap <= roundedRelative * Math.max(Math.abs(left), Math.abs(right))
}

function hasDecimal(node: Node): boolean {
  return contains(node, (part) => part.kind === 'number' && part.decimal)
}

/** Infinity as a value; as the end of a sum it is none. */
function isInfinite(node: Node): boolean {
  if (node.kind === 'series') return false
  return (node.kind === 'constant' && node.name === 'infinity') || childrenOf(node).some(isInfinite)
}

/** The variables of an expression; true where a variable counts something (bound of a sum, under a factorial). */
function variablesOf(node: Node, counts: boolean, found: Map<string, boolean>): void {
  if (node.kind === 'symbol') found.set(node.name, counts || found.get(node.name) === true)
  else if (node.kind === 'series') {
    variablesOf(node.from, true, found)
    variablesOf(node.to, true, found)
    const inside = new Map<string, boolean>()
    variablesOf(node.body, counts, inside)
    inside.delete(node.variable)
    for (const [name, whole] of inside) found.set(name, whole || found.get(name) === true)
  } else if (node.kind === 'call' && (node.name === 'factorial' || node.name === 'binomial')) {
    for (const value of node.arguments) variablesOf(value, true, found)
  } else if (node.kind === 'power') {
    variablesOf(node.base, counts, found)
    // (-1)^n has a value for whole n only.
    const alternates = node.base.kind === 'number' && node.base.value.numerator < 0n
    variablesOf(node.exponent, counts || alternates, found)
  } else {
    for (const child of childrenOf(node)) variablesOf(child, counts, found)
  }
}

/** What one point gave: alike, apart, or nothing (no value there, or lost to rounding). */
type Sample = 'alike' | 'apart' | 'nothing' | 'branch'

function sampleAt(left: Node, right: Node, at: (name: string) => Complex, rounded: boolean): Sample {
  const evaluation: Evaluation = { at, largest: 0, budget }
  const first = evaluate(left, evaluation)
  const second = evaluate(right, evaluation)
  if (!isFinite(first) || !isFinite(second) || evaluation.largest === Infinity) return 'nothing'
  const gap = magnitude(minus(first, second))
  const size = Math.max(magnitude(first), magnitude(second))
  const lost = 4e-15 * evaluation.largest
  if (rounded && isReal(first) && isReal(second) && roundsTo(first.re, second.re)) return 'alike'
  const tolerance = Math.max(1e-10 * size, lost, 1e-300)
  if (gap <= tolerance) return lost > 1e-6 * size && size > 0 && lost > 1e-9 ? 'nothing' : 'alike'
  if (!isReal(first) || !isReal(second)) return 'branch'
  return 'apart'
}

function compareNumerically(left: Node, right: Node, rounded: boolean): Comparison {
  const variables = new Map<string, boolean>()
  variablesOf(left, false, variables)
  variablesOf(right, false, variables)
  if (variables.size === 0) {
    const sample = sampleAt(left, right, () => complex(NaN), rounded)
    if (sample === 'nothing') return unknown('not-finite')
    return sample === 'alike' ? equal(rounded ? 'rounded' : 'numeric') : different('numeric')
  }
  const verdict = compareAtPoints(left, right, variables, rounded)
  if (verdict.verdict !== 'different') return verdict
  // sin(nπ) is 0 for every whole n: with such letters alone it cannot be told what they stand for.
  const names = [...variables.keys()]
  if (!names.every((name) => /^[nkm]$/.test(name)) || ![left, right].some(turns)) return verdict
  const whole = compareAtPoints(left, right, new Map(names.map((name) => [name, true])), rounded)
  return whole.verdict === 'different' ? verdict : unknown('whole-numbers')
}

/** A sine or cosine of a multiple of π. */
function turns(node: Node): boolean {
  return contains(
    node,
    (part) =>
      part.kind === 'call' &&
      ['sin', 'cos', 'tan'].includes(part.name) &&
      contains(part, (inner) => inner.kind === 'constant' && inner.name === 'pi'),
  )
}

/** The comparison at eight seeded points; variables: true for those that are whole numbers. */
function compareAtPoints(
  left: Node,
  right: Node,
  variables: ReadonlyMap<string, boolean>,
  rounded: boolean,
): Comparison {
  const names = [...variables.keys()].sort()
  let alike = 0
  let branches = 0
  for (let point = 0; point < 8; point += 1) {
    // Four points with positive values, then four of either sign: √(x²) is not x.
    const at = (name: string): Complex => {
      const value = seededValue(`${name}:${point}`)
      if (variables.get(name) === true) {
        // Eight points hold every pattern of even and odd of three letters.
        const half = Math.floor(value * 2) + (point % 3)
        return complex(2 * half + ((point >> (names.indexOf(name) % 3)) & 1))
      }
      const sign = point >= 4 && seededValue(`${name}/${point}`) < 1.25 ? -1 : 1
      return complex(sign * value * (point % 2 === 0 ? 1 : 1.7))
    }
    const sample = sampleAt(left, right, at, rounded)
    if (sample === 'apart' || (sample === 'branch' && point < 4)) return different('symbolic')
    if (sample === 'alike') alike += 1
    if (sample === 'branch') branches += 1
  }
  if (alike >= 3) return equal(branches > 0 ? 'symbolic-positive' : 'symbolic')
  return unknown('not-finite')
}

function signOfInfinity(node: Node): number {
  const value = evaluate(node, { at: () => complex(1), largest: 0, budget })
  return value.re === Infinity ? 1 : value.re === -Infinity ? -1 : 0
}

/** The comparison of two expressions as they stand: percent signs, units and degrees have been dealt with. */
export function compareExpressions(left: Node, right: Node): Comparison {
  if (isInfinite(left) || isInfinite(right)) {
    const first = signOfInfinity(left)
    const second = signOfInfinity(right)
    if (first === 0 && second === 0) return unknown('not-finite')
    // A finite number that is too large for the machine is not infinite.
    if ((first !== 0 && !isInfinite(left)) || (second !== 0 && !isInfinite(right))) return unknown('not-finite')
    return first === second ? equal('infinite') : different('infinite')
  }
  const rounded = hasDecimal(left) || hasDecimal(right)
  if (left.kind === 'number' && right.kind === 'number') {
    if (same(left.value, right.value)) return equal('exact')
    if (!rounded) return different('exact')
  }
  try {
    const rest = difference(normalForm(left), normalForm(right))
    if (rest.size === 0) return equal('exact')
    if (!rounded && isDecisive(rest)) return different('exact')
  } catch (error) {
    if (!(error instanceof ExactLimit)) throw error
  }
  return compareNumerically(left, right, rounded)
}
