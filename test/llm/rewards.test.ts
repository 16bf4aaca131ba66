// A score is the last token's value; every other shape is named, never read as a score.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readPooling } from '../../llm/reply-scores.ts'
import { tokenReward } from '../../llm/rewards.ts'
import { Failure } from '../../schemas/failure.ts'

const pooled = (data: unknown, tokens?: number): ReturnType<typeof readPooling> =>
  readPooling({ data: [{ index: 0, data }], ...(tokens === undefined ? {} : { usage: { prompt_tokens: tokens } }) })

test('the last of one value a token, as lists of one or as a bare list', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 2, maxLength: 50 }),
      (values) => {
        assert.equal(
          tokenReward(
            pooled(
              values.map((value) => [value]),
              values.length,
            ),
          ),
          values.at(-1),
        )
        assert.equal(tokenReward(pooled(values, values.length)), values.at(-1))
        assert.equal(tokenReward(pooled(values)), values.at(-1), 'a server that counts no tokens')
      },
    ),
  )
})

test('other shapes are permanent failures with a name', () => {
  for (const [data, tokens, words] of [
    [
      [
        [0.1, 0.9],
        [0.2, 0.8],
      ],
      30,
      /rows of 2 values/,
    ],
    [[], 8, /no values/],
    [[1.5], 48, /one value for 48 tokens/],
    [[[1], [2], [3]], 10, /3 values for 10 tokens/],
  ] as const)
    assert.throws(
      () => tokenReward(pooled(data, tokens)),
      (error: unknown) =>
        error instanceof Failure &&
        error.retry === 'permanent' &&
        error.code === 'reward-shape' &&
        words.test(error.message),
    )
})

test('what is no list of numbers is not a reply of this protocol', () => {
  for (const data of ['FkxrwAU7gsA0AYrA', null, { a: 1 }, [['x']]])
    assert.throws(() => pooled(data, 3), { code: 'unreadable-reply' })
})
