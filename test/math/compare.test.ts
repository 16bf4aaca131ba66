// Verdicts on pairs of every kind, and what must hold for any pair: symmetry, reflexivity, no throw.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compareAnswers } from '../../math/compare.ts'
import { apart, same } from './pairs.ts'

const fragments = [
  ...'0123456789xyzabnei+-*/=<>,.;:|!%^_(){}[]$ '.split(''),
  ...[
    '\\frac',
    '\\sqrt',
    '\\boxed{',
    '\\text{',
    '\\pm ',
    '\\cup ',
    '\\le ',
    '\\pi ',
    '\\infty ',
    '\\{',
    '\\}',
    '\\begin{pmatrix}',
  ],
  ...[
    '\\end{pmatrix}',
    '\\\\',
    '&',
    '\\sum_{k=1}^{n}',
    ' and ',
    ' or ',
    '\\%',
    '^\\circ',
    '\\sin ',
    '12',
    '{2}',
    '{3}',
    'cm',
    'Yes',
    '(A)',
  ],
]
const hostile = fc.array(fc.constantFrom(...fragments), { maxLength: 24 }).map((parts) => parts.join(''))

describe('compareAnswers', () => {
  it('calls the same what is the same', () => {
    const wrong = same.filter(([gold, pred]) => compareAnswers(gold, pred).verdict !== 'equal')
    assert.deepEqual(wrong, [])
  })

  it('calls different what is different', () => {
    const wrong = apart.filter(([gold, pred]) => compareAnswers(gold, pred).verdict !== 'different')
    assert.deepEqual(wrong, [])
  })

  it('is symmetric on all of them', () => {
    for (const [gold, pred] of [...same, ...apart]) {
      assert.equal(compareAnswers(pred, gold).verdict, compareAnswers(gold, pred).verdict, `${gold} | ${pred}`)
    }
  })

  it('is reflexive for any text that is not blank', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), hostile), (text) => {
        fc.pre(text.trim() !== '')
        assert.equal(compareAnswers(text, text).verdict, 'equal')
      }),
    )
  })

  it('never throws and is symmetric on LaTeX that is broken', () => {
    fc.assert(
      fc.property(hostile, hostile, (gold, pred) => {
        const there = compareAnswers(gold, pred)
        assert.doesNotMatch(there.reason, /^fault|too-deep/)
        assert.equal(compareAnswers(pred, gold).verdict, there.verdict)
      }),
      { numRuns: 2000 },
    )
  })

  it('says unknown, with the reason, where it cannot know', () => {
    const reasons = (gold: string, pred: string): string => {
      const { verdict, reason } = compareAnswers(gold, pred)
      assert.equal(verdict, 'unknown', `${gold} | ${pred}`)
      return reason
    }
    assert.equal(reasons('5', ''), 'empty')
    assert.equal(reasons('$\\frac{1}{0}$', '5'), 'not-finite')
    assert.equal(reasons('$\\foo{5}$', '5'), 'parse-failed')
    assert.equal(reasons('$\\text{hexagon}$', 'regular hexagon'), 'text')
    assert.equal(reasons('42', '(C)'), 'choice-without-value')
    assert.equal(reasons('$A \\cup B$', '(B)'), 'choice-without-value')
    assert.equal(
      reasons('$f$ is a function that grows without any bound at all', 'it is monotone on every interval'),
      'text',
    )
    assert.equal(reasons('5', '7'.repeat(1_000_000)), 'too-long')
  })
})

describe('numbers', () => {
  const whole = fc.integer({ min: -1_000_000, max: 1_000_000 })
  const natural = fc.integer({ min: 1, max: 100_000 })
  const verdict = (gold: string, pred: string): string => compareAnswers(gold, pred).verdict

  it('a fraction equals its multiples, its other spellings and its decimal form', () => {
    fc.assert(
      fc.property(
        whole,
        natural,
        fc.integer({ min: 2, max: 50 }),
        fc.constantFrom(1, 2, 4, 5, 8, 10, 16, 20, 25, 40, 50),
        (above, below, factor, ten) => {
          const gold = `$\\frac{${above}}{${below}}$`
          for (const pred of [
            `\\dfrac{${above * factor}}{${below * factor}}`,
            `${above} / ${below}`,
            `$ ${above}/${below} $`,
            `\\boxed{\\tfrac{${above}}{ ${below} }}`,
          ]) {
            assert.equal(verdict(gold, pred), 'equal', `${gold} | ${pred}`)
          }
          assert.equal(verdict(`\\frac{${above}}{${ten}}`, String(above / ten)), 'equal')
        },
      ),
    )
  })

  it('two fractions are equal exactly when their cross products are', () => {
    const small = fc.integer({ min: -30, max: 30 })
    const positive = fc.integer({ min: 1, max: 30 })
    fc.assert(
      fc.property(small, positive, small, positive, (a, b, c, d) => {
        assert.equal(verdict(`\\frac{${a}}{${b}}`, `${c}/${d}`), a * d === c * b ? 'equal' : 'different')
      }),
    )
  })

  it('a mixed number equals its fraction', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 99 }), natural, natural, (units, first, second) => {
        fc.pre(first !== second)
        const [above, below] = first < second ? [first, second] : [second, first]
        const fraction = `\\frac{${units * below + above}}{${below}}`
        assert.equal(verdict(`${units}\\frac{${above}}{${below}}`, fraction), 'equal')
        assert.equal(verdict(`-${units}\\frac{${above}}{${below}}`, `-${fraction}`), 'equal')
      }),
    )
  })

  it('grouping of digits does not count', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 2_000_000_000 }), (value) => {
        const grouped = value.toLocaleString('en-US')
        for (const separator of [',', '{,}', ',\\!', '\\,', ' ']) {
          assert.equal(verdict(String(value), grouped.replaceAll(',', separator)), 'equal', separator)
        }
        assert.equal(verdict(String(value + 1), grouped), 'different')
      }),
    )
  })
})

describe('expressions', () => {
  const small = fc.integer({ min: -20, max: 20 })
  const sign = (value: number): string => (value < 0 ? String(value) : `+${value}`)

  it('a product equals its expansion and no other', () => {
    fc.assert(
      fc.property(small, small, small, (a, b, off) => {
        const expanded = `x^2${sign(a + b)}x${sign(a * b + off)}`
        assert.equal(compareAnswers(`(x${sign(a)})(x${sign(b)})`, expanded).verdict, off === 0 ? 'equal' : 'different')
      }),
    )
  })

  it('a root equals its simplified form', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 200 }), (factor, under) => {
        assert.equal(compareAnswers(`\\sqrt{${factor * factor * under}}`, `${factor}\\sqrt{${under}}`).verdict, 'equal')
        assert.equal(
          compareAnswers(`\\frac{${under}}{\\sqrt{${under}}}`, `\\sqrt ${under}`.replace(' ', '')).verdict,
          'equal',
        )
      }),
    )
  })

  it('a list counts without order, a tuple with', () => {
    fc.assert(
      fc.property(fc.uniqueArray(small, { minLength: 2, maxLength: 6 }), (values) => {
        const turned = [...values.slice(1), ...values.slice(0, 1)]
        assert.equal(compareAnswers(values.join(', '), turned.join(' , ')).verdict, 'equal')
        assert.equal(compareAnswers(`\\{${values.join(',')}\\}`, turned.join(', ')).verdict, 'equal')
        assert.equal(compareAnswers(`(${values.join(',')})`, `(${turned.join(',')})`).verdict, 'different')
      }),
    )
  })

  it('says that it cannot tell of what nests deeper than it reads', () => {
    const deep = (open: string, inner: string, close: string, times: number): string =>
      open.repeat(times) + inner + close.repeat(times)
    for (const text of [deep('(1,', '1', ')', 81), deep('[', '1', ']', 81), deep('(1+', '1', ')', 90)])
      assert.deepEqual(compareAnswers('1', text), { verdict: 'unknown', reason: 'too-nested' })
    assert.equal(compareAnswers(deep('(1,', '1', ')', 90), deep('(1,', '1', ')', 95)).verdict, 'unknown')
    assert.equal(compareAnswers('21', deep('(1+', '1', ')', 20)).verdict, 'equal')
  })
})
