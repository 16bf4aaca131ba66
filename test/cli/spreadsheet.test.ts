// CSV for spreadsheets: no text is a formula, and taking the apostrophes out again gives what was there.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { withoutFormulas } from '../../cli/spreadsheet.ts'

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`
const cell = fc.oneof(
  fc.integer().map((number) => ({ csv: String(number), safe: String(number) })),
  fc
    .string({ unit: fc.constantFrom('=', '+', '-', '@', '\t', '\r', '\n', ',', '"', "'", 'a', '1', ' ', 'é') })
    .map((text) => ({ csv: quoted(text), safe: quoted(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text) })),
)

describe('CSV for a spreadsheet', () => {
  it('has an apostrophe before each text that would be a formula, and nothing else is changed', () => {
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 1 })), (rows) => {
        const written = (form: 'csv' | 'safe'): string =>
          rows.map((row) => `${row.map((each) => each[form]).join(',')}\n`).join('')
        assert.equal(withoutFormulas(Buffer.from(written('csv'))).toString(), written('safe'))
      }),
    )
  })
})
