// A record that has grown from another is the same bytes whether its fields are copied or written anew.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import avro from 'avsc'
import { codecOf } from '../../schemas/codec.ts'
import { createFieldBytes } from '../../schemas/field-bytes.ts'
import type { RecordType } from '../../schemas/field-bytes.ts'
import type { RecordName } from '../../schemas/records.ts'
import { readRegistryFile, subjectOf } from '../../schemas/registry.ts'

const released = readRegistryFile()
const codec = codecOf(released)
/** Has read nothing, so it writes every field. */
const anew = codecOf(released)

/** Each grows from those before it. */
const GROWING = ['Screened', 'Tagged', 'Answered', 'Sampled', 'Verified', 'Judged', 'Rewarded', 'Conversed'] as const

function random(name: RecordName): Record<string, unknown> {
  const newest = released.filter((entry) => entry.subject === subjectOf(name)).at(-1)!
  const type = avro.Type.forSchema(newest.schema as avro.Schema)
  return { ...(type.random() as unknown as Record<string, unknown>) }
}

describe('fields that stay', () => {
  for (const [index, from] of GROWING.entries()) {
    for (const to of GROWING.slice(index)) {
      it(`are the same bytes in ${to} as they were in ${from}`, () => {
        for (let round = 0; round < 5; round += 1) {
          const before = codec.decode(from, codec.encode(from, random(from) as never))
          const envelope = { revision: `r${round}`, createdAt: 1_700_000_000_000 + round }
          const grown = { ...random(to), ...before, ...envelope } as never
          assert.deepEqual(codec.encode(to, grown), anew.encode(to, grown))
        }
      })
    }
  }

  it('are written anew where another object stands in their place', () => {
    const before = codec.decode('Sampled', codec.encode('Sampled', random('Sampled') as never))
    const changed = { ...before, problem: { ...before.problem, text: 'another text' } }
    assert.equal(codec.decode('Sampled', codec.encode('Sampled', changed)).problem.text, 'another text')
  })

  const pair = avro.Type.forSchema({
    type: 'record',
    name: 'Pair',
    fields: [
      { name: 'left', type: { type: 'array', items: 'string' } },
      { name: 'right', type: { type: 'array', items: 'int' } },
    ],
  }) as RecordType

  it('are written anew in a field of another type', () => {
    const fields = createFieldBytes()(pair)
    const { value } = fields.decode(pair.toBuffer({ left: [], right: [1] }), 0) as { value: { right: number[] } }
    assert.throws(() => fields.encode({ left: value.right, right: value.right }, Buffer.alloc(100), 0))
  })

  it('say how many bytes are missing, in the field where they end', () => {
    const fields = createFieldBytes()(pair)
    const bytes = pair.toBuffer({ left: ['some text', 'another'], right: [1, 2, 3] })
    const { value, offset } = fields.decode(bytes, 0)
    assert.equal(offset, bytes.length)
    assert.deepEqual({ ...(value as object) }, { left: ['some text', 'another'], right: [1, 2, 3] })
    const isRead = (part: Buffer): boolean => {
      try {
        return fields.decode(part, 0).offset >= 0
      } catch {
        return false // the bound on blocks sees it first
      }
    }
    for (let room = 0; room < bytes.length; room += 1) {
      assert.ok(!isRead(bytes.subarray(0, room)), `read from ${room} bytes`)
      assert.ok(fields.encode(value as object, Buffer.alloc(room), 0) < 0, `written into ${room} bytes`)
    }
    assert.equal(fields.encode(value as object, Buffer.alloc(bytes.length), 0), bytes.length)
  })
})
