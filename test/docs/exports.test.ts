// Each row that docs/exports.md shows is a row of its format.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { FORMATS } from '../../analytics/export/contract.ts'
import type { Format, Row } from '../../analytics/export/contract.ts'
import { lookOf } from '../../analytics/export/look.ts'
import type { Wish } from '../../analytics/export/look.ts'
import { makerOf } from '../../analytics/export/makers.ts'
import { checkOf, nodeOf } from '../../analytics/export/nodes.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/exports.md'), 'utf8')

/** The options that stand before an example, in words of the command. */
function wishOf(format: Format, said: string): Wish {
  const option = (name: string): string | undefined => new RegExp(`--${name} ([a-z]+)`).exec(said)?.[1]
  return {
    ...{ format, out: 'folder', bare: said.includes('--bare') },
    shape: option('shape') as Wish['shape'],
    reasoning: option('reasoning') as Wish['reasoning'],
  }
}

const examples = FORMATS.flatMap((format) => {
  const section = new RegExp(`^### ${format}\\n([^]*?)(?=^##)`, 'm').exec(page)?.[1] ?? ''
  const parts = section.split('```')
  return parts.flatMap((part, place) =>
    place % 2 === 1 && part.startsWith('json\n') ? [{ format, said: parts[place - 1]!, row: part.slice(5) }] : [],
  )
})

test('every format that has a shape of its own has an example', () => {
  const shown = new Set(examples.map(({ format }) => format))
  assert.deepEqual([...shown], ['sharegpt', 'messages', 'dpo', 'kto', 'prm'])
})

for (const { format, said, row } of examples) {
  test(`the example of ${format} is one (${said.trim().slice(0, 40)})`, () => {
    // `--type` and `--threshold` of the text around are no options of the example.
    const maker = makerOf(lookOf(wishOf(format, said)))
    const value = JSON.parse(row) as Row
    const { error } = checkOf(nodeOf(maker.schema)).safeParse(value)
    assert.equal(error, undefined)
    assert.deepEqual(maker.faultsOf(value), [])
  })
}
