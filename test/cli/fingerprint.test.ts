// `magpie fingerprint` as a user runs it: what it writes, and what it says about files that it cannot take.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { placeOfOutput } from '../../cli/output-file.ts'
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

  it('says how many problems repeat an earlier one, and that its name is taken', async () => {
    const file = await write(
      'twice.jsonl',
      [...LINES, LINES[0], LINES[0]].map((line) => JSON.stringify(line)).join('\n'),
    )
    const out = join(folder, 'twice.json')
    const { code, stdout, stderr } = await magpie(['fingerprint', file, '--name', 'gsm8k', '--out', out])
    assert.equal(code, 0)
    assert.match(stdout, /5 problems of gsm8k .*; 2 of them repeat an earlier one/)
    assert.match(stderr, /a benchmark that comes with Magpie is called gsm8k too/)
  })

  it('tells a file that is not UTF-8, by its lines', async () => {
    const file = join(folder, 'latin1.jsonl')
    await writeFile(
      file,
      Buffer.from('{"problem":"What is 2+2?"}\n{"problem":"Trouvez la moiti\u00e9 du c\u00f4t\u00e9"}\n', 'latin1'),
    )
    const { code, stderr } = await magpie(['fingerprint', file, '--out', join(folder, 'latin1.json')])
    assert.equal(code, 2)
    assert.match(stderr, /latin1\.jsonl:2: not UTF-8; save the file as UTF-8/)
  })

  it('shows twenty faults and says how many more there are, without a control character of the file', async () => {
    const field = `\u001b]0;${'long'.repeat(100)}`
    const lines = Array.from({ length: 1000 }, () => JSON.stringify({ [field]: 1 }))
    const faults = await faultsOf(await write('many.jsonl', ['\u001b[31m\u202e', ...lines].join('\n')))
    assert.equal(faults.length, 21)
    assert.match(faults[0]!, /:1: not JSON \(.*␛\[31m/)
    assert.match(faults[1]!, /there is ␛\]0;long/)
    assert.match(faults[20]!, /and 981 more faults/)
    for (const fault of faults) {
      assert.doesNotMatch(fault, /[\p{Cc}\u202e]/u)
      assert.ok(fault.length < folder.length + 500)
    }
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

describe('placeOfOutput', () => {
  it('is the place itself where nothing or a regular file stands, and what a link leads to', async () => {
    const file = await write('standing.json', '{}')
    const link = join(folder, 'link.json')
    await symlink('standing.json', link)
    const input = await write('input.jsonl', '')
    assert.equal(await placeOfOutput(join(folder, 'new.json'), input), join(folder, 'new.json'))
    assert.equal(await placeOfOutput(file, input), file)
    assert.equal(await placeOfOutput(link, input), file)
  })

  it('refuses folders, pipes, links to nothing and the input, by whatever name', async () => {
    const input = await write('kept.jsonl', '')
    const [directory, pipe, nowhere, self] = ['folder', 'pipe', 'nowhere', 'self'].map((name) => join(folder, name))
    await mkdir(directory!)
    execFileSync('mkfifo', [pipe!])
    await symlink('nothing-there', nowhere!)
    await symlink('kept.jsonl', self!)
    const refusals = [
      [directory, /it is no regular file/],
      [pipe, /it is no regular file/],
      [nowhere, /it is a link to nothing/],
      [input, /it is the file that is read/],
      [self, /it is the file that is read/],
      [join(folder, '.', 'folder', '..', 'kept.jsonl'), /it is the file that is read/],
      [join(input, 'below.json'), /cannot be written/],
    ] as const
    for (const [out, why] of refusals) {
      await assert.rejects(placeOfOutput(out!, input), (error) => {
        assert.ok(error instanceof UsageFault)
        assert.match(error.message, why)
        return /give another place with --out/.test(error.message)
      })
    }
  })

  it('leaves links and pipes as they are', async () => {
    const file = await write('whole.jsonl', `${JSON.stringify(LINES[0])}\n`)
    const target = await write('target.json', 'old')
    const [link, pipe] = [join(folder, 'stays.json'), join(folder, 'stays.pipe')]
    await symlink(target, link)
    execFileSync('mkfifo', [pipe])
    const written = await magpie(['fingerprint', file, '--out', link])
    assert.equal(written.code, 0, written.stderr)
    assert.match(written.stdout, /target\.json: 1 problems/)
    assert.equal(await readlink(link), target)
    assert.ok('entries' in decodeFingerprint(await readFile(target, 'utf8')))
    const refused = await magpie(['fingerprint', file, '--out', pipe])
    assert.equal(refused.code, 2)
    assert.ok((await lstat(pipe)).isFIFO())
    const self = await magpie(['fingerprint', file, '--out', file])
    assert.equal(self.code, 2)
    assert.equal(await readFile(file, 'utf8'), `${JSON.stringify(LINES[0])}\n`)
  })
})
