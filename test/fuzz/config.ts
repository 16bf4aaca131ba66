// A config that somebody broke: loaded whole, or refused with faults that name its file. Nothing of it is run or inherited.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { loadConfig } from '../../configs/load.ts'
import { parseAssignment } from '../../configs/set.ts'
import { UsageFault } from '../../schemas/failure.ts'
import { mutatedText } from './mutations.ts'

const TOKENS = [
  '&a ', '*a', '<<: *a', '!!js/function', '!!binary ', '? ', ': ', '- ', '|\n', '\t', '{', ']', '"', "'", '#', '---\n', '...\n',
  '${HOME', '${', '}', '__proto__: { polluted: 1 }\n', 'constructor: { prototype: { polluted: 1 } }\n', '1e999', '.nan', '0x', '~', '\u0000', '\u2028',
  'toString: 1\n', '&a [*a, *a]', '%YAML 9.9\n',
] // prettier-ignore
const presets = ['simulated', 'deepseek-r1', 'one-model', 'local'].map((name) =>
  readFileSync(new URL(`../../configs/${name}.yaml`, import.meta.url), 'utf8'),
)
const small = `roles:
  questioner: { endpoints: [{ url: "http://127.0.0.1:8000" }], model: Qwen/Qwen2.5-Math-7B-Instruct }
  answerer: { endpoints: [{ url: "http://127.0.0.1:8000" }], model: m }
stages: { sample: { enabled: false } }
`

const folder = mkdtempSync(join(tmpdir(), 'magpie-fuzz-'))
process.on('exit', () => {
  rmSync(folder, { recursive: true, force: true })
})
const file = join(folder, 'broken.yaml')

export const config = fc.asyncProperty(
  mutatedText([...presets, small, small, small], TOKENS),
  fc.array(fc.oneof(fc.string(), mutatedText(['stages.sample.n=8', 'roles.answerer.model=m', 'total=5'], TOKENS)), {
    maxLength: 2,
  }),
  async (text, set) => {
    writeFileSync(file, text)
    try {
      const loaded = await loadConfig({ file, set, environment: {} })
      assert.ok(Object.isFrozen(loaded.config))
    } catch (error) {
      assert.ok(
        error instanceof UsageFault,
        `not a UsageFault: ${error instanceof Error ? error.stack : String(error)}`,
      )
      assert.ok(error.faults.length > 0 && error.faults.every((fault) => fault.trim() !== ''))
    }
    for (const each of set) parseAssignment(each)
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
  },
)
