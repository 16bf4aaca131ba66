// Names that an answer is free to choose: the whole number k in π/4 + kπ. Two answers that differ in that name alone are
// made to use one name.

import { childrenOf, contains, rewrite, type Node } from './node.ts'

const names = new Set(['k', 'n', 'm', 'l'])

/** The one whole-number parameter of an answer about angles; null where there is none or it cannot be told. */
function parameterOf(node: Node): string | null {
  if (!contains(node, isAngle)) return null
  const found = new Set<string>()
  collect(node, found)
  const [only] = found
  return found.size === 1 && only !== undefined ? only : null
}

function isAngle(node: Node): boolean {
  return node.kind === 'degree' || (node.kind === 'constant' && node.name === 'pi')
}

function collect(node: Node, found: Set<string>): void {
  if (node.kind === 'symbol' && names.has(node.name)) found.add(node.name)
  for (const child of childrenOf(node)) collect(child, found)
}

/** The second answer with the first one's name for the parameter. */
export function withParameterOf(left: Node, right: Node): Node {
  const [ours, theirs] = [parameterOf(left), parameterOf(right)]
  if (ours === null || theirs === null || ours === theirs) return right
  return rewrite(right, (part) => (part.kind === 'symbol' && part.name === theirs ? { ...part, name: ours } : part))
}
