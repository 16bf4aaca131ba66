// Holds cli/main.ts: the commands that there are, exit codes, and what wrong use is told.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, describe, it } from 'node:test'
import { programVersion } from '../../cli/version.ts'
import { magpie, MAIN } from './magpie-process.ts'

const COMMANDS = [
  'quickstart',
  'run',
  'import',
  'replay',
  'simulate',
  'report',
  'audit',
  'sql',
  'search',
  'similar',
  'export',
  'push',
  'runs',
  'revisions',
  'topics',
  'dashboard',
  'dead-letters',
  'grade',
  'fingerprint',
  'models',
  'services',
]

const folder = await mkdtemp(join(tmpdir(), 'magpie-main-'))
after(() => rm(folder, { recursive: true }))

const trace = /\n\s+at .*:\d+:\d+|node:internal/

describe('magpie', () => {
  it('--help lists exactly the commands that work, and where to start', async () => {
    const { code, stdout, stderr } = await magpie(['--help'])
    assert.deepEqual([code, stderr], [0, ''])
    const listed = [...stdout.matchAll(/^ {2}([a-z-]+) /gm)].map(([, name]) => name)
    assert.deepEqual(listed, [...COMMANDS, 'help'])
    assert.match(stdout, /Start here:\n {2}\.\/magpie quickstart\n$/)
  })

  it('--version is that of package.json', async () => {
    const manifest = await readFile(join(import.meta.dirname, '../../package.json'), 'utf8')
    assert.equal(programVersion(), (JSON.parse(manifest) as { version: string }).version)
    assert.deepEqual(await magpie(['--version']), { code: 0, stdout: `${programVersion()}\n`, stderr: '' })
  })

  it('refuses an unknown command with 2, and knows what was meant', async () => {
    const unknown = await magpie(['frobnicate'])
    assert.equal(unknown.code, 2)
    assert.match(unknown.stderr, /unknown command 'frobnicate'/)
    assert.match(unknown.stderr, /\.\/magpie --help/)
    const misspelt = await magpie(['quikstart'])
    assert.equal(misspelt.code, 2)
    assert.match(misspelt.stderr, /Did you mean quickstart\?/)
    assert.equal(misspelt.stdout + unknown.stdout, '')
    for (const words of [
      ['topics', 'dmp', '--out', 'there'],
      ['help', 'topics', 'dmp'],
    ]) {
      const { code, stdout, stderr } = await magpie(words)
      assert.deepEqual([code, stdout], [2, ''])
      assert.match(stderr, /^error: unknown command 'dmp'\n\(Did you mean dump\?\)\n\(\.\/magpie --help/m)
    }
    const help = await magpie(['help', 'runn'])
    assert.deepEqual([help.code, help.stdout], [2, ''])
    assert.match(help.stderr, /^error: unknown command 'runn'\n\(Did you mean run\?\)/)
  })

  it('refuses what is wrong inside a command of a command with 2', async () => {
    const { code, stderr } = await magpie(['services', 'up', '--onyl', 'kafka'])
    assert.equal(code, 2)
    assert.match(stderr, /unknown option '--onyl'[^]*Did you mean --only\?/)
  })

  it('asks for what is missing with 2', async () => {
    const { code, stderr } = await magpie(['import', '-c', 'a.yaml'])
    assert.equal(code, 2)
    assert.match(stderr, /missing required argument 'file'/)
  })

  it('tells every fault of a file, each with its place, with 2 and without a stack', async () => {
    const file = join(folder, 'broken.jsonl')
    await writeFile(file, '{"gold": "1", "pred": "1"}\n{"gold": "1"}\n{"pred": "2"}\n')
    const { code, stdout, stderr } = await magpie(['grade', file])
    assert.deepEqual([code, stdout], [2, ''])
    const faults = stderr.trimEnd().split('\n')
    assert.equal(faults.length, 2, stderr)
    assert.match(faults[0]!, /^magpie: .*broken\.jsonl:2: .*pred/)
    assert.match(faults[1]!, /^magpie: .*broken\.jsonl:3: .*gold/)
  })

  it('ends quietly when its reader closes the pipe', async () => {
    const file = join(folder, 'many.jsonl')
    await writeFile(file, `${JSON.stringify({ gold: '1', pred: '2' })}\n`.repeat(2000))
    const child = spawn(process.execPath, [MAIN, 'grade', file, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] })
    const ended = once(child, 'close')
    const said = text(child.stderr)
    const [first] = (await once(child.stdout, 'data')) as [Buffer]
    child.stdout.destroy()
    assert.match(first.toString(), /^\{"index":0,"verdict":"different"/)
    const [code] = (await ended) as [number | null]
    assert.equal(code, 0)
    assert.doesNotMatch(await said, trace)
    assert.doesNotMatch(await said, /EPIPE/)
  })
})

describe('help of a command', () => {
  for (const command of COMMANDS) {
    it(`${command} --help has an example`, async () => {
      const { code, stdout, stderr } = await magpie([command, '--help'])
      assert.deepEqual([code, stderr], [0, ''])
      assert.match(stdout, new RegExp(`Examples?:\\n( {2}\\S.*\\n)*.*\\./magpie ${command}`))
    })
  }
})
