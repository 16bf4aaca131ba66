// "log" without a base: the natural logarithm to some, the decimal one to others. Answers that are the same by the decimal
// reading, or by the natural one where nothing speaks against it, are the same.

import { numberNode } from './build.ts'
import type { Comparison } from './contract.ts'
import { contains, rewrite, type Node } from './node.ts'
import { unknown } from './verdicts.ts'

type Compare = (left: Node, right: Node) => Comparison

const ten = numberNode(10n)

function isBareLogarithm(node: Node): boolean {
  return node.kind === 'call' && node.name === 'log' && node.arguments.length === 1
}

function hasBareLogarithm(node: Node): boolean {
  return contains(node, isBareLogarithm)
}

function withLogarithms(node: Node, base: Node | null): Node {
  return rewrite(node, (part) => {
    if (part.kind !== 'call' || !isBareLogarithm(part)) return part
    return base === null ? { ...part, name: 'ln' } : { ...part, arguments: [...part.arguments, base] }
  })
}

/** "log" without a base means the natural one to some and the decimal one to others. */
export function compareLogarithms(first: Node, second: Node, compare: Compare): Comparison {
  const natural = compare(withLogarithms(first, null), withLogarithms(second, null))
  const bare = [first, second].map(hasBareLogarithm)
  if (!bare.includes(true)) return natural
  const decimal = compare(withLogarithms(first, ten), withLogarithms(second, ten))
  if (decimal.verdict === 'equal') return decimal
  // log x and ln x: who writes both may mean two things.
  const both = bare.includes(false) && contains(bare[0] === true ? second : first, isNaturalLogarithm)
  return natural.verdict === 'equal' && both ? unknown('logarithm') : natural
}

function isNaturalLogarithm(node: Node): boolean {
  return node.kind === 'call' && node.name === 'ln'
}
