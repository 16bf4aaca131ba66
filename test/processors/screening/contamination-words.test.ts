import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { hashOf } from '../../../processors/screening/contamination-spellings.ts'
import { NUMBER, SIGN, wordsOf } from '../../../processors/screening/contamination-words.ts'

/** What a text says in the normal form, comparable. */
function said(text: string): number[] {
  const { count, hashes } = wordsOf(text)
  return Array.from(hashes.subarray(0, count))
}

/** The tokens as they stand in the text; N before numbers, S before signs, | before those that open a sentence. */
function shown(raw: string): string {
  const { text, count, kinds, openings, starts, ends } = wordsOf(raw)
  return Array.from({ length: count }, (_, at) => {
    const kind = kinds[at] === NUMBER ? 'N' : kinds[at] === SIGN ? 'S' : ''
    return `${openings[at] === 1 ? '|' : ''}${kind}${text.slice(starts[at], ends[at])}`
  }).join(' ')
}

const SAME: readonly (readonly [string, string])[] = [
  ['Find X', 'find x'],
  ['Find  $x$\n\n', 'find \\(x\\)'],
  ['\\dfrac{1}{2}', '\\frac12'],
  ['\\frac 1 3', '\\frac{1}{3}'],
  ['\\tfrac{a}{b} \\cdot 3', 'a/b \\times 3'],
  ['30^\\circ', '30°'],
  ['30^{\\circ}', '30 degrees'],
  ['\\theta + \\pi', 'θ + π'],
  ['\\Delta', 'Δ'],
  ['a \\le b \\ne c', 'a≤b≠c'],
  ['a <= b', 'a \\leq b'],
  ['x²', 'x2'],
  ['12,000', '12000'],
  ['12{,}000 \\$', '12000'],
  ['2.50', '2.5'],
  ['007', '7'],
  ['seven', '7'],
  ['twenty-five', '25'],
  ['Thirty six', '36'],
  ['Janet’s ducks', "janet's ducks"],
  ['triangle $A B C$', 'triangle ABC'],
  ['\\triangle ABC', '△ABC'],
  ['\\textbf{Find} \\left( x \\right)', 'Find (x)'],
  ['\\begin{align*} x &= 1 \\\\ y &= 2 \\end{align*}', 'x = 1 y = 2'],
  ['See [asy] draw((0,0)--(1,1)); [/asy] it', 'See it'],
  ['\\FRAC{1}{2}', '\\frac{1}{2}'],
  ['−5', '-5'],
]

const DIFFERENT: readonly (readonly [string, string])[] = [
  ['12 000', '12000'],
  ['1,2', '12'],
  ['1,2000', '12000'],
  ['x + 1', 'x - 1'],
  ['x < 1', 'x > 1'],
  ['5!', '5'],
  ['two', 'three'],
  ['\\alpha', '\\beta'],
  ['well known', 'well-nown'],
  ['an apple', 'anapple'],
]

describe('the normal form of fingerprints', () => {
  for (const [left, right] of SAME) {
    it(`takes ${JSON.stringify(left)} and ${JSON.stringify(right)} for the same`, () => {
      assert.deepEqual(said(left), said(right))
    })
  }

  for (const [left, right] of DIFFERENT) {
    it(`tells ${JSON.stringify(left)} from ${JSON.stringify(right)}`, () => {
      assert.notDeepEqual(said(left), said(right))
    })
  }

  it('knows numbers, signs, and where sentences begin', () => {
    assert.equal(shown('Add 2.5 and x-1. A 3-digit number? Yes!'), '|Add N2.5 and x S- N1 |A N3 digit number |Yes')
    assert.equal(shown('Find $x = 5$ Explain it'), '|Find x S= N5 |Explain it')
    assert.equal(shown('Let $n$ and $5!$ be\ngiven'), '|Let n and N5 S! be |given')
  })

  it('takes each ideograph for a word', () => {
    assert.equal(shown('三角形'), '|三 |角 |形'.replaceAll(' |', ' '))
  })

  it('hashes as FNV-1a does', () => {
    assert.equal(hashOf(''), 0x811c9dc5)
    assert.equal(hashOf('a'), 0xe40c292c)
    assert.equal(hashOf('foobar'), 0xbf9cf968)
  })

  it('takes any text, and blanks between words never count', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 8 }), { maxLength: 12 }), (pieces) => {
        const { count, starts, ends, text } = wordsOf(pieces.join(' '))
        for (let at = 0; at < count; at += 1) assert.ok(starts[at]! < ends[at]! && ends[at]! <= text.length)
        for (let at = 1; at < count; at += 1) assert.ok(starts[at]! >= ends[at - 1]!)
      }),
    )
    const word = fc.constantFrom('Find', 'the', '12', '$x$', '+', '\\frac{1}{2}', 'hat', '\\pi', '3.5', 'Anna')
    const blank = fc.constantFrom(' ', '  ', '\t', '\n', ' \n ')
    fc.assert(
      fc.property(fc.array(fc.tuple(word, blank), { maxLength: 20 }), (pairs) => {
        assert.deepEqual(
          said(pairs.map(([each, gap]) => each + gap).join('')),
          said(pairs.map(([each]) => each).join(' ')),
        )
      }),
    )
  })

  it('is done in time with 100 kB of hostile text', () => {
    for (const unit of [
      '\\',
      '\\frac',
      '\\begin{',
      '[asy]',
      '1,',
      '1,000',
      'a ',
      '.',
      '\\begin{tikzpicture}',
      '$',
      "a'",
    ]) {
      assert.ok(wordsOf(unit.repeat(100_000 / unit.length)).count <= 100_000)
    }
  })
})
