import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import avro from 'avsc'
import fc from 'fast-check'
import { RECORD_NAMES } from '../../schemas/avro-files.ts'
import { codecOf, createCodec } from '../../schemas/codec.ts'
import { Failure } from '../../schemas/failure.ts'
import type { RecordName, Records } from '../../schemas/records.ts'
import { readRegistryFile, subjectOf, withUnreleased } from '../../schemas/registry.ts'
import { MAX_RECORD_BYTES } from '../../schemas/topics.ts'

const released = readRegistryFile()
const codec = codecOf(released)

/** avsc's instances as plain objects, so that they compare by value. */
const plainOf = (value: unknown) =>
  JSON.parse(
    JSON.stringify(value, (_key, item: unknown) => (Buffer.isBuffer(item) ? item.toString('hex') : item)),
  ) as unknown

function randomRecord<Name extends RecordName>(name: Name): Records[Name] {
  const newest = released.filter((entry) => entry.subject === subjectOf(name)).at(-1)!
  return avro.Type.forSchema(newest.schema as avro.Schema).random() as unknown as Records[Name]
}

function undecodable(name: RecordName, value: Buffer): void {
  assert.throws(
    () => codec.decode(name, value),
    (error) => error instanceof Failure && error.retry === 'permanent' && error.code === 'undecodable',
  )
}

describe('codec', () => {
  it('every .avsc is released as the newest version of its subject', () => {
    assert.deepEqual(withUnreleased(released), released, 'run npm run schemas:release')
  })

  for (const name of RECORD_NAMES) {
    it(`${name} comes back as it went in, with the id of its schema in the frame`, () => {
      for (let round = 0; round < 20; round++) {
        const record = randomRecord(name)
        const framed = codec.encode(name, record)
        assert.equal(framed[0], 0)
        assert.equal(codec.nameOf(framed), name)
        assert.deepEqual(plainOf(codec.decode(name, framed)), plainOf(record))
      }
    })
  }

  it('reads every released version of every record', () => {
    for (const entry of released) {
      const type = avro.Type.forSchema(entry.schema as avro.Schema)
      const body = type.toBuffer(type.random())
      const frame = Buffer.alloc(5)
      frame.writeInt32BE(entry.id, 1)
      const name = RECORD_NAMES.find((candidate) => subjectOf(candidate) === entry.subject)!
      assert.ok(codec.decode(name, Buffer.concat([frame, body])))
    }
  })

  it('reads an older version with the defaults of fields that were added since', () => {
    const older = {
      type: 'record',
      name: 'RunRecord',
      namespace: 'magpie',
      fields: [
        { name: 'id', type: 'string' },
        { name: 'runId', type: 'string' },
      ],
    }
    const newer = { ...older, fields: [...older.fields, { name: 'revision', type: 'string', default: 'main' }] }
    const others = released.filter((entry) => entry.subject !== 'magpie.RunRecord')
    const versions = [older, newer].map((schema, index) => ({
      id: 90 + index,
      subject: 'magpie.RunRecord',
      version: index + 1,
      schema,
    }))
    const value = avro.Type.forSchema(older as avro.Schema).toBuffer({ id: 'a/main', runId: 'a' })
    const framed = Buffer.concat([Buffer.from([0, 0, 0, 0, 90]), value])
    assert.equal(codecOf([...others, ...versions]).decode('RunRecord', framed).revision, 'main')
  })

  it('an encoded buffer is not overwritten by the next one', () => {
    const first = codec.encode('RunRecord', randomRecord('RunRecord'))
    const copy = Buffer.from(first)
    codec.encode('RunRecord', randomRecord('RunRecord'))
    assert.deepEqual(first, copy)
  })

  it('takes records of many megabytes and refuses those over the limit', () => {
    const record = { ...randomRecord('Rejection'), record: Buffer.alloc(MAX_RECORD_BYTES - 100_000, 7) }
    assert.equal(codec.decode('Rejection', codec.encode('Rejection', record)).record.length, record.record.length)
    const large = { ...record, record: Buffer.alloc(MAX_RECORD_BYTES) }
    assert.throws(() => codec.encode('Rejection', large), { code: 'record-too-large', retry: 'permanent' })
  })

  it('names the field of an invalid record', () => {
    const record = { ...randomRecord('Problem'), slot: 'seven' } as unknown as Records['Problem']
    assert.throws(() => codec.encode('Problem', record), { code: 'record-invalid', message: /slot/ })
  })

  it('refuses another record, an unknown id, truncated and trailing bytes', () => {
    const framed = codec.encode('Rejection', randomRecord('Rejection'))
    undecodable('Problem', framed)
    undecodable('Rejection', framed.subarray(0, framed.length - 1))
    undecodable('Rejection', Buffer.concat([framed, Buffer.from([0])]))
    undecodable('Rejection', Buffer.from([0, 0, 0, 99, 99, 1, 2, 3]))
    undecodable('Rejection', Buffer.from('{"id": "json"}'))
  })

  it('any bytes are a record or an undecodable failure, never another error', () => {
    const ids = fc.integer({ min: 0, max: released.length + 1 })
    fc.assert(
      fc.property(ids, fc.uint8Array({ maxLength: 300 }), fc.constantFrom(...RECORD_NAMES), (id, body, name) => {
        try {
          codec.decode(name, Buffer.from([0, 0, 0, 0, id, ...body]))
        } catch (error) {
          assert.ok(error instanceof Failure && error.code === 'undecodable', String(error))
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('uses the ids of a Confluent registry', async () => {
    const schemas = new Map<string, string>()
    const server = createServer((request, response) => {
      const subject = /^\/subjects\/([^/]+)\/versions(\/1)?$/.exec(request.url ?? '')!
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        const name = subject[1]!
        if (request.method === 'POST') schemas.set(name, (JSON.parse(body) as { schema: string }).schema)
        const id = 700 + [...schemas.keys()].indexOf(name)
        const reply = request.method === 'POST' ? { id } : subject[2] ? { id, schema: schemas.get(name) } : [1]
        response.end(JSON.stringify(reply))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const { port } = server.address() as AddressInfo
      const confluent = await createCodec({ registryUrl: `http://127.0.0.1:${port}` })
      const framed = confluent.encode('Problem', randomRecord('Problem'))
      assert.equal(framed.readInt32BE(1), 700)
      assert.equal(confluent.nameOf(framed), 'Problem')
    } finally {
      server.close()
    }
  })
})
