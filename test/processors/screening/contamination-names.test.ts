import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { collectSmallWords, peopleIn } from '../../../processors/screening/contamination-names.ts'
import { wordsOf } from '../../../processors/screening/contamination-words.ts'

/** The tokens that stand for people. */
function people(text: string, others: readonly string[] = []): string[] {
  const smallWords = new Set<number>()
  for (const each of [text, ...others]) collectSmallWords(wordsOf(each), smallWords)
  const words = wordsOf(text)
  const marks = peopleIn(words, smallWords)
  return Array.from(marks.keys())
    .filter((at) => marks[at] === 1)
    .map((at) => words.text.slice(words.starts[at], words.ends[at]))
}

const CASES: readonly (readonly [string, readonly string[]])[] = [
  ['Today Anna gives 3 pears to Omar. She has 5 left.', ['Anna', 'Omar', 'She']],
  ["Janet's ducks lay 16 eggs.", ["Janet's"]],
  ['Mr. Smith and Dr. Jones met.', ['Mr', 'Smith', 'Dr', 'Jones']],
  ['How many apples does O’Neil sell?', ['O’Neil']],
  ['Let $ABC$ be a triangle and $P$ a point.', []],
  ['Find the area. Every side is 3. What is it?', []],
  ['The slide at Five Flags is 300 feet long.', ['Five', 'Flags']],
  ['Five friends share 20 euros with their teacher.', ['their']],
]

describe('people in problems', () => {
  for (const [text, expected] of CASES) {
    it(`finds ${JSON.stringify(expected)} in ${JSON.stringify(text)}`, () => {
      assert.deepEqual(people(text), expected)
    })
  }

  it('takes the word at the head of a sentence for a name, unless the benchmark writes it small elsewhere', () => {
    assert.deepEqual(people('Apples cost 3 euros.'), ['Apples'])
    assert.deepEqual(people('Apples cost 3 euros.', ['He buys apples.']), [])
    assert.deepEqual(people('Rose has 3 roses and a rose. Then Rose buys 2.', []), ['Rose', 'Rose'])
  })
})
