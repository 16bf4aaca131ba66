// The table of docs/math.md says what the checker does: each of its pairs gets the verdict of its column.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { createMathPool } from '../../math/pool.ts'
import { silentLogger } from '../../schemas/logger.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/math.md'), 'utf8')
const table = page.slice(page.indexOf('| kind |')).split('\n\n')[0]!
const [header = '', , ...lines] = table.split('\n')
/** Cells are split at bars that no backslash hides. */
const cellsOf = (line: string): string[] =>
  line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim())
const columns = cellsOf(header)
const pool = createMathPool({ workers: 1, timeoutMs: 60_000, log: silentLogger })
after(() => pool.close())

function pairsOf(cell: string): [gold: string, pred: string][] {
  const pairs = [...cell.matchAll(/`([^`]+)` and (?:`([^`]+)`|nothing)/g)]
  // All of the cell are pairs: nothing in it goes unchecked.
  assert.equal(cell.replaceAll(/`[^`]+` and (?:`[^`]+`|nothing)(?:; )?/g, ''), '')
  return pairs.map((match) => [match[1]!, match[2] ?? ''])
}

describe('the table of docs/math.md', () => {
  it('has a row for each kind and a hundred pairs', () => {
    assert.deepEqual(columns, ['kind', 'equal', 'different', 'how it is decided', 'unknown'])
    assert.ok(lines.length >= 20)
    assert.ok([...table.matchAll(/` and [`n]/g)].length >= 100)
  })

  for (const line of lines) {
    const cells = cellsOf(line)
    it(`is right about ${cells[0]!}`, async () => {
      assert.equal(cells.length, columns.length)
      assert.notEqual(cells[3], '')
      for (const verdict of ['equal', 'different', 'unknown']) {
        for (const [gold, pred] of pairsOf(cells[columns.indexOf(verdict)]!)) {
          const found = await pool.compare(gold, pred)
          assert.equal(found.verdict, verdict, `${gold} and ${pred}: ${found.reason}`)
          if (verdict === 'unknown')
            assert.ok(page.includes(`\`${found.reason}\``), `${found.reason} is not among the reasons of the page`)
        }
      }
    })
  }
})
