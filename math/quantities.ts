// Do two values with units agree? By conversion where the units convert; where they do not, names that differ are either
// known to be other things or make equal numbers undecided.

import { numberNode, productOf, sumOf } from './build.ts'
import type { Comparison } from './contract.ts'
import { childrenOf, type Node, type QuantityNode } from './node.ts'
import { realValue } from './real-set.ts'
import { factorsBetween, isMeasured, kinship, rationalOf, roughFactor, temperatureScale } from './units.ts'
import { different, unknown } from './verdicts.ts'

type Compare = (left: Node, right: Node) => Comparison

/** Months are 28 to 31 days long, years 365 or 366. */
const roughness = 0.09

/** compare: for the values before the units. */
export function compareQuantities(left: QuantityNode, right: QuantityNode, compare: Compare): Comparison {
  if (left.unit === right.unit) return compare(left.value, right.value)
  const [ours, theirs] = [inKelvin(left), inKelvin(right)]
  if (ours !== null && theirs !== null) return withReason(compare(ours, theirs))
  const factors = factorsBetween(left.unit, right.unit)
  if (factors.length > 0) {
    const verdicts = factors.map((factor) =>
      factor === 1
        ? compare(left.value, right.value)
        : withReason(compare(productOf([left.value, numberNode(rationalOf(factor), true)]), right.value)),
    )
    return verdicts.find(({ verdict }) => verdict === 'equal') ?? (verdicts[0] as Comparison)
  }
  const kin = kinship(left.unit, right.unit)
  if (kin === 'apart') return different('unit')
  const rough = roughFactor(left.unit, right.unit)
  if (rough !== null) return compareRoughly(left.value, right.value, rough)
  const plain = compare(left.value, right.value)
  if (kin === 'same') return plain
  // 3 quarters may be 75 cents.
  const oneIsMeasured = isMeasured(left.unit) !== isMeasured(right.unit)
  return plain.verdict === 'equal' || oneIsMeasured ? unknown('unit') : plain
}

function withReason(comparison: Comparison): Comparison {
  return comparison.verdict === 'unknown' ? comparison : { ...comparison, reason: 'unit' }
}

function inKelvin(quantity: QuantityNode): Node | null {
  const scale = temperatureScale(quantity.unit)
  if (scale === null) return null
  return sumOf([productOf([quantity.value, numberNode(scale.degree)]), numberNode(scale.zero)])
}

function compareRoughly(left: Node, right: Node, factor: number): Comparison {
  const [ours, theirs] = [realValue(left), realValue(right)]
  if (ours === null || theirs === null) return unknown('unit')
  const scaled = ours * factor
  return Math.abs(scaled - theirs) > roughness * Math.abs(scaled) ? different('unit') : unknown('unit')
}

function collectUnits(node: Node, found: Set<string>): void {
  if (node.kind === 'quantity') found.add(node.unit)
  for (const child of childrenOf(node)) collectUnits(child, found)
}

/** True where both sides have units below their top and a unit of one is no unit of the other: nothing is converted there. */
export function unitsApart(left: Node, right: Node): boolean {
  const [ours, theirs] = [left, right].map((node) => {
    const units = new Set<string>()
    collectUnits(node, units)
    return units
  }) as [Set<string>, Set<string>]
  if (ours.size === 0 || theirs.size === 0) return false
  const lacks = (units: Set<string>, others: Set<string>): boolean =>
    [...units].some((unit) => ![...others].some((other) => kinship(unit, other) === 'same'))
  return lacks(ours, theirs) || lacks(theirs, ours)
}
