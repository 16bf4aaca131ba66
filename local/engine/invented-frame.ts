// A frame is a problem with holes: `<name>` stands for a number or a word. The same frame writes a problem from an
// index and reads a problem's text back into its values, so whoever sees only the text knows the answer, also after a
// restart. Different indexes give different problems: the index is taken apart into digits, one for each free hole,
// and the digits are stirred by steps that can each be undone.

import { hashNumbers, hashText } from './random.ts'
import type { Value } from './invented-value.ts'

/** Numbers from..to, or one of these words (a word must not begin another). */
export type Hole = readonly [from: number, to: number] | readonly string[]

/** Values that the text shows. */
export type Shown = Readonly<Record<string, number>>

export interface Solution {
  readonly answer: Value
  /** The way there, a sentence each. The last one holds `<answer>`. */
  readonly steps: readonly string[]
}

/** A kind of problem: its texts share holes and solution. */
export interface Family {
  readonly texts: readonly string[]
  readonly holes: Readonly<Record<string, Hole>>
  /** Numbers that the text shows instead of or besides the free ones: made from them. Shown as they are unless said. */
  readonly show?: (free: Shown) => Record<string, number>
  /** From the shown numbers. */
  readonly solve: (shown: Shown) => Solution
}

/** A text of a family, ready to write and to read. */
export interface Frame {
  /** What stands before the first hole. */
  readonly beginning: string
  /** How many different problems it has. */
  readonly size: number
  write(index: number): string
  /** The solution of the problem of this frame that the text holds; null: it holds none. */
  read(text: string): Solution | null
}

/** Beyond every number that `show` makes. */
const LARGEST = 1_000_000

const HOLE = /<(\w+)>/

/** Frames of a family, one for each of its texts. */
export function compileFamily(family: Family): Frame[] {
  return family.texts.map((text) => compile(text, family))
}

function compile(text: string, family: Family): Frame {
  const parts = text.split(HOLE)
  // A hole counts where the text or `show` uses it: words are only for the text.
  const free = Object.entries(family.holes).filter(
    ([name, hole]) => parts.includes(name) || (family.show && !isWords(hole)),
  )
  // Texts of one family must not show the same numbers at the same index.
  const salt = hashText(text)
  const radixes = free.map(([, hole]) => count(hole))
  const words = new Map(free.filter(([, hole]) => isWords(hole)) as [string, readonly string[]][])
  const pattern = new RegExp(source(parts, words))
  // The longest stretch of fixed text: a cheap look before the pattern.
  const anchor = longest(parts.filter((_, index) => index % 2 === 0).flatMap((part) => part.split(/\s+/)))
  return {
    beginning: parts[0]!,
    size: radixes.reduce((product, radix) => product * radix, 1),
    write(index) {
      const digits = stir(takeApart(index, radixes), radixes, salt)
      const numbers: Record<string, number> = {}
      const shown: Record<string, string> = {}
      for (const [at, [name, hole]] of free.entries()) {
        if (isWords(hole)) shown[name] = hole[digits[at]!]!
        else numbers[name] = hole[0] + digits[at]!
      }
      const all = { ...numbers, ...family.show?.(numbers) }
      return parts.map((part, at) => (at % 2 === 0 ? part : (shown[part] ?? String(all[part])))).join('')
    },
    read(given) {
      if (!given.includes(anchor)) return null
      const found = pattern.exec(given)?.groups
      if (found === undefined) return null
      const shown: Record<string, number> = {}
      for (const [name, value] of Object.entries(found)) {
        if (words.has(name)) continue
        const number = Number(value)
        // A number that this frame never shows: somebody else's problem, which solve was not made for.
        const hole = family.holes[name]
        if (hole !== undefined && !isWords(hole) ? number < hole[0] || number > hole[1] : Math.abs(number) > LARGEST)
          return null
        shown[name] = number
      }
      return family.solve(shown)
    },
  }
}

function isWords(hole: Hole): hole is readonly string[] {
  return typeof hole[0] === 'string'
}

function count(hole: Hole): number {
  return isWords(hole) ? hole.length : hole[1] - hole[0] + 1
}

/** A pattern that finds the frame in a text; white space may have been changed. */
function source(parts: readonly string[], words: ReadonlyMap<string, readonly string[]>): string {
  const seen = new Set<string>()
  return parts
    .map((part, at) => {
      if (at % 2 === 0) return part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/\s+/g, '\\s+')
      if (seen.has(part)) return `\\k<${part}>`
      seen.add(part)
      return `(?<${part}>${words.get(part)?.join('|') ?? '-?\\d+'})`
    })
    .join('')
}

function longest(texts: readonly string[]): string {
  return texts.reduce((best, text) => (text.length > best.length ? text : best), '')
}

/** Mixed-radix digits of index mod the product of the radixes. */
function takeApart(index: number, radixes: readonly number[]): number[] {
  let rest = index
  return radixes.map((radix) => {
    const digit = rest % radix
    rest = Math.floor(rest / radix)
    return digit
  })
}

/** Adds to each digit a number made of all the others, three times over: a bijection that leaves no order behind. */
function stir(digits: number[], radixes: readonly number[], salt: number): number[] {
  for (let round = 0; round < 3; round += 1) {
    for (const [at, radix] of radixes.entries()) {
      const others = digits.map((digit, place) => (place === at ? -1 : digit))
      digits[at] = (digits[at]! + hashNumbers(salt, round, at, ...others)) % radix
    }
  }
  return digits
}
