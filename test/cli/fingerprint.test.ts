// `magpie fingerprint` as a user runs it: what it writes, and what it says about files that it cannot take.

import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { readBenchmark } from '../../cli/fingerprint-problems.ts'
import { decodeFingerprint, fingerprintProblems } from '../../processors/screening/contamination-fingerprint.ts'
import { UsageFault } from '../../schemas/failure.ts'
import { magpie } from './magpie-process.ts'

const folder = await mkdtemp(join(tmpdir(), 'magpie-fingerprint-'))
after(() => rm(folder, { recursive: true }))

async function write(name: string, text: string): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, text)
  return file
}

async function faultsOf(file: string): Promise<string[]> {
  try {
    await readBenchmark(file)
  } catch (error) {
    assert.ok(error instanceof UsageFault)
    return error.faults
  }
  return []
}

const PROBLEMS = ['What is $2+2$?', 'Anna has 3 pears.\nHow many has she?', 'Find $x$ if $x^2 = 4$.']
const LINES = [{ problem: PROBLEMS[0] }, { question: PROBLEMS[1], answer: '3' }, { id: 7, prompt: PROBLEMS[2] }]

describe('magpie fingerprint', () => {
  it('writes hashes of every problem, in the order of the file', async () => {
    const file = await write('Exam.jsonl', LINES.map((line) => `${JSON.stringify(line)}\n`).join('\n'))
    const out = join(folder, 'exam.json')
    const { code, stdout, stderr } = await magpie(['fingerprint', file, '--out', out])
    assert.equal(code, 0, stderr)
    assert.match(stdout, /exam\.json: 3 problems of exam \(3 short ones\) in 1 KiB/)
    const read = decodeFingerprint(await readFile(out, 'utf8'))
    assert.ok('entries' in read)
    assert.equal(read.name, 'exam')
    assert.deepEqual(read.entries, fingerprintProblems(PROBLEMS))
  })

  it('writes nothing where one line is broken, and says which', async () => {
    const file = await write('broken.jsonl', `${JSON.stringify(LINES[0])}\n{"text": "What is 1?"}\n`)
    const out = join(folder, 'never.json')
    const { code, stderr } = await magpie(['fingerprint', file, '--out', out])
    assert.equal(code, 2)
    assert.match(
      stderr,
      /broken\.jsonl:2: there is no field "problem", "question" or "prompt" \(there is text\); rename/,
    )
    assert.ok(!(await readdir(folder)).some((name) => name.startsWith('never')))
  })

  it('refuses a name that could not stand in a config, and a place that cannot be written to', async () => {
    const file = await write('one.jsonl', `${JSON.stringify(LINES[0])}\n`)
    const named = await magpie(['fingerprint', file, '--name', 'Our Exam'])
    assert.equal(named.code, 2)
    assert.match(named.stderr, /the name "Our Exam" must be small letters/)
    const placed = await magpie(['fingerprint', file, '--out', join(folder, 'no', 'where.json')])
    assert.equal(placed.code, 2)
    assert.match(placed.stderr, /where\.json: cannot be written .*; give another place with --out/)
  })

  it('tells all faults of a file at once', async () => {
    const file = await write(
      'faults.jsonl',
      ['{"problem": 5}', 'no json', '[1]', '{"problem": "?"}', '', JSON.stringify(LINES[0]), '{"prompt": null}'].join(
        '\n',
      ),
    )
    const faults = await faultsOf(file)
    const expected = [
      /faults\.jsonl:1: field "problem" is a number; it must be the problem's text/,
      /faults\.jsonl:2: not JSON/,
      /faults\.jsonl:3: no object; each line must be/,
      /faults\.jsonl:4: field "problem" has fewer than two words or numbers; take the line out/,
      /faults\.jsonl:7: field "prompt" is null/,
    ]
    assert.equal(faults.length, expected.length)
    expected.forEach((pattern, index) => {
      assert.match(faults[index]!, pattern)
    })
  })

  it('says what is wrong with a file that is not there, is a folder or is empty', async () => {
    assert.match((await faultsOf(join(folder, 'none.jsonl')))[0]!, /cannot be read \(there is no such file\)/)
    assert.match((await faultsOf(folder))[0]!, /cannot be read \(it is a folder\)/)
    assert.match((await faultsOf(await write('empty.jsonl', '\n\n')))[0]!, /the file holds no line/)
  })

  it('names the source by its lines, however they end', async () => {
    const [unix, windows] = ['\n', '\r\n'].map((end) => LINES.map((line) => JSON.stringify(line) + end).join(''))
    const left = await readBenchmark(await write('unix.jsonl', unix!))
    assert.deepEqual(await readBenchmark(await write('windows.jsonl', windows!)), left)
  })
})
