// Columns for `datasets` from Avro schemas: every shape that rows of ours have.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { featuresOf } from '../../../analytics/card/features.ts'
import { rowSchema } from '../../../sinks/json/rows.ts'

const field = (name: string, type: unknown) => ({ name, type })

describe('columns of a card', () => {
  it('declares scalars, lists, structs and maps', () => {
    const turn = { type: 'record', name: 'Turn', namespace: 'magpie', fields: [field('from', 'string')] }
    const schema = {
      type: 'record',
      name: 'Row',
      fields: [
        field('text', ['null', 'string']),
        field('at', { type: 'long', logicalType: 'timestamp-millis' }),
        field('turns', { type: 'array', items: turn }),
        field('last', 'magpie.Turn'),
        field('names', { type: 'array', items: 'string' }),
        field('rewards', { type: 'map', values: 'double' }),
      ],
    }
    assert.deepEqual(featuresOf(schema), [
      { name: 'text', dtype: 'string' },
      { name: 'at', dtype: 'int64' },
      { name: 'turns', list: [{ name: 'from', dtype: 'string' }] },
      { name: 'last', struct: [{ name: 'from', dtype: 'string' }] },
      { name: 'names', list: 'string' },
      { name: 'rewards', dtype: 'json' },
    ])
  })

  it('declares every column of the data sets', () => {
    for (const type of ['sft', 'preference'] as const) {
      const schema = JSON.parse(rowSchema(type)) as { fields: { name: string }[] }
      const names = featuresOf(schema)?.map(({ name }) => name)
      assert.deepEqual(
        names,
        schema.fields.map(({ name }) => name),
      )
    }
  })

  it('declares nothing where one column is of two types', () => {
    assert.equal(featuresOf({ type: 'record', name: 'Row', fields: [field('x', ['int', 'string'])] }), null)
  })
})
