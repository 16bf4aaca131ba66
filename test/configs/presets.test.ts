// Holds the presets: each loads without a variable set, says what it does, and explains each of its keys.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import { loadConfig } from '../../configs/load.ts'
import { wantsLocalModel } from '../../configs/local-endpoint.ts'

const folder = join(import.meta.dirname, '..', '..', 'configs')
const presets = readdirSync(folder).filter((name) => name.endsWith('.yaml'))
const load = (name: string, environment: Record<string, string> = {}) =>
  loadConfig({ file: join(folder, name), environment })

/** Keys that say themselves what they are, or whose section says it. */
const OBVIOUS = new Set([
  ...['sampling', 'temperature', 'topP', 'topK', 'minP', 'repetitionPenalty', 'maxTokens'],
  ...[
    'url',
    'name',
    'kind',
    'text',
    'weight',
    'stages',
    'sample',
    'reward',
    'rewards',
    'curate',
    'verify',
    'endpoints',
  ],
])

/** Keys with neither a comment of their own (on the line, or above it) nor one that names them, at their first place. */
function unexplained(text: string): string[] {
  const lines = text.split('\n')
  const counter = new LineCounter()
  const seen = new Set<string>()
  const found: string[] = []
  const walk = (node: unknown): void => {
    if (isSeq(node)) node.items.forEach(walk)
    if (!isMap(node)) return
    for (const { key, value } of node.items) {
      assert.ok(isScalar(key))
      const name = String(key.value)
      const line = counter.linePos(key.range![0]).line - 1
      const above = lines.slice(0, line).reverse()
      const end = above.findIndex((each) => !each.trim().startsWith('#'))
      const comments = [lines[line]!.split(' # ')[1] ?? '', ...above.slice(0, end === -1 ? above.length : end)]
      const own = comments.some((comment) => comment.trim() !== '')
      if (!own && !seen.has(name) && !OBVIOUS.has(name)) found.push(`${line + 1}: ${name}`)
      seen.add(name)
      walk(value)
    }
  }
  walk(parseDocument(text, { lineCounter: counter }).contents)
  return found
}

describe('presets', () => {
  it('are these', () => {
    assert.deepEqual(presets.sort(), ['deepseek-r1.yaml', 'local.yaml', 'one-model.yaml', 'simulated.yaml'])
  })

  for (const name of presets) {
    it(`${name} loads as it is, under its own name`, async () => {
      const { config } = await load(name)
      assert.equal(`${config.name}.yaml`, name)
    })

    it(`${name} explains each of its keys`, () => {
      assert.deepEqual(unexplained(readFileSync(join(folder, name), 'utf8')), [])
    })
  }

  it('find an unexplained key', () => {
    assert.deepEqual(unexplained('# said\na: 1\nb: 2\nc: 3 # said\nurl: x\nb: 4\n'), ['3: b'])
  })

  it('local.yaml is the small model alone, and takes what two of four samples agree on', async () => {
    const { config } = await load('local.yaml')
    assert.equal(wantsLocalModel(config), true)
    assert.deepEqual(
      Object.values(config.roles).flatMap((role) => role?.endpoints.map(({ url }) => url)),
      ['local', 'local', 'local'],
    )
    assert.equal(config.total, 60)
    assert.ok((config.accept?.minimum ?? 0) >= 12)
    assert.deepEqual(
      [config.stages.sample.n, config.stages.verify.voters, config.stages.curate.minAgreement],
      [4, 'samples', 0.5],
    )
  })

  it('simulated.yaml is the simulator alone, on the port of SIMULATOR_PORT', async () => {
    const { config } = await load('simulated.yaml', { SIMULATOR_PORT: '9123' })
    const rewards = config.stages.reward.rewards.flatMap((reward) => ('endpoints' in reward ? reward.endpoints : []))
    const all = [...Object.values(config.roles).flatMap((role) => role?.endpoints ?? []), ...rewards]
    assert.equal(all.length, 4)
    for (const { url } of all) assert.equal(url, 'http://127.0.0.1:9123')
    assert.equal(config.stages.sample.n, 8)
    assert.deepEqual(config.stages.reward.rewards.map(({ kind }) => kind).sort(), ['agreement', 'token-rm'])
  })

  it('deepseek-r1.yaml takes its addresses and models from the environment', async () => {
    const { config } = await load('deepseek-r1.yaml', {
      QUESTIONER_ENDPOINT: 'http://q:1',
      ANSWERER_ENDPOINT: 'http://a:2',
      REWARD_ENDPOINT: 'http://r:3',
      ANSWERER_MODEL: 'deepseek-ai/DeepSeek-R1-Distill-Qwen-32B',
    })
    const { questioner, answerer, sampler } = config.roles
    assert.deepEqual(
      [questioner, answerer, sampler].map((role) => role?.endpoints[0]?.url),
      ['http://q:1', 'http://a:2', 'http://a:2'],
    )
    assert.equal(sampler?.model, 'deepseek-ai/DeepSeek-R1-Distill-Qwen-32B')
    assert.equal(answerer?.system, null)
    assert.ok(answerer.sampling.temperature >= 0.5 && answerer.sampling.temperature <= 0.7)
    const [rm] = config.stages.reward.rewards
    assert.ok(rm?.kind === 'token-rm')
    assert.equal(rm.endpoints[0]?.url, 'http://r:3')
  })
})
