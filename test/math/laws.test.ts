// What holds for answers of every kind: a verdict is the same from either side, an answer equals itself, and the classes of
// a vote do not depend on the order in which the answers came.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compareAnswers } from '../../math/compare.ts'
import type { Comparison } from '../../math/contract.ts'
import { groupAnswers } from '../../math/group.ts'
import { apart, same } from './pairs.ts'

const small = fc.integer({ min: -4, max: 4 })
const natural = fc.integer({ min: 1, max: 9 })
const atom = fc.oneof(
  small.map(String),
  fc.tuple(small, natural).map(([above, below]) => `\\frac{${above}}{${below}}`),
  natural.map((value) => `\\sqrt{${value}}`),
  fc.constantFrom('x', 'y', 'n', '\\pi', 'i', '\\infty', 'e'),
)
const sum = fc.tuple(atom, fc.constantFrom('+', '-', '\\cdot ', '^'), natural).map((parts) => parts.join(''))
const value = fc.oneof(atom, sum)
const listOf = (item: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(item, { minLength: 1, maxLength: 4 }).map((items) => items.join(', '))

/** One generator for each kind of answer. */
const kinds: Record<string, fc.Arbitrary<string>> = {
  number: fc.oneof(
    small.map(String),
    fc.tuple(small, natural).map((parts) => parts.join('/')),
    fc.tuple(small, natural).map((parts) => parts.join('.')),
    fc.tuple(natural, natural).map(([digit, power]) => `${digit} \\times 10^{${power}}`),
    natural.map((digit) => `${digit},000`),
    fc.constantFrom('five', '½', '0.\\overline{3}', '1 1/2', '101_2', '3!'),
  ),
  percent: fc.oneof(
    small.map((number) => `${number}\\%`),
    small.map((number) => `${number} percent`),
    small.map((number) => String(number / 100)),
  ),
  quantity: fc
    .tuple(natural, fc.constantFrom('cm', 'm', 'mm^2', '\\text{ hours}', 'minutes', '^\\circ', 'dollars', '\\$', 'mph'))
    .map(([number, unit]) => (unit === '\\$' ? `\\$${number}` : `${number} ${unit}`)),
  expression: value,
  list: listOf(value),
  set: listOf(value).map((items) => `\\{${items}\\}`),
  tuple: listOf(value).map((items) => `(${items})`),
  interval: fc
    .tuple(fc.constantFrom('(', '['), small, small, fc.constantFrom(')', ']'))
    .map(([open, lower, upper, close]) => `${open}${Math.min(lower, upper)}, ${Math.max(lower, upper)}${close}`),
  union: fc.tuple(small, small).map(([left, right]) => `(-\\infty,${left}) \\cup (${right},\\infty)`),
  matrix: fc
    .tuple(value, value, fc.constantFrom('\\\\', '&'))
    .map(([a, b, between]) => `\\begin{pmatrix}${a}${between}${b}\\end{pmatrix}`),
  equation: fc.tuple(fc.constantFrom('x', 'y', 'f(x)', 'x+y', 'a_1'), value).map((sides) => sides.join('=')),
  inequality: fc
    .tuple(value, fc.constantFrom('<', '\\le ', '>', '\\ge ', '\\ne '), value)
    .map((parts) => parts.join('')),
  plusMinus: value.map((inner) => `\\pm ${inner}`),
  ratio: fc.tuple(natural, natural).map((parts) => parts.join(':')),
  choice: fc
    .tuple(fc.constantFrom('A', 'B', 'C'), fc.constantFrom('', ' 5', ' x'))
    .chain(([letter, rest]) => fc.constantFrom(letter, `(${letter})${rest}`, `\\text{${letter}}`, `${letter}.${rest}`)),
  words: fc.constantFrom(
    'yes',
    'No',
    'no solution',
    'infinitely many',
    'Monday',
    'does not exist',
    'the red one',
    'even',
  ),
}
const anyKind = fc.oneof(...Object.values(kinds))
const anyAnswer = fc
  .tuple(anyKind, fc.constantFrom('', '$', 'box'))
  .map(([text, wrapping]) => (wrapping === '' ? text : wrapping === '$' ? `$${text}$` : `So it is $\\boxed{${text}}$.`))

describe('a verdict', () => {
  it('is the same from either side, for answers of any two kinds', () => {
    fc.assert(
      fc.property(anyAnswer, anyAnswer, (left, right) => {
        assert.equal(compareAnswers(right, left).verdict, compareAnswers(left, right).verdict, `${left} | ${right}`)
      }),
      { numRuns: 4_000 },
    )
  })

  for (const [name, kind] of Object.entries(kinds)) {
    it(`is the same from either side: ${name}`, () => {
      fc.assert(
        fc.property(kind, kind, (left, right) => {
          assert.equal(compareAnswers(right, left).verdict, compareAnswers(left, right).verdict, `${left} | ${right}`)
        }),
        { numRuns: 200 },
      )
    })
  }

  it('is equal for one answer in two wrappings, or unknown where it says nothing', () => {
    fc.assert(
      fc.property(anyKind, (text) => {
        const { verdict, reason } = compareAnswers(text, `So it is $\\boxed{${text}}$.`)
        assert.notEqual(verdict, 'different', `${text}: ${reason}`)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('the classes of a vote', () => {
  const compare = (left: string, right: string): Promise<Comparison> => Promise.resolve(compareAnswers(left, right))
  /** Each class as its answers in order; the classes in order. */
  const partition = async (answers: readonly string[]): Promise<string[]> => {
    const { classes } = await groupAnswers(answers, compare)
    return classes.map(({ members }) => JSON.stringify(members.map((member) => answers[member]).toSorted())).toSorted()
  }
  const pooled = fc.constantFrom(...[...same, ...apart].flat().filter((text) => text.length < 60))
  const near = fc.constantFrom(
    '28',
    '28\\%',
    '0.28',
    '28 \\%',
    '$28$',
    '7/25',
    '0.280001',
    '28.0000001',
    '2800',
    '$0.28$',
  )

  for (const [name, answer] of Object.entries({
    'of any kind': anyAnswer,
    'from pairs': pooled,
    'that nearly agree': near,
  })) {
    it(`do not depend on the order of the answers: ${name}`, async () => {
      const shuffled = fc
        .array(answer, { maxLength: 8 })
        .chain((answers) =>
          fc.tuple(
            fc.constant(answers),
            fc.shuffledSubarray(answers, { minLength: answers.length, maxLength: answers.length }),
          ),
        )
      await fc.assert(
        fc.asyncProperty(shuffled, async ([first, second]) => {
          assert.deepEqual(await partition(second), await partition(first))
        }),
        { numRuns: 250 },
      )
    })
  }
})
