// Holds configs/nearest.ts: distances are a metric, and hints are near or absent.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { editDistance, nearest } from '../../configs/nearest.ts'

const word = fc.string({ maxLength: 12 })

describe('editDistance', () => {
  it('is zero for equal words only, symmetric, and at most the longer length', () => {
    fc.assert(
      fc.property(word, word, (left, right) => {
        const distance = editDistance(left, right)
        assert.equal(distance === 0, left === right)
        assert.equal(distance, editDistance(right, left))
        assert.ok(distance <= Math.max(left.length, right.length))
        assert.ok(distance >= Math.abs(left.length - right.length))
      }),
    )
  })

  it('counts one insertion, deletion, replacement or swap as one', () => {
    assert.equal(editDistance('limit', 'limt'), 1)
    assert.equal(editDistance('limit', 'limiit'), 1)
    assert.equal(editDistance('limit', 'lumit'), 1)
    assert.equal(editDistance('limit', 'limti'), 1)
  })
})

describe('nearest', () => {
  const known = ['maxTokens', 'temperature', 'topP', 'topK', 'endpoints']

  it('finds other spellings and typing errors', () => {
    assert.equal(nearest('max_tokens', known), 'maxTokens')
    assert.equal(nearest('temprature', known), 'temperature')
    assert.equal(nearest('top-p', known), 'topP')
    assert.equal(nearest('endpoint', known), 'endpoints')
  })

  it('takes the one with the fewest edits of those that are as near', () => {
    assert.equal(nearest('qwen2.5-maths-7b', ['qwen2', 'qwen2.5-math-7b', 'qwen2.5']), 'qwen2.5-math-7b')
  })

  it('says nothing where nothing is near', () => {
    assert.equal(nearest('colour', known), null)
    assert.equal(nearest('x', []), null)
  })

  it('always finds a known name itself', () => {
    fc.assert(fc.property(fc.constantFrom(...known), (name) => nearest(name, known) === name))
  })
})
