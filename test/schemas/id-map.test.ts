import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createIdMap, idOfWords, idWords } from '../../schemas/id-map.ts'

describe('the id map', () => {
  it('does what a Map does, for any ids in any order, over many growths', () => {
    const entries = fc.array(fc.tuple(fc.uuid(), fc.nat({ max: 4294967294 })), { maxLength: 4000, size: 'max' })
    fc.assert(
      fc.property(entries, (pairs) => {
        const map = createIdMap()
        for (const [id, value] of pairs) map.set(id, value)
        const model = new Map(pairs)
        assert.equal(map.size, model.size)
        for (const [id, value] of model) assert.equal(map.get(id), value)
      }),
      { numRuns: 20 },
    )
  })

  it('does not know what was never put in, not even ids that fall on the same place', () => {
    const map = createIdMap()
    map.set('00000001-0000-5000-8000-000000000000', 5)
    assert.equal(map.get('00000001-0000-5000-8000-000100000000'), undefined)
    assert.equal(map.has('00000000-0000-5000-8000-000000000001'), false)
    assert.equal(map.get('00000001-0000-5000-8000-000000000000'), 5)
  })

  it('gives an id back from its words', () => {
    fc.assert(
      fc.property(fc.uuid(), (id) => {
        assert.equal(idOfWords(idWords(id)), id)
      }),
    )
  })

  it('throws on what is no UUID', () => {
    assert.throws(() => createIdMap().get('p/answer'), /not a UUID/)
  })
})
