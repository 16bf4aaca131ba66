// Answers counted up to multiples of a modulus: x = 3 (mod 7), 1, 5 (mod 6), and the remainder 17 mod 5. Two of them are
// the same when they leave the same residues, whatever moduli they are written with.

import { numberNode } from './build.ts'
import type { Comparison } from './contract.ts'
import { rewrite, type CongruenceNode, type Node } from './node.ts'
import { rationalValue } from './normal-form.ts'
import { assignmentOf } from './relations.ts'
import { different, equal, unknown } from './verdicts.ts'

type Compare = (left: Node, right: Node) => Comparison

/** Residues are listed up to this modulus. */
const largestModulus = 10_000n

function wholeOf(node: Node): bigint | null {
  const value = rationalValue(node)
  return value?.denominator === 1n ? value.numerator : null
}

function modulusOf(node: CongruenceNode): bigint | null {
  const modulus = wholeOf(node.modulus)
  return modulus !== null && modulus > 0n ? modulus : null
}

function residue(value: bigint, modulus: bigint): bigint {
  return ((value % modulus) + modulus) % modulus
}

/** 17 mod 5 as 2. A sum before "mod" may end anywhere (10 + 7 mod 5): it stays. */
export function withRemainders(node: Node): Node {
  return rewrite(node, (part) => {
    if (part.kind !== 'congruence' || !part.remainder || part.operand.kind === 'sum') return part
    const modulus = modulusOf(part)
    const value = modulus === null ? null : wholeOf(part.operand)
    return modulus === null || value === null ? part : numberNode(residue(value, modulus))
  })
}

/** A congruence, or a list of nothing but congruences. */
export function hasModulus(node: Node): boolean {
  return node.kind === 'congruence' || (node.kind === 'list' && node.items.every(({ kind }) => kind === 'congruence'))
}

interface Residues {
  readonly name: string | null
  readonly modulus: bigint
  readonly values: ReadonlySet<bigint>
}

/** The residues of x = 1, 5 (mod 6), with or without the name. Null where they are not whole numbers of one unknown. */
function residuesOf(node: Node): Residues | null {
  if (node.kind === 'list') return node.all === true ? null : alternatives(node.items.map(residuesOf))
  const modulus = node.kind === 'congruence' ? modulusOf(node) : null
  if (node.kind !== 'congruence' || modulus === null || modulus > largestModulus) return null
  const items = node.operand.kind === 'list' ? node.operand.items : [node.operand]
  let name: string | null = null
  const values = new Set<bigint>()
  for (const item of items) {
    const assignment = assignmentOf(item)
    if (assignment !== null && assignment.name.kind !== 'symbol') return null
    if (assignment?.name.kind === 'symbol') {
      if (name !== null && name !== assignment.name.name) return null
      name = assignment.name.name
    }
    const meant = assignment?.value ?? item
    for (const part of meant.kind === 'plus-minus' ? [meant.operand, opposite(meant.operand)] : [meant]) {
      const value = wholeOf(part)
      if (value === null) return null
      values.add(residue(value, modulus))
    }
  }
  return { name, modulus, values }
}

function opposite(node: Node): Node {
  return { kind: 'product', factors: [numberNode(-1n), node] }
}

function alternatives(parts: readonly (Residues | null)[]): Residues | null {
  const [first] = parts
  if (!first) return null
  const modulus = parts.reduce((common, part) => (part === null ? common : leastCommon(common, part.modulus)), 1n)
  const values = new Set<bigint>()
  for (const part of parts) {
    if (part === null || part.name !== first.name || modulus > largestModulus) return null
    for (const value of spread(part, modulus)) values.add(value)
  }
  return { name: first.name, modulus, values }
}

function leastCommon(left: bigint, right: bigint): bigint {
  let [a, b] = [left, right]
  while (b > 0n) [a, b] = [b, a % b]
  return (left * right) / a
}

/** The residues for a multiple of the modulus: 1 (mod 2) is 1 and 3 (mod 4). */
function spread({ values, modulus }: Residues, wider: bigint): Set<bigint> {
  const all = new Set<bigint>()
  for (const value of values) for (let next = value; next < wider; next += modulus) all.add(next)
  return all
}

function compareResidues(left: Residues, right: Residues): Comparison {
  if (left.name !== null && right.name !== null && left.name !== right.name) return different('modulus')
  const modulus = leastCommon(left.modulus, right.modulus)
  if (modulus > largestModulus) {
    return left.modulus === right.modulus ? different('modulus') : unknown('modulus')
  }
  const [ours, theirs] = [spread(left, modulus), spread(right, modulus)]
  const same = ours.size === theirs.size && [...ours].every((value) => theirs.has(value))
  return same ? equal('modulus') : different('modulus')
}

/** Compares two answers of which one at least has a modulus; compare: for what stands before it. */
export function compareCongruences(left: Node, right: Node, compare: Compare): Comparison {
  if (!hasModulus(left)) return withoutModulus(right, left, (inner, other) => compare(other, inner))
  if (!hasModulus(right)) return withoutModulus(left, right, compare)
  const [ours, theirs] = [residuesOf(left), residuesOf(right)]
  if (ours !== null && theirs !== null) return compareResidues(ours, theirs)
  if (left.kind === 'list' || right.kind === 'list') return compareSystems(left, right, compare)
  if (left.kind !== 'congruence' || right.kind !== 'congruence') return unknown('modulus')
  // 2x = 6 (mod 14) is x = 3 (mod 7), not x = 3 (mod 14): only the same statement is told from another one.
  if (!sameStatement(left.operand, right.operand, compare)) return unknown('modulus')
  const moduli = compare(left.modulus, right.modulus)
  return moduli.verdict === 'equal' ? equal('modulus') : { verdict: moduli.verdict, reason: 'modulus' }
}

function sameStatement(left: Node, right: Node, compare: Compare): boolean {
  if (left.kind !== 'relation' || right.kind !== 'relation') return compare(left, right).verdict === 'equal'
  if (left.operands.length !== right.operands.length) return false
  return left.operands.every((operand, index) => compare(operand, right.operands[index] as Node).verdict === 'equal')
}

/** Several congruences at once: the same ones in any order, or not to be told. */
function compareSystems(left: Node, right: Node, compare: Compare): Comparison {
  const [ours, theirs] = [left, right].map((node) => (node.kind === 'list' ? [...node.items] : [node])) as [
    Node[],
    Node[],
  ]
  const matched = ours.every((item) => {
    const index = theirs.findIndex((other) => compare(item, other).verdict === 'equal')
    if (index >= 0) theirs.splice(index, 1)
    return index >= 0
  })
  return matched && theirs.length === 0 ? equal('modulus') : unknown('modulus')
}

/** A modulus on one side only: what stands before it counts, or the remainder that it leaves. */
function withoutModulus(node: Node, other: Node, compare: Compare): Comparison {
  if (node.kind !== 'congruence') return unknown('modulus')
  const modulus = modulusOf(node)
  const value = modulus === null ? null : wholeOf(assignmentOf(node.operand)?.value ?? node.operand)
  if (node.remainder) {
    if (modulus === null || value === null || node.operand.kind === 'sum') return unknown('modulus')
    return compare(numberNode(residue(value, modulus)), other)
  }
  const plain = compare(node.operand, other)
  if (plain.verdict === 'equal' || modulus === null || value === null) return plain
  return compare(numberNode(residue(value, modulus)), other)
}
