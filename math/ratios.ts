// Ratios (2:3) and what is written like them: times of day.

import { numberNode, productOf, quotient } from './build.ts'
import { compareValues } from './compare-values.ts'
import type { Comparison } from './contract.ts'
import { contains, type Node, type RatioNode } from './node.ts'
import { rationalValue } from './normal-form.ts'
import { different, equal, together, unknown } from './verdicts.ts'

type Compare = (left: Node, right: Node) => Comparison

/** 2:3 is 4:6 and 2/3; a time of day (12:00) is only itself. */
export function compareRatios(left: Node, right: Node, compare: Compare): Comparison {
  if (left.kind === 'ratio' && right.kind === 'ratio') {
    if (left.parts.length !== right.parts.length) return different('ratio')
    const same = together(
      left.parts.map((part, index) => compare(part, right.parts[index] as Node)),
      'ratio',
    )
    const times = [timeOfDay(left), timeOfDay(right)]
    if (times[0] !== null && times[0] === times[1]) return equal('time')
    const clock = [...left.parts, ...right.parts].some((part) => part.kind === 'quantity')
    if (same.verdict === 'equal' || clock || hasZero(left) || hasZero(right)) return same
    const [first, ...rest] = left.parts
    const [other, ...others] = right.parts
    if (first === undefined || other === undefined) return unknown('ratio')
    return together(
      rest.map((part, index) =>
        compareValues(productOf([first, others[index] ?? numberNode(0n)]), productOf([other, part])),
      ),
      'ratio',
    )
  }
  const ratio = left.kind === 'ratio' ? left : (right as RatioNode)
  const other = left.kind === 'ratio' ? right : left
  const [above, below, third] = ratio.parts
  if (above === undefined || below === undefined || third !== undefined || hasZero(ratio)) return different('kind')
  if (['list', 'set', 'tuple'].includes(other.kind) || contains(other, (part) => part.kind === 'relation'))
    return different('kind')
  const verdict = compareValues(quotient(above, below), other)
  return verdict.verdict === 'equal' ? equal('ratio') : verdict
}

/** Minutes since midnight of 14:30 or 2:30 PM; null for what is no time. */
function timeOfDay({ parts }: RatioNode): number | null {
  const [hours, minutes] = parts
  const half = minutes?.kind === 'quantity' ? minutes.unit : ''
  const [hour, minute] = [hours, minutes?.kind === 'quantity' ? minutes.value : minutes].map((part) =>
    part?.kind === 'number' && part.value.denominator === 1n ? Number(part.value.numerator) : NaN,
  ) as [number, number]
  if (parts.length !== 2 || !(hour >= 0 && hour < 24 && minute >= 0 && minute < 60)) return null
  if (half === '') return hour * 60 + minute
  return half === 'am' || half === 'pm' ? ((hour % 12) + (half === 'pm' ? 12 : 0)) * 60 + minute : null
}

function hasZero(node: RatioNode): boolean {
  return node.parts.some((part) => rationalValue(part)?.numerator === 0n)
}
