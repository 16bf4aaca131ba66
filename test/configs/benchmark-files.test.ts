// Holds configs/benchmark-files.ts: benchmarks that a config names are checked with all else, own files by path.

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { loadConfig } from '../../configs/load.ts'
import { encodeFingerprint, fingerprintProblems } from '../../processors/screening/contamination-fingerprint.ts'
import { UsageFault } from '../../schemas/failure.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'magpie-config-'))
  await writeFingerprint('exam.json', 'What is $2+2$?')
})
after(async () => {
  await rm(folder, { recursive: true })
})

async function writeFingerprint(file: string, problem: string): Promise<void> {
  const entries = fingerprintProblems([problem])
  await writeFile(join(folder, file), encodeFingerprint({ name: 'exam', source: '0'.repeat(64), entries }))
}

const configOf = (benchmarks: string): string => `
roles:
  questioner: { endpoints: [{ url: "http://127.0.0.1:8000" }], model: Qwen/Qwen2.5-Math-7B-Instruct }
  answerer: { endpoints: [{ url: "http://127.0.0.1:8000" }], model: Qwen/Qwen2.5-Math-7B-Instruct }
  sampler: { endpoints: [{ url: "http://127.0.0.1:8000" }], model: Qwen/Qwen2.5-Math-7B-Instruct }
stages:
  screen:
    contamination:
      benchmarks: ${benchmarks}
`

async function load(benchmarks: string, name = 'a.yaml') {
  const file = join(folder, name)
  await writeFile(file, configOf(benchmarks))
  return loadConfig({ file, environment: {} })
}

describe('benchmarks in a config', () => {
  it('get whole paths, from the folder of the config', async () => {
    const { config } = await load('[gsm8k, ./exam.json]')
    assert.deepEqual(config.stages.screen.contamination.benchmarks, ['gsm8k', join(folder, 'exam.json')])
    assert.equal((await load('all')).config.stages.screen.contamination.benchmarks, 'all')
  })

  it('are refused with the place and what to do', async () => {
    await assert.rejects(load('[gsm9k, ./none.json]'), (error: unknown) => {
      assert.ok(error instanceof UsageFault)
      assert.equal(error.faults.length, 2)
      const path = 'stages\\.screen\\.contamination\\.benchmarks'
      assert.match(error.faults[0]!, new RegExp(`a\\.yaml:9:20 ${path}\\.0 "gsm9k" is no benchmark of Magpie`))
      assert.match(error.faults[1]!, new RegExp(`a\\.yaml:9:27 ${path}\\.1 names .*none\\.json, which is not there`))
      return true
    })
    await assert.rejects(load('some'), /benchmarks .*is "all" or a list of benchmarks/)
  })

  it('shape the run by what a file says, wherever it lies', async () => {
    const { hash } = await load('[./exam.json]')
    await mkdir(join(folder, 'moved'))
    await rename(join(folder, 'exam.json'), join(folder, 'moved', 'exam.json'))
    assert.equal((await load('[./moved/exam.json]')).hash, hash)
    await writeFingerprint('exam.json', 'What is $2+3$?')
    assert.notEqual((await load('[./exam.json]')).hash, hash)
  })
})
