// Rows on a terminal: a table as long as columns stay readable, a block a row where they do not, nothing that it obeys.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { formatFor } from '../../cli/sql-formats.ts'
import { renderRows } from '../../cli/sql-table.ts'
import { UsageFault } from '../../schemas/failure.ts'
import { OBEYED } from '../support/hostile-text.ts'

const rowsOf = (types: readonly string[], data: readonly (readonly string[])[]) => ({
  meta: types.map((type, at) => ({ name: `column_${at}`, type })),
  data,
})
const PLAIN = { width: 40, colour: false }

describe('rows on a terminal', () => {
  it('are a table with numbers on the right, long cells cut', () => {
    const text = renderRows(
      rowsOf(
        ['String', 'UInt64'],
        [
          ['x'.repeat(50), '7'],
          ['short', '123'],
        ],
      ),
      PLAIN,
    )
    assert.equal(
      text,
      [
        'column_0                        column_1',
        `${'x'.repeat(29)}…         7`,
        'short                                123',
        '2 rows; long cells are cut: --format vertical shows them whole',
      ].join('\n'),
    )
  })

  it('are blocks of whole values where there are too many columns', () => {
    const text = renderRows(
      rowsOf(Array(4).fill('String'), [['one\ntwo', 'b'.repeat(60), 'c'.repeat(20), 'd'.repeat(20)]]),
      PLAIN,
    )
    assert.equal(
      text,
      `row 1\ncolumn_0  one\n          two\ncolumn_1  ${'b'.repeat(60)}\ncolumn_2  ${'c'.repeat(20)}\ncolumn_3  ${'d'.repeat(20)}\n\n1 row`,
    )
  })

  it('are a thousand at most, and say so', () => {
    const lines = renderRows(
      rowsOf(
        ['UInt64'],
        Array.from({ length: 1500 }, (_, at) => [String(at)]),
      ),
      PLAIN,
    ).split('\n')
    assert.equal(lines.length, 1002)
    assert.equal(lines.at(-1), '1,500 rows; the first 1,000 are shown: --out FILE takes all')
  })

  it('keep to the width as a table, and hold nothing that a terminal obeys', () => {
    const cell = fc.string({ unit: 'binary' })
    const tables = fc
      .integer({ min: 1, max: 6 })
      .chain((columns) => fc.array(fc.array(cell, { minLength: columns, maxLength: columns })))
    fc.assert(
      fc.property(tables, fc.integer({ min: 20, max: 200 }), (data, width) => {
        const text = renderRows(rowsOf(Array((data[0] ?? ['']).length).fill('String'), data), { width, colour: false })
        assert.doesNotMatch(text, OBEYED)
        const lines = text.split('\n')
        if (lines[0] !== 'row 1')
          for (const line of lines.slice(0, -1)) assert.ok(Array.from(line).length <= width, line)
      }),
    )
  })
})

describe('the form of a result', () => {
  it('is what was asked for, else by the file, else by where it goes', () => {
    assert.equal(formatFor('JSON', undefined, true), 'JSON')
    assert.equal(formatFor('csv', 'a.json', false), 'CSVWithNames')
    assert.equal(formatFor('RowBinaryWithNames', undefined, false), 'RowBinaryWithNames')
    assert.equal(formatFor(undefined, 'a.NDJSON', true), 'JSONEachRow')
    assert.equal(formatFor(undefined, 'a.md', true), 'Markdown')
    assert.equal(formatFor(undefined, undefined, true), 'table')
    assert.equal(formatFor(undefined, undefined, false), 'TSVWithNames')
  })

  it('is no file of no form, and nothing binary on a terminal', () => {
    assert.throws(() => formatFor(undefined, 'a.docx', false), UsageFault)
    assert.throws(() => formatFor('a b', undefined, false), UsageFault)
    assert.throws(() => formatFor('parquet', undefined, true), UsageFault)
    assert.equal(formatFor('parquet', 'a', true), 'Parquet')
  })
})
