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

describe('magpie grade --timeout-ms', () => {
  it('refuses more than a timer can take', async () => {
    const { code, errors } = await run(await write('one.jsonl', '{"gold":"1","pred":"1"}'), '--timeout-ms', '1e12')
    assert.equal(code, 2)
    assert.match(errors, /give whole milliseconds from 1 to 2147483647/)
  })
})

describe('readPairs', () => {
  it('names the lines that are not UTF-8, in lines and in arrays', async () => {
    const pair = '{"gold":"1","pred":"\\u00e9 \u00e9"}'
    const lines = Buffer.from(`${pair}\n${pair}\n\n${pair}\n`, 'latin1')
    const fault = /:[124]: not UTF-8; save the file as UTF-8/
    const file = join(folder, 'latin1.jsonl')
    await writeFile(file, lines)
    const faults = await faultsOf(file)
    assert.equal(faults.length, 3)
    for (const each of faults) assert.match(each, fault)
    await writeFile(
      file,
      Buffer.concat([Buffer.from('[\n{"gold":"\u00e9","pred":"'), Buffer.from([0xff]), Buffer.from('"}\n]')]),
    )
    assert.match((await faultsOf(file)).join(), /latin1\.jsonl:2: not UTF-8/)
    await writeFile(file, Buffer.alloc(50, '\xff\n', 'latin1'))
    assert.match((await faultsOf(file)).at(-1)!, /and 5 more faults/)
  })

  it('quotes no control character', async () => {
    const [lines] = await faultsOf(await write('steers.jsonl', '{"gold":"1","pred":"2"}\n\u001b[31m]0;x\u0007\n'))
    const [whole] = await faultsOf(await write('steers.json', '[\u001b[31m\n, \u009b2J]'))
    for (const fault of [lines!, whole!]) {
      assert.match(fault, /not JSON \(.*␛/)
      assert.doesNotMatch(fault, /\p{Cc}/u)
    }
  })

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
