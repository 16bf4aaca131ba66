// magpie models: list, show and check as a user runs them, against the project's own stand-in for vLLM.

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { loadTemplates } from '../../llm/templates.ts'
import { type Front, startFront } from '../../local/engine/front.ts'
import { createInvented } from '../../local/engine/invented.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { magpie } from './magpie-process.ts'

describe('magpie models', () => {
  let folder = ''
  let front: Front
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'magpie-models-'))
    front = await startFront({ engine: createInvented(), port: 0, slots: 8, log: silentLogger, anyModel: true })
  })
  after(async () => {
    await front.close()
    await rm(folder, { recursive: true })
  })

  it('lists every template, in words and as JSON', async () => {
    const [words, json] = await Promise.all([magpie(['models', 'list']), magpie(['models', 'list', '--json'])])
    const names = loadTemplates().map(({ name }) => name)
    for (const name of names) assert.match(words.stdout, new RegExp(`^${name.replaceAll('.', '\\.')} `, 'm'))
    const rows = JSON.parse(json.stdout) as { name: string; verified: string; controlTasks: string[] }[]
    assert.deepEqual(
      rows.map(({ name }) => name),
      names,
    )
    assert.equal(words.code, 0)
  })

  it('shows one, with line ends that can be seen, and the prefix of each control task as JSON', async () => {
    const [page, json] = await Promise.all([
      magpie(['models', 'show', 'Qwen/Qwen2.5-7B-Instruct']),
      magpie(['models', 'show', 'qwen2.5', '--json']),
    ])
    assert.ok(page.stdout.includes('You are a helpful assistant.<|im_end|>␊\n<|im_start|>user␊\n'), page.stdout)
    assert.match(page.stdout, /stop ids +151645 151643 151644/)
    const { prefixes, stopTokenIds } = JSON.parse(json.stdout) as {
      prefixes: { controlTask: string | null; prompt: string; hash: string }[]
      stopTokenIds: number[]
    }
    assert.deepEqual(
      prefixes.map(({ controlTask }) => controlTask),
      [null, 'math', 'code', 'reasoning', 'translation'],
    )
    assert.ok(prefixes.every(({ prompt }) => prompt.endsWith('<|im_start|>user\n')))
    assert.deepEqual(stopTokenIds, [151645, 151643, 151644])
  })

  it('shows the template of a file', async () => {
    const file = join(folder, 'chat.jinja')
    await writeFile(file, '{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}<|assistant|>')
    const { stdout, code } = await magpie(['models', 'show', file])
    assert.equal(code, 0)
    assert.match(stdout, /^<\|user\|>$/m)
  })

  it('names the near one for a typing error, with exit code 2', async () => {
    const { stderr, code } = await magpie(['models', 'show', 'lama-3.1'])
    assert.equal(code, 2)
    assert.match(stderr, /no template is known for "lama-3\.1"; did you mean llama-3\.1\? There are smollm2/)
  })

  it('checks the servers of a config: 0 when all is well, 1 with what would spoil data, 2 for a bad config', async () => {
    const file = join(folder, 'run.yaml')
    const role = `{ endpoints: [{ url: "${front.url}" }], model: Qwen/Qwen2.5-7B-Instruct }`
    const roles = ['questioner', 'answerer', 'sampler'].map((name) => `  ${name}: ${role}`).join('\n')
    await writeFile(file, `roles:\n${roles}\n`)
    const [well, spoilt, bad] = await Promise.all([
      magpie(['models', 'check', '-c', file]),
      magpie(['models', 'check', '-c', file, '--json', '--set', 'stages.verify.expectsThought=true']),
      magpie(['models', 'check', '-c', file, '--set', 'roles.questioner.template=none']),
    ])
    assert.equal(well.code, 0, well.stdout + well.stderr)
    assert.match(well.stdout, /✓ all is well[\s\S]*0 errors, 0 warnings, 0 notes at 3 endpoints/)
    assert.equal(spoilt.code, 1)
    const { findings, totals } = JSON.parse(spoilt.stdout) as {
      findings: { severity: string; check: string; caller: string; advice: string }[]
      totals: { error: number }
    }
    assert.equal(totals.error, 2)
    assert.deepEqual(
      findings.map(({ caller, check }) => `${caller} ${check}`),
      ['answerer thought', 'sampler thought'],
    )
    assert.equal(bad.code, 2)
    assert.match(bad.stderr, /"none" is not in configs\/model_configs\.json/)
  })

  it('checks the embedding model too, where screening has one', async () => {
    const file = join(folder, 'embeddings.yaml')
    const embeddings = `{ enabled: true, model: BAAI/bge-m3, endpoints: [{ url: "${front.url}" }] }`
    const role = `{ endpoints: [{ url: "${front.url}" }], model: Qwen/Qwen2.5-7B-Instruct }`
    const roles = ['questioner', 'answerer', 'sampler'].map((name) => `  ${name}: ${role}`).join('\n')
    await writeFile(file, `roles:\n${roles}\nstages:\n  screen:\n    embeddings: ${embeddings}\n`)
    const check = (...set: string[]) =>
      magpie(['models', 'check', '-c', file, ...set.flatMap((each) => ['--set', each])])
    const [well, rewards, off] = await Promise.all([
      check(),
      check('stages.screen.embeddings.model=Skywork/Skywork-Reward-V2-Qwen3-8B'),
      check('stages.screen.embeddings.enabled=false'),
    ])
    assert.equal(well.code, 0, well.stdout + well.stderr)
    assert.match(well.stdout, /^embedder at http\S+ \(BAAI\/bge-m3\)\n {2}✓ all is well$/m)
    assert.equal(rewards.code, 1)
    assert.match(rewards.stdout, /✗ error \(embedding\): it gives no vector: .*Unsupported task: 'embed'/)
    assert.doesNotMatch(off.stdout, /embedder/)
  })
})
