import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ALGEBRA } from '../../../local/engine/invented-algebra.ts'
import { ARITHMETIC } from '../../../local/engine/invented-arithmetic.ts'
import { COUNTING } from '../../../local/engine/invented-counting.ts'
import { compileFamily } from '../../../local/engine/invented-frame.ts'
import { GEOMETRY } from '../../../local/engine/invented-geometry.ts'
import { NUMBERS } from '../../../local/engine/invented-numbers.ts'
import { createInventor } from '../../../local/engine/invented.ts'
import { forms, latex, rational, slips, squareRoot } from '../../../local/engine/invented-value.ts'
import { boxed } from '../../../local/engine/text-writing.ts'

const author = createInventor()
const frames = [...ARITHMETIC, ...ALGEBRA, ...NUMBERS, ...COUNTING, ...GEOMETRY].flatMap(compileFamily)
const seed = fc.integer({ min: -(2 ** 40), max: 2 ** 40 })
const instruction = '\nPlease reason step by step, and put your final answer within \\boxed{}.'

describe('invented problems', () => {
  it('do not repeat over 200,000 seeds in a row, wherever the row begins', () => {
    for (const start of [0, 987_654_321_012]) {
      const seen = new Set<string>()
      for (let index = 0; index < 100_000; index += 1) seen.add(author.problem(start + index, ''))
      assert.equal(seen.size, 100_000)
    }
  })

  it('do not repeat over seeds with gaps, as choices of requests have them', () => {
    const seen = new Set<string>()
    for (let index = 0; index < 20_000; index += 1) seen.add(author.problem(index * 80, ''))
    assert.equal(seen.size, 20_000)
    const beginnings = new Set([...seen].map((text) => text.slice(0, 12)))
    assert.ok(beginnings.size > 40, `${beginnings.size} beginnings`)
  })

  it('are each read back by their own frame and by no other', () => {
    const place = fc.nat(frames.length - 1)
    fc.assert(
      fc.property(place, fc.double({ min: 0, max: 0.999_999, noNaN: true }), (at, share) => {
        const text = frames[at]!.write(Math.floor(share * frames[at]!.size))
        const readers = frames.filter((frame) => frame.read(`Solve this.\n ${text} ${instruction}`) !== null)
        assert.deepEqual(readers, [frames[at]], text)
        assert.ok(frames[at]!.read(text)?.steps.at(-1)?.includes('<answer>'))
      }),
      { numRuns: 2000 },
    )
  })

  it('have the answers that were worked out by hand', () => {
    const known: readonly (readonly [string, string])[] = [
      ['Solve for x: $17x + 205 = 1055$.', '50'],
      ['What is the greatest common divisor of 1860 and 9804?', '12'],
      ['Find the remainder when $4^{41}$ is divided by 30.', '4'],
      ['How many positive divisors does 720 have?', '30'],
      ['A right triangle has legs of lengths 6 and 8. What is the exact length of its hypotenuse?', '10'],
      ['A cone has a base radius of 3 and a height of 5. What is its exact volume?', '15\\pi'],
      ['What is the area of the triangle with vertices $(0, 0)$, $(20, 1)$ and $(3, 20)$?', '\\frac{397}{2}'],
      [
        'A bag holds 3 red, 4 blue and 3 green marbles. Two marbles are drawn at random without replacement. What is the probability that both are red?',
        '\\frac{1}{15}',
      ],
      ['Evaluate the integral $\\int_0^{3} (2x^2 + 5x) \\, dx$. Give an exact value.', '\\frac{81}{2}'],
      ['How many integers between 20 and 120, inclusive, are divisible by 7?', '15'],
      [
        'Find the smallest positive integer that leaves remainder 2 when divided by 23 and remainder 3 when divided by 101.',
        '508',
      ],
      ['In how many ways can 10 identical coins be shared among 3 children if each child gets at least 2?', '15'],
    ]
    for (const [text, answer] of known) {
      const solution = frames.map((frame) => frame.read(text)).find((found) => found !== null)
      assert.ok(solution, text)
      assert.equal(latex(solution.answer), answer, text)
    }
  })

  it('go on after an opener', () => {
    assert.match(author.problem(5, 'Solve for x:'), /^ \$\d+/)
    assert.match(author.problem(5, 'How many '), /^[a-z]/)
    fc.assert(
      fc.property(
        seed,
        fc.constantFrom('Solve for x:', 'How many', 'In a triangle', 'Find the remainder when', 'Prove that'),
        (number, opener) => {
          const text = opener + author.problem(number, opener)
          assert.ok(
            frames.some((frame) => frame.read(text) !== null),
            text,
          )
        },
      ),
    )
  })
})

describe('invented answers', () => {
  it('are decided by question and seed, also in another process', () => {
    const question = author.problem(12, '') + instruction
    const module = join(import.meta.dirname, '../../../local/engine/invented.ts')
    const script = `import { createInventor } from ${JSON.stringify(module)}; const a = createInventor(); const q = a.problem(12, '') + ${JSON.stringify(instruction)}; console.log(JSON.stringify([a.answer(q, 3), a.reward(q, a.answer(q, 3))]))`
    const other: unknown = JSON.parse(
      execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }),
    )
    assert.deepEqual(other, [author.answer(question, 3), author.reward(question, author.answer(question, 3))])
    assert.notEqual(author.answer(question, 3), author.answer(question, 4))
  })

  it('are right and wrong, boxed, of many lengths, and the rewards know it', () => {
    const rewards = { right: [] as number[], wrong: [] as number[] }
    const lengths: number[] = []
    let boxes = 0
    for (let problem = 0; problem < 300; problem += 1) {
      const text = author.problem(problem, '')
      const solution = frames.map((frame) => frame.read(text)).find((found) => found !== null)!
      for (let sample = 0; sample < 8; sample += 1) {
        const answer = author.answer(text + instruction, sample)
        const result = boxed(answer)
        lengths.push(answer.length)
        if (result === null) continue
        boxes += 1
        const kind = forms(solution.answer).includes(result) ? 'right' : 'wrong'
        rewards[kind].push(author.reward(text + instruction, answer))
      }
    }
    const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length
    const share = rewards.right.length / boxes
    assert.ok(share > 0.5 && share < 0.8, `${share} right`)
    assert.ok(boxes > 2200 && boxes < 2400, `${boxes} boxes`)
    assert.ok(mean(rewards.right) - mean(rewards.wrong) > 3)
    assert.ok(Math.max(...rewards.wrong) > Math.min(...rewards.right), 'rewards are noisy')
    lengths.sort((left, right) => left - right)
    assert.ok(lengths.at(-100)! > 2 * lengths[100]!, `${lengths[100]} to ${lengths.at(-100)}`)
  })

  it('to a problem of somebody else agree now and then', () => {
    const results = Array.from({ length: 64 }, (_, number) =>
      boxed(author.answer('What is the meaning of 42?', number)),
    )
    const counts = Object.values(Object.groupBy(results, String)).map((group) => group!.length)
    assert.ok(counts.length >= 2 && counts.length <= 5, `${counts.length} answers`)
    assert.ok(Math.max(...counts) > 20)
  })
})

describe('values', () => {
  it('are written in forms that are equal, in lowest terms', () => {
    assert.deepEqual(forms(rational(6, -8)), ['-\\frac{3}{4}', '-\\dfrac{3}{4}', '-3/4', '-0.75'])
    assert.deepEqual(forms(rational(12_345)), ['12345', '12{,}345', '12,345'])
    assert.deepEqual(forms(rational(3, 2, '\\pi'))[0], '\\frac{3\\pi}{2}')
    assert.equal(latex(squareRoot(72)), '6\\sqrt{2}')
    assert.equal(latex(squareRoot(49)), '7')
  })

  it('have four slips that differ from them and from each other', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: 1, max: 90 }), (top, bottom) => {
        const value = rational(top, bottom)
        const texts = slips(value).map(latex)
        assert.equal(new Set([latex(value), ...texts]).size, 5)
      }),
    )
  })
})
