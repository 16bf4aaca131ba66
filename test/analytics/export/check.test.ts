// A check finds what is wrong with an export, and says in which file, at which line and in which field.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { checkExport, checkFolder, describeFault } from '../../../analytics/export/check.ts'
import type { Format, Manifest } from '../../../analytics/export/contract.ts'
import { UsageFault } from '../../../schemas/failure.ts'
import { preference, sft } from '../../support/rows.ts'
import { createExporting } from './exporting.ts'
import type { Exporting } from './exporting.ts'

describe('a check of an export', () => {
  let exporting: Exporting
  before(async () => {
    exporting = await createExporting()
    await exporting.put({
      sft: [0, 1, 2, 3].map((slot) => sft(slot)),
      preferences: [0, 1].map((slot) => preference(slot)),
    })
  })
  after(() => exporting.close())

  let exports = 0
  /** Writes an export, does something to it, and tells what a check finds. */
  const found = async (format: Format, change: (folder: string, file: string) => void, split?: number) => {
    const { path, manifest } = await exporting.write(
      { format, out: `check-${(exports += 1)}` },
      { split: split ?? null },
    )
    change(path, join(path, manifest.files[0]?.path ?? ''))
    return (await checkExport(path)).faults.map(describeFault)
  }
  /** Changes a line of a file, and the manifest so that sizes and checksums fit again. */
  const line = (place: number, change: (row: Record<string, unknown>) => unknown) => (folder: string, file: string) => {
    const lines = readFileSync(file, 'utf8').split('\n')
    lines[place - 1] = JSON.stringify(change(JSON.parse(lines[place - 1] ?? '') as Record<string, unknown>))
    writeFileSync(file, lines.join('\n'))
    seal(folder, file)
  }
  const seal = (folder: string, file: string): void => {
    const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Manifest
    const bytes = readFileSync(file)
    const files = manifest.files.map((each) =>
      file.endsWith(each.path)
        ? { ...each, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
        : each,
    )
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ ...manifest, files }))
  }

  it('finds bytes that were changed, rows that are missing, files that are gone', async () => {
    const changed = await found('jsonl', (_, file) => {
      writeFileSync(file, readFileSync(file, 'utf8').replace('What', 'Whet'))
    })
    assert.deepEqual(changed, ['train.jsonl: was changed: its checksum is not that of the manifest'])
    const cut = await found('jsonl', (_, file) => {
      truncateSync(file, statSync(file).size - 10)
    })
    assert.match(
      cut.join('\n'),
      /has \d+ bytes; .*\ntrain\.jsonl, line 4: is no JSON: .*\ntrain\.jsonl: has 3 rows; the manifest says 4/,
    )
    const gone = await found('jsonl', (_, file) => {
      rmSync(file)
    })
    assert.deepEqual(gone, ['train.jsonl: is missing'])
    const schema = await found('jsonl', (folder) => {
      rmSync(join(folder, 'schema.avsc'))
    })
    assert.deepEqual(schema, ['schema.avsc: is missing'])
  })

  it('names line and field of a row that is none', async () => {
    assert.match(
      (
        await found(
          'jsonl',
          line(2, (row) => ({ ...row, reward: 'high' })),
        )
      ).join(),
      /^train\.jsonl, line 2, reward: .*number/,
    )
    assert.match(
      (
        await found(
          'jsonl',
          line(1, (row) => ({ ...row, response: undefined })),
        )
      ).join(),
      /line 1, response: /,
    )
    assert.match(
      (
        await found(
          'jsonl',
          line(3, (row) => ({ ...row, other: 1 })),
        )
      ).join(),
      /line 3: .*other/,
    )
    const silent = line(1, (row) => ({
      ...row,
      messages: [{ role: 'assistant', content: 'x', reasoning_content: null }],
    }))
    assert.deepEqual(await found('messages', silent), [
      'train.jsonl, line 1, messages: 1 turns; they must end with one of assistant',
    ])
    const turned = line(1, (row) => ({ ...row, messages: (row['messages'] as unknown[]).toReversed() }))
    assert.match((await found('messages', turned)).join('\n'), /messages\.0: is of assistant, not of user/)
    const same = line(2, (row) => ({ ...row, rejected: row['chosen'] }))
    assert.deepEqual(await found('dpo', same), ['train.jsonl, line 2, rejected: says the same as chosen'])
  })

  it('finds rows out of order, repeats, and problems on the wrong side', async () => {
    const twice = await found('jsonl', (folder, file) => {
      const lines = readFileSync(file, 'utf8').split('\n')
      writeFileSync(file, [lines[0], lines[0], lines[2], lines[3], ''].join('\n'))
      seal(folder, file)
    })
    assert.deepEqual(twice, ['train.jsonl, line 2, id: stands there twice'])
    const turned = await found('jsonl', (folder, file) => {
      writeFileSync(file, readFileSync(file, 'utf8').trimEnd().split('\n').toReversed().join('\n'))
      seal(folder, file)
    })
    assert.equal(turned.length, 3)
    assert.match(turned[0] ?? '', /line 2, id: stands behind/)
    const sides = await found(
      'jsonl',
      (folder) => {
        const path = join(folder, 'manifest.json')
        writeFileSync(path, readFileSync(path, 'utf8').replace('"split": 0.5', '"split": 0.999'))
      },
      0.5,
    )
    assert.match(sides.join('\n'), /train\.jsonl, line 1, problem_id: is of the test side, and lies in train/)
  })

  it('finds what cannot be read in any container', async () => {
    for (const format of ['magpie', 'parquet', 'avro'] as const) {
      const cut = await found(format, (folder, file) => {
        truncateSync(file, Math.floor(statSync(file).size / 2))
        seal(folder, file)
      })
      assert.match(cut.join('\n'), /cannot be read|is no JSON|is not closed|has \d rows; the manifest says 4/, format)
      const other = await found(format, (folder, file) => {
        writeFileSync(file, 'something else')
        seal(folder, file)
      })
      assert.ok(other.length > 0, format)
    }
  })

  it('takes one file of an export, and refuses what is none', async () => {
    const { path } = await exporting.write({ format: 'dpo', out: 'one.parquet' })
    assert.equal((await checkExport(path)).rows, 2)
    const { path: folder } = await exporting.write({ format: 'magpie', out: 'whole' })
    const { files } = await checkFolder(folder)
    assert.equal((await checkExport(join(folder, files[0]?.path ?? ''))).rows, 4)
    for (const none of [exporting.folder, join(exporting.folder, 'nothing'), join(folder, 'schema.avsc')])
      await assert.rejects(checkExport(none), UsageFault)
    writeFileSync(join(folder, files[0]?.path ?? ''), '[]')
    await assert.rejects(checkFolder(folder), (error) => error instanceof UsageFault && error.faults.length >= 2)
  })
})
