// `magpie grade` as a user runs it: order, totals, and what it says about files that it cannot grade.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { readPairs } from '../../cli/grade-pairs.ts'
import { UsageFault } from '../../schemas/failure.ts'

const main = join(import.meta.dirname, '../../cli/main.ts')
const folder = await mkdtemp(join(tmpdir(), 'magpie-grade-'))
after(() => rm(folder, { recursive: true }))

async function write(name: string, text: string): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, text)
  return file
}

async function run(...options: string[]): Promise<{ code: number; output: string; errors: string }> {
  return await new Promise((resolve) => {
    execFile(process.execPath, [main, 'grade', ...options], (error, output, errors) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, output, errors })
    })
  })
}

async function faultsOf(file: string): Promise<string[]> {
  try {
    await readPairs(file)
  } catch (error) {
    assert.ok(error instanceof UsageFault)
    return error.faults
  }
  return []
}

describe('magpie grade', () => {
  it('prints a verdict a line in the order of the file, the totals last', async () => {
    const pairs = Array.from({ length: 300 }, (_, index) => ({
      gold: `$x+${index}$`,
      pred: index % 3 === 0 ? `${index}+x` : '$x$',
    }))
    const file = await write('many.jsonl', pairs.map((pair) => JSON.stringify(pair)).join('\n'))
    const { code, output } = await run(file, '--json')
    const lines = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    assert.equal(code, 0)
    assert.deepEqual(lines.at(-1), { total: 300, equal: 100, different: 200, unknown: 0 })
    lines.slice(0, -1).forEach((line, index) => {
      assert.deepEqual(line, { index, verdict: index % 3 === 0 ? 'equal' : 'different', reason: 'exact' })
    })
  })

  it('shows a table, and how many are as expected', async () => {
    const file = await write(
      'array.json',
      JSON.stringify([
        { gold: '1/2', pred: '0.5', expected: 1 },
        { gold: '2', pred: null, expected: 0 },
      ]),
    )
    const { code, output } = await run(file)
    assert.equal(code, 0)
    assert.match(output, /0 .* equal .* exact/)
    assert.match(output, /1 .* unknown .* empty/)
    assert.match(output, /2 pairs: 1 equal, 0 different, 1 unknown; 2 of 2 as expected/)
  })

  it('ends with code 2 and names file, line and field', async () => {
    const file = await write('broken.jsonl', '{"gold":"1","pred":"1"}\n{"gold":"1"}\nnope\n{"gold":true,"pred":2}\n')
    const { code, output, errors } = await run(file, '--json')
    assert.equal(code, 2)
    assert.equal(output, '')
    assert.match(errors, /broken\.jsonl:2: the field pred is missing/)
    assert.match(errors, /broken\.jsonl:3: not JSON/)
    assert.match(errors, /broken\.jsonl:4: the field gold must be a text or a number/)
  })
})

describe('readPairs', () => {
  it('reads arrays, objects with cases, lines, byte order marks, blank lines and numbers', async () => {
    const pair = { gold: '1', pred: '2', expected: null }
    const texts = [
      '[{"gold":"1","pred":"2"}]',
      '{"cases": [\n  {"gold":"1","pred":"2"}\n]}',
      '{"source":"x","cases":[{"gold":1,"pred":2}]}',
      '\uFEFF{"gold":"1","pred":"2"}\r\n\r\n',
    ]
    for (const [index, text] of texts.entries()) {
      assert.deepEqual(await readPairs(await write(`good-${index}.json`, text)), [pair], text)
    }
    assert.deepEqual(await readPairs(await write('none.json', '[]')), [])
  })

  it('refuses what holds no pairs', async () => {
    assert.match((await faultsOf(join(folder, 'absent.json')))[0] ?? '', /absent\.json: cannot be read/)
    assert.match((await faultsOf(folder))[0] ?? '', /cannot be read/)
    assert.match((await faultsOf(await write('empty.json', ' \n')))[0] ?? '', /the file is empty/)
    assert.match((await faultsOf(await write('cut.json', '[1,')))[0] ?? '', /cut\.json: not JSON/)
    assert.match((await faultsOf(await write('numbers.json', '[1]')))[0] ?? '', /entry 0: expected an object/)
    const many = await faultsOf(await write('many.json', JSON.stringify(Array.from({ length: 50 }, () => ({})))))
    assert.equal(many.length, 21)
    assert.match(many.at(-1) ?? '', /and 80 more faults/)
  })
})
