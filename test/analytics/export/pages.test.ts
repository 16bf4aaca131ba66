// Pages give each row once, in order, whatever the ids are and however large the rows; a page that is too large comes in
// smaller ones.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readPages } from '../../../analytics/export/pages.ts'
import type { AskPage } from '../../../analytics/export/pages.ts'
import { permanent } from '../../../schemas/failure.ts'

/** The rows of a table as ClickHouse would give them; a page of more characters than `most` is refused. */
function tableOf(rows: ReadonlyMap<string, number>, most = Infinity): { ask: AskPage; asked: () => number } {
  let asked = 0
  const sorted = [...rows].sort(([left], [right]) => (left < right ? -1 : 1))
  return {
    asked: () => asked,
    ask: ({ after, from, before, rows: limit }) => {
      asked += 1
      const page = sorted
        .filter(([id]) => id > after && id >= from && (before === '' || id < before))
        .slice(0, limit)
        .map(([id, size]) => JSON.stringify({ id, text: 'x'.repeat(size) }))
        .join('\n')
      return page.length > most
        ? Promise.reject(permanent('clickhouse-396', 'Limit for result exceeded'))
        : Promise.resolve(page)
    },
  }
}

async function idsOf(ask: AskPage, total: number): Promise<string[]> {
  const ids: string[] = []
  for await (const page of readPages(ask, total)) ids.push(...page.map((row) => row['id'] as string))
  return ids
}

const id = fc.oneof(
  fc.uuid(),
  fc.string({ minLength: 1, unit: 'grapheme-ascii' }),
  fc.constantFrom('ffffffff', '00000000', 'zz'),
)

describe('pages', () => {
  it('hold each row once and in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(id, fc.integer({ min: 0, max: 300_000 })), { maxLength: 60 }),
        fc.integer({ min: 0, max: 200_000 }),
        async (rows, total) => {
          const table = new Map(rows)
          assert.deepEqual(await idsOf(tableOf(table, 700_000).ask, total), [...table.keys()].sort())
        },
      ),
      { numRuns: 150 },
    )
  })

  it('are few where ids are hashes', async () => {
    const rows = new Map(fc.sample(fc.uuid(), { numRuns: 20_000, seed: 1 }).map((each) => [each, 1000]))
    const { ask, asked } = tableOf(rows)
    assert.deepEqual(await idsOf(ask, rows.size), [...rows.keys()].sort())
    assert.ok(asked() < 20, `${asked()} pages for 20 MB`)
  })

  it('hand on a failure that fewer rows do not mend', async () => {
    const ask: AskPage = () => Promise.reject(permanent('clickhouse-396', 'always'))
    await assert.rejects(idsOf(ask, 10), /always/)
  })
})
