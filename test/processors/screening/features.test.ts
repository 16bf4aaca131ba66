import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { featuresOf, likeness, signatureOf, SIGNATURE_LENGTH } from '../../../processors/screening/features.ts'

function jaccard(left: ReadonlySet<number>, right: ReadonlySet<number>): number {
  const both = [...left].filter((each) => right.has(each)).length
  return both / (left.size + right.size - both)
}

describe('MinHash', () => {
  it('estimates the Jaccard likeness of any two sets within seven standard errors', () => {
    const word = fc.nat({ max: 0xffffffff })
    const triple = fc.tuple(
      fc.uniqueArray(word, { maxLength: 60 }),
      fc.uniqueArray(word, { maxLength: 60 }),
      fc.uniqueArray(word, { minLength: 1, maxLength: 60 }),
    )
    fc.assert(
      fc.property(triple, ([onlyLeft, onlyRight, both]) => {
        const left = new Set([...onlyLeft, ...both])
        const right = new Set([...onlyRight, ...both])
        const truth = jaccard(left, right)
        const estimate = likeness(signatureOf(left), signatureOf(right))
        const error = Math.sqrt(Math.max(truth * (1 - truth), 0.01) / SIGNATURE_LENGTH)
        // Binomial tails: one test in 1.5 million fails by chance (at five standard errors one in 600 would).
        assert.ok(Math.abs(estimate - truth) <= 7 * error, `${estimate} for ${truth}`)
      }),
      { numRuns: 1000 },
    )
  })

  it('is without bias: over many pairs the errors cancel out', () => {
    let sum = 0
    const pairs = 400
    for (let pair = 0; pair < pairs; pair += 1) {
      const number = (at: number): number => Math.imul(pair * 1000 + at + 1, 0x9e3779b1) >>> 0
      const left = new Set(Array.from({ length: 40 }, (_, at) => number(at)))
      const right = new Set(Array.from({ length: 40 }, (_, at) => number(at + 10)))
      sum += likeness(signatureOf(left), signatureOf(right)) - jaccard(left, right)
    }
    assert.ok(Math.abs(sum / pairs) < 0.01, `mean error ${sum / pairs}`)
  })
})

describe('the exact hash', () => {
  const same = (left: string, right: string): boolean => {
    const [a, b] = [left, right].map((text) => featuresOf(text, { numbersMatter: true }).exact)
    return a![0] === b![0] && a![1] === b![1]
  }

  for (const [left, right] of [
    ['What is $\\frac{1}{2}\\cdot 3$?', 'what is \\( \\dfrac{1}{2} \\times 3 \\) ?'],
    ['Compute $49{,}994\\div 7$.', 'Compute 49,994 ÷ 7.'],
    ['Find x if x ≤ 3.', 'Find $x$ if $x\\leq 3$.'],
    ['How many two-digit numbers are there?', 'How many 2 digit numbers are there?'],
    ['Find $x^2$.', 'Find x².'],
  ] as const) {
    it(`sees no difference between ${left} and ${right}`, () => {
      assert.ok(same(left, right))
    })
  }

  for (const [left, right] of [
    ['What is $1+2$?', 'What is $1-2$?'],
    ['What is $2(3+4)$?', 'What is $2 \\cdot 3+4$?'],
    ['What is $x+12$?', 'What is $x+1.2$?'],
    ['Find x if x < 3.', 'Find x if x <= 3.'],
  ] as const) {
    it(`tells ${left} from ${right}`, () => {
      assert.ok(!same(left, right))
    })
  }
})
