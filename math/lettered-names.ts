// Names of several letters: HTH, the triangle ABC, the arrow from A to B. Each is one name; that it may also be a product of its
// letters, or the same thing named from another corner, makes answers that agree only then undecided.

import { productOf } from './build.ts'
import type { Comparison } from './contract.ts'
import { contains, rewrite, type Node } from './node.ts'
import { unknown } from './verdicts.ts'

/** Before the letters of an arrow from one point to another. */
export const arrow = '\\vec '

function isLettered(node: Node): boolean {
  return node.kind === 'symbol' && (/^[A-Z]{3,}$/.test(node.name) || node.name.startsWith(arrow))
}

function isArrow(node: Node): boolean {
  return node.kind === 'symbol' && node.name.startsWith(arrow)
}

/** The node with such names as products of their letters; null where it has none. */
function spelledOut(node: Node): Node | null {
  if (!contains(node, isLettered)) return null
  return rewrite(node, (part) => {
    if (part.kind !== 'symbol' || !isLettered(part)) return part
    return productOf(Array.from(part.name.replace(arrow, ''), (name): Node => ({ kind: 'symbol', name })))
  })
}

/** The verdict of compare, but unknown where the names of several letters make the difference. */
export function withLetteredNames(
  left: Node,
  right: Node,
  compare: (left: Node, right: Node) => Comparison,
): Comparison {
  const verdict = compare(left, right)
  if (verdict.verdict !== 'different') return verdict
  const [ours, theirs] = [spelledOut(left), spelledOut(right)]
  if (ours === null && theirs === null) return verdict
  if (contains(left, isArrow) !== contains(right, isArrow)) return unknown('name')
  return compare(ours ?? left, theirs ?? right).verdict === 'equal' ? unknown('name') : verdict
}
