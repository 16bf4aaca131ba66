import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { insertParts } from '../../../sinks/clickhouse/json-lines.ts'

const row = fc.dictionary(
  fc.constantFrom('a', 'b', 'c'),
  fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.integer(), fc.constant(null)),
)

describe('rows as lines', () => {
  it('are all there, in order, in parts within their limits, whatever their letters', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 900 }),
        async (rows, most, bytes) => {
          const read: Record<string, unknown>[] = []
          for await (const { columns, lines } of insertParts(rows, { rows: most, bytes })) {
            // Read at once: the next part is written over this one.
            const texts = lines.toString().trimEnd().split('\n')
            assert.ok(texts.length <= most)
            assert.ok(lines.length <= bytes || texts.length === 1)
            for (const text of texts) {
              const values = JSON.parse(text) as unknown[]
              assert.equal(values.length, columns.length)
              read.push(Object.fromEntries(columns.map((column, index) => [column, values[index]])))
            }
          }
          const columns = [...new Set(rows.flatMap((each) => Object.keys(each)))]
          const expected = rows.map((each) => Object.fromEntries(columns.map((name) => [name, each[name] ?? null])))
          assert.deepEqual(read, JSON.parse(JSON.stringify(expected)))
        },
      ),
      { numRuns: 300 },
    )
  })
})
