// Scores come as JSON numbers or as base64 of float32; both say the same.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeFloats, readPooling } from '../../llm/reply-scores.ts'
import { noRecordings, recorded } from '../support/recorded-vllm.ts'

const encode = (values: readonly number[]): string => {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, index) => bytes.writeFloatLE(value, index * 4))
  return bytes.toString('base64')
}

test('what is written as float32 is read back, number for number', () => {
  fc.assert(
    fc.property(fc.array(fc.float()), (values) => {
      assert.deepEqual(decodeFloats(encode(values)), values)
    }),
  )
})

test('what is no base64 of whole numbers is not read', () => {
  for (const text of ['FkxrwAU7gsA0AYr', 'FkxrwAU7gsA0AQ==', '[1.5, 2]', 'not base64!', 'FkxrwAU7gsA0AYrA\n'])
    assert.throws(() => decodeFloats(text), { code: 'unreadable-reply' }, text)
})

test('the recorded base64 holds the values of the recorded lists', { skip: noRecordings }, () => {
  const packed = readPooling(recorded('rm_pooling_base64').body)
  const listed = readPooling(recorded('rm_pooling_input').body)
  assert.deepEqual(packed.rows, listed.rows)
  assert.deepEqual([packed.flat, packed.tokens, listed.flat], [true, 3, false])
})
