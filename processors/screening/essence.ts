// What embeddings hardly see and what decides the answer all the same: the numbers of a problem with the sign before
// them, and words whose exchange turns it into another problem. Two texts of one essence may say it in any order and in
// other words: greatest and largest, twelve and 12 are one.

import { createHash } from 'node:crypto'
import { tokensOf } from './tokens.ts'

/** Each line is one notion; the words of a line say the same. */
const NOTIONS = `
maximum max maximal largest greatest most highest biggest longest
minimum min minimal smallest least fewest lowest shortest
even
odd
positive
negative
prime
composite
increasing increase increases increased
decreasing decrease decreases decreased
product
quotient
remainder
perimeter circumference
area
volume
radius
diameter
mean average
median
mode
sin sine
cos cosine
tan tangent
lcm
gcd gcf hcf
parallel
perpendicular
inclusive
exclusive
permutation permutations
combination combinations
derivative
integral
`

const NOTION_OF = new Map(
  NOTIONS.trim()
    .split('\n')
    .flatMap((line) => line.split(' ').map((word) => [word, line.split(' ')[0]!] as const)),
)
/** Signs that make another number of the one after them. */
const SIGNS = new Set(['-', '/', '^'])
/** Signs that count by themselves. */
const RELATIONS = new Set(['<', '>', '<=', '>=', '!=', '!', '%'])

/** 32 bits, the same for texts of the same numbers (with their signs and however often) and notions, in any order. */
export function essenceOf(text: string): number {
  const tokens = tokensOf(text)
  const notions = new Set<string>()
  const numbers: string[] = []
  for (const [at, token] of tokens.entries()) {
    const before = tokens[at - 1] ?? ''
    const notion = NOTION_OF.get(token)
    if (notion !== undefined) notions.add(notion)
    else if (RELATIONS.has(token)) notions.add(token)
    else if (/^\d/.test(token)) numbers.push(SIGNS.has(before) ? before + token : token)
  }
  const whole = [...numbers.sort(), '|', ...[...notions].sort()].join(' ')
  return createHash('sha1').update(whole).digest().readUInt32LE(0)
}
