import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createIdTable, readUuid } from '../../schemas/id-table.ts'
import { idOfWords, idWords } from '../../schemas/id-map.ts'

describe('the id table', () => {
  for (const key of [4, 5] as const) {
    it(`does what a Map does with keys of ${key} words, over many growths`, () => {
      // Few different words, so that ids agree in parts and fall on the same places.
      const word = fc.constantFrom(0, 1, 2, 0xffffffff)
      const id = fc.array(word, { minLength: key, maxLength: key })
      const steps = fc.array(fc.tuple(fc.oneof(id, fc.array(fc.nat(), { minLength: key, maxLength: key })), fc.nat()), {
        maxLength: 3000,
        size: 'max',
      })
      fc.assert(
        fc.property(steps, (pairs) => {
          const table = createIdTable({ key, notes: 2 })
          const model = new Map<string, number>()
          for (const [words, value] of pairs) {
            const at = table.take(words)
            table.words()[at + key + 1] = value
            model.set(words.join(), value)
          }
          assert.equal(table.size, model.size)
          const found = new Map<string, number>()
          for (const at of table.entries())
            found.set(
              table
                .words()
                .slice(at, at + key)
                .join(),
              table.words()[at + key + 1]!,
            )
          assert.deepEqual(found, model)
          for (const [words] of pairs) assert.equal(table.words()[table.find(words) + key + 1], model.get(words.join()))
        }),
        { numRuns: 30 },
      )
    })
  }

  it('does not know what was never put in', () => {
    const table = createIdTable({ key: 4, notes: 1 })
    table.take([1, 2, 3, 4])
    assert.equal(table.find([1, 2, 3, 5]), -1)
    assert.equal(table.find([0, 0, 0, 0]), -1)
  })

  it('keeps the notes of ids of nothing but zeros', () => {
    const table = createIdTable({ key: 4, notes: 1 })
    assert.equal(table.take([0, 0, 0, 0]), table.find([0, 0, 0, 0]))
    assert.equal(table.size, 1)
  })
})

describe('an id in bytes', () => {
  it('is read as the words of its text, wherever it stands', () => {
    const words = new Uint32Array(4)
    fc.assert(
      fc.property(fc.uuid(), fc.string(), (id, more) => {
        assert.equal(readUuid(Buffer.from(`${id}${more}`), words), true)
        assert.deepEqual([...words], idWords(id))
        assert.equal(idOfWords(words), id)
      }),
    )
  })
  it('is nothing else', () => {
    const words = new Uint32Array(4)
    const id = '01686961-989d-406c-9ff7-c6ee20965ebd'
    for (const other of ['', id.slice(1), id.toUpperCase(), id.replace('-', '0'), `g${id.slice(1)}`])
      assert.equal(readUuid(Buffer.from(other), words), false, other)
  })
})
