// A score is taken from a reply of the right shape alone; every other shape is named, never read as a score.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readClassified, readPooling } from '../../llm/reply-scores.ts'
import { type RewardShape, sequenceReward, shapeOf, stepRewards, summarize, tokenReward } from '../../llm/rewards.ts'
import { Failure } from '../../schemas/failure.ts'
import { noRecordings, recorded } from '../support/recorded-vllm.ts'

const pooled = (data: unknown, tokens?: number): ReturnType<typeof readPooling> =>
  readPooling({ data: [{ index: 0, data }], ...(tokens === undefined ? {} : { usage: { prompt_tokens: tokens } }) })

const misfits = (read: () => unknown, words: RegExp): void => {
  assert.throws(
    read,
    (error: unknown) =>
      error instanceof Failure &&
      error.retry === 'permanent' &&
      error.code === 'reward-shape' &&
      words.test(error.message),
    String(words),
  )
}

const PAIRS = [
  [0.1, 0.9],
  [0.2, 0.8],
]

test('token: the last of one value a token, as lists of one or as a bare list', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 2, maxLength: 50 }),
      (values) => {
        const lists = values.map((value) => [value])
        assert.equal(tokenReward(pooled(lists, values.length)), values.at(-1))
        assert.equal(tokenReward(pooled(values, values.length)), values.at(-1))
        assert.equal(tokenReward(pooled(values)), values.at(-1), 'a server that counts no tokens')
      },
    ),
  )
})

test('sequence: the one value; process: the second of each pair', () => {
  assert.equal(sequenceReward(pooled([1.5], 48)), 1.5)
  assert.equal(sequenceReward(readClassified({ data: [{ probs: [-4.2] }], usage: { prompt_tokens: 3 } })), -4.2)
  assert.deepEqual(stepRewards(pooled(PAIRS, 30)), [0.9, 0.8])
})

test('another shape than the kind needs is a permanent failure that names both', () => {
  const token = (data: unknown, tokens: number) => () => tokenReward(pooled(data, tokens))
  misfits(token(PAIRS, 30), /rows of 2 values.*process.*token-rm needs one for each token/)
  misfits(token([], 8), /no values.*process.*token-rm/)
  misfits(token([1.5], 48), /one value for 48 tokens.*sequence.*token-rm/)
  misfits(token([[1], [2], [3]], 10), /3 values for 10 tokens/)
  misfits(token([1, 2, 3], 10), /3 values in one list for 10 tokens/)
  const sequence = (data: unknown, tokens: number) => () => sequenceReward(pooled(data, tokens))
  misfits(sequence([[1], [2], [3]], 3), /each of 3 tokens \(a token reward model\); sequence-rm needs one value/)
  misfits(sequence(PAIRS, 30), /rows of 2 values.*sequence-rm/)
  misfits(sequence([[0.1, 0.9]], 30), /a classifier of 2 classes.*sequence-rm/)
  misfits(sequence([], 30), /no values/)
  const steps = (data: unknown, tokens: number) => () => stepRewards(pooled(data, tokens))
  misfits(steps([[1], [2], [3]], 3), /token reward model.*process-rm needs a pair for each step/)
  misfits(steps([1.5], 48), /sequence reward model.*process-rm/)
  for (const pair of [
    [4, -11],
    [-0.5, 1.5],
    [0.3, 0.3],
  ])
    misfits(steps([pair], 31), /no pair of probabilities/)
})

test('the summary of steps', () => {
  const steps = [0.5, 0.25, 1]
  assert.deepEqual(
    (['min', 'mean', 'last', 'product'] as const).map((summary) => summarize(steps, summary)),
    [0.25, 1.75 / 3, 1, 0.125],
  )
})

test('the shape of a model out of its recorded reply', { skip: noRecordings }, () => {
  for (const [name, shape] of [
    ['rm_pooling_messages', 'token'],
    ['rm_pooling_base64', 'token'],
    ['prm_pooling_nostep', 'process'],
    ['prm_pooling_messages', 'process'],
    ['cls_pooling_messages', 'sequence'],
  ] satisfies [string, RewardShape][])
    assert.equal(shapeOf(readPooling(recorded(name).body)), shape, name)
  assert.equal(shapeOf(readClassified(recorded('cls_classify_messages').body)), 'sequence')
  assert.equal(shapeOf(pooled([0.2, 0.3, 0.5], 40)), null, 'a classifier of three classes')
})

test('what is no list of numbers is not a reply of this protocol', () => {
  for (const data of ['FkxrwAU7gsA0AYr', null, { a: 1 }, [['x']]])
    assert.throws(() => pooled(data, 3), { code: 'unreadable-reply' })
})
