// A few foreign bytes must not take the process down: counts that no bytes follow are refused at once.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import avro from 'avsc'
import { boundAvscBlocks } from '../../schemas/avsc-bounds.ts'

boundAvscBlocks()
const type = avro.Type.forSchema({
  type: 'record',
  name: 'Bounded',
  fields: [
    { name: 'numbers', type: { type: 'array', items: 'double' } },
    { name: 'words', type: { type: 'map', values: 'string' } },
  ],
})
const read = (hex: string): { value: unknown; offset: number } => type.decode(Buffer.from(hex, 'hex'), 0)

describe('the bounds of avsc', () => {
  // Zigzag: 2^31 - 1 items, 2^53, the same with a size in bytes, and more items than bytes by one.
  for (const count of ['feffffff0f', '80808080808080' + '20', 'ffffffff0f02', '04']) {
    it(`refuses an array whose count says more than there is (${count})`, () => {
      assert.throws(() => read(`${count}00`), /items in fewer bytes/)
    })
    it(`refuses a map whose count says more than there is (${count})`, () => {
      assert.throws(() => read(`00${count}00`), /items in fewer bytes/)
    })
  }

  it('reads blocks of either form, and the end of both', () => {
    const zero = '00'.repeat(8)
    const array = `02${zero}0110${zero}00`
    const map = '020261027800'
    const { value, offset } = read(array + map)
    assert.deepEqual(JSON.parse(JSON.stringify(value)), { numbers: [0, 0], words: { a: 'x' } })
    assert.equal(offset, (array + map).length / 2)
  })

  it('writes what it reads', () => {
    const value = { numbers: [1, 2.5], words: { one: 'a', two: '' } }
    assert.deepEqual(JSON.parse(JSON.stringify(type.fromBuffer(type.toBuffer(value)))), value)
  })
})
