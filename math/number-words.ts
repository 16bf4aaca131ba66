// Numbers in words: twenty-five, one hundred and five, two thirds, one half. Words in, a value out; null for everything else.

import { rational, type Rational } from './rational.ts'

const tens = new Map(
  'twenty thirty forty fifty sixty seventy eighty ninety'
    .split(' ')
    .map((word, index) => [word, BigInt(index + 2) * 10n]),
)
const ones = new Map(
  `zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
  nineteen`
    .split(/\s+/)
    .map((word, index) => [word, BigInt(index)]),
)
const thousands = new Map([
  ['thousand', 1_000n],
  ['million', 1_000_000n],
  ['billion', 1_000_000_000n],
])
const parts = new Map(
  'half third quarter fifth sixth seventh eighth ninth tenth'
    .split(' ')
    .map((word, index) => [word, BigInt([2, 3, 4, 5, 6, 7, 8, 9, 10][index] ?? 1)]),
)

function partOf(word: string): bigint | undefined {
  return word === 'halves' ? 2n : (parts.get(word) ?? parts.get(word.replace(/s$/, '')))
}

function wholeOf(words: readonly string[]): bigint | null {
  let total = 0n
  let group = 0n
  let read = false
  for (const [index, word] of words.entries()) {
    const value = ones.get(word) ?? tens.get(word)
    const scale = thousands.get(word)
    if (value !== undefined) {
      // "two three" is no number; "twenty three" and "hundred three" are.
      const before = words[index - 1]
      if (before !== undefined && (ones.has(before) || (tens.has(before) && (value >= 10n || value === 0n))))
        return null
      group += value
    } else if (word === 'hundred' && group > 0n && group < 100n) group *= 100n
    else if (scale !== undefined && group > 0n) {
      total += group * scale
      group = 0n
    } else if (word === 'and' && read && index < words.length - 1 && words[index - 1] === 'hundred') continue
    else return null
    read = true
  }
  return read ? total + group : null
}

/** The value of a number in lower-case words, separated by single spaces. */
export function numberInWords(text: string): Rational | null {
  if (text.length > 100 || !/^[a-z ]+$/.test(text)) return null
  const words = text.split(' ')
  const negative = words[0] === 'minus' || words[0] === 'negative'
  if (negative) words.shift()
  const part = partOf(words.at(-1) ?? '')
  if (part === undefined) {
    const whole = wholeOf(words)
    return whole === null ? null : rational(negative ? -whole : whole)
  }
  const count = words.slice(0, -1)
  const single = text === 'half' || (count.length === 1 && (count[0] === 'a' || count[0] === 'an'))
  const whole = single ? 1n : wholeOf(count)
  return whole === null ? null : rational(negative ? -whole : whole, part)
}
