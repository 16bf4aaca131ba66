// Foreign bytes on a topic: a record, or a permanent Failure `undecodable`; nothing else, and no memory that a few bytes claim.

import assert from 'node:assert/strict'
import avro from 'avsc'
import fc from 'fast-check'
import { RECORD_NAMES } from '../../schemas/avro-files.ts'
import { codecOf } from '../../schemas/codec.ts'
import { Failure } from '../../schemas/failure.ts'
import { readRegistryFile, subjectOf } from '../../schemas/registry.ts'
import { mutated } from './mutations.ts'

const released = readRegistryFile()
const codec = codecOf(released)

const valid = released.flatMap((entry) => {
  const type = avro.Type.forSchema(entry.schema as avro.Schema)
  const frame = Buffer.alloc(5)
  frame.writeInt32BE(entry.id, 1)
  return Array.from({ length: 3 }, () => Buffer.concat([frame, type.toBuffer(type.random())]))
})
const names = new Map(
  released.map(({ id, subject }) => [id, RECORD_NAMES.find((name) => subjectOf(name) === subject)!]),
)

export const avroDecoder = fc.property(
  fc.oneof(
    { weight: 5, arbitrary: mutated(valid) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)) },
  ),
  (bytes) => {
    const name = (bytes.length > 4 ? names.get(bytes.readInt32BE(1)) : undefined) ?? 'Problem'
    let record
    try {
      record = codec.decode(name, bytes)
    } catch (error) {
      assert.ok(error instanceof Failure, `not a Failure: ${String(error)}`)
      assert.deepEqual([error.retry, error.code], ['permanent', 'undecodable'])
      return
    }
    // What was read can be written: a stage that lets it pass must not stumble over it later.
    codec.encode(name, record)
  },
)
