// What is right of settings is read beside what is wrong, and nothing else.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import { readAsFarAsRight } from '../../configs/as-far-as-right.ts'

const shape = z
  .strictObject({
    least: z.int().default(1),
    most: z.int().default(9),
    names: z.array(z.string()).default(['a']),
    inner: z.strictObject({ on: z.boolean().default(true), kind: z.string().default('k') }).prefault({}),
  })
  .refine(({ least, most }) => least <= most, { path: ['least'], message: 'is above most' })

test('wrong settings are as if they were not given; a list goes whole', () => {
  const plain = { least: 1, most: 9, names: ['a'], inner: { on: true, kind: 'k' } }
  assert.deepEqual(readAsFarAsRight(shape, { most: 'x', inner: { on: false } }), {
    ...plain,
    inner: { on: false, kind: 'k' },
  })
  assert.deepEqual(readAsFarAsRight(shape, { names: ['b', 5], most: 8 }), { ...plain, most: 8 })
  assert.deepEqual(readAsFarAsRight(shape, { other: 1, inner: { x: 1, kind: 'l' } }), {
    ...plain,
    inner: { on: true, kind: 'l' },
  })
  assert.deepEqual(readAsFarAsRight(shape, { least: 5, most: 3, inner: 7 }), { ...plain, most: 3 })
  for (const given of [5, null, 'x', []]) assert.equal(readAsFarAsRight(shape, given), null)
})

test('right settings are read as they are, and what was given is never changed', () => {
  const anything = fc.option(fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.array(fc.string())), {
    nil: undefined,
  })
  const given = fc.record(
    {
      least: anything,
      most: anything,
      names: anything,
      inner: fc.record({ on: anything, kind: anything }, { requiredKeys: [], noNullPrototype: true }),
      x: anything,
    },
    { requiredKeys: [], noNullPrototype: true },
  )
  fc.assert(
    fc.property(given, (settings) => {
      const before = structuredClone(settings)
      const parsed = shape.safeParse(settings)
      const read = readAsFarAsRight(shape, settings)
      if (parsed.success) assert.deepEqual(read, parsed.data)
      assert.deepEqual(settings, before)
      if (read !== null && Array.isArray(settings.names)) assert.deepEqual(read.names, settings.names)
    }),
  )
})
