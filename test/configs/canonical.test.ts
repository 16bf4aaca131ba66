// Holds configs/canonical.ts: one text for one value, whatever the order of its keys.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { canonicalJson, deepFreeze, sha256 } from '../../configs/canonical.ts'

/** The same value with the keys of every mapping in the opposite order. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, field]) => [key, turned(field)]),
  )
}

describe('canonicalJson', () => {
  it('is the same for every order of keys, and means the same as the value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        assert.equal(canonicalJson(turned(value)), canonicalJson(value))
        assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  it('leaves out what is undefined, and keeps the order of lists', () => {
    assert.equal(canonicalJson({ b: undefined, a: [2, 1, undefined] }), '{"a":[2,1,null]}')
    assert.notEqual(canonicalJson([1, 2]), canonicalJson([2, 1]))
  })
})

describe('sha256', () => {
  it('is the published digest of "abc"', () => {
    assert.equal(sha256('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })
})

describe('deepFreeze', () => {
  it('freezes what is below, too', () => {
    const value = deepFreeze({ list: [{ a: 1 }] })
    assert.ok(Object.isFrozen(value.list) && Object.isFrozen(value.list[0]))
  })
})
