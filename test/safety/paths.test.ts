// Names from configs, options, models and records never lead out of the folder that they belong to.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { configSchema } from '../../configs/schema.ts'
import { createCodec } from '../../schemas/codec.ts'
import { UsageFault } from '../../schemas/failure.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { createJsonSink } from '../../sinks/json.ts'
import { writeText } from '../../sinks/json/disk.ts'
import { modelInPath, runNames } from '../../sinks/json/names.ts'
import { magpie } from '../cli/magpie-process.ts'

const HOSTILE = [
  '../../x',
  '/etc/passwd',
  '..',
  '.',
  'a/../../b',
  'a\u0000b',
  'a\nb',
  '~root',
  '$(id)',
  'a'.repeat(5000),
  '-rf',
]

describe('names of a run', () => {
  it('are refused when they could be paths, by the config and by --run', async () => {
    for (const name of HOSTILE) assert.ok(!configSchema.safeParse({ name }).success, JSON.stringify(name))
    const { code, stderr } = await magpie(['run', '-c', 'configs/simulated.yaml', '--run', '../../x'])
    assert.equal(code, 2)
    assert.match(stderr, /--run \.\.\/\.\.\/x: name must be letters, digits/)
  })
})

describe('files of data sets', () => {
  let out = ''
  before(async () => {
    out = await mkdtemp(join(tmpdir(), 'magpie-paths-'))
  })
  after(() => rm(out, { recursive: true, force: true }))

  it('stay below the out folder whatever a model is called', () => {
    const model = fc.oneof(fc.string({ unit: 'binary', maxLength: 400 }), fc.constantFrom('org/../../etc', ...HOSTILE))
    fc.assert(
      fc.property(model, (name) => {
        assert.match(modelInPath(name), /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/)
        const { folder, base } = runNames(out, name, 0, 'main')
        assert.equal(dirname(resolve(folder)), resolve(out))
        assert.equal(dirname(resolve(folder, base('sft', 1))), resolve(folder))
      }),
    )
  })

  it('do not follow a link that stands in their place', async () => {
    const elsewhere = join(out, 'elsewhere')
    mkdirSync(elsewhere)
    const parts = { runId: 'paths', model: 'm', startedAt: 0, codec: await createCodec(), log: silentLogger }
    symlinkSync(elsewhere, runNames(out, 'm', 0, 'main').folder)
    await assert.rejects(
      createJsonSink({ ...parts, outDir: out }).open(),
      (error) => error instanceof UsageFault && /is a link/.test(error.message),
    )
    assert.ok(!existsSync(join(elsewhere, 'segments')))
  })

  it('are written by a name of their own, and a link of that name is not written through', async () => {
    const file = join(out, 'whole.json')
    await writeText(file, 'first')
    const { hostname } = await import('node:os')
    const target = join(out, 'target')
    symlinkSync(target, join(out, `whole.json.${hostname()}.${process.pid}.part`))
    await assert.rejects(writeText(file, 'second'), /link/)
    assert.ok(!existsSync(target))
    assert.equal(await readFile(file, 'utf8'), 'first')
  })
})
