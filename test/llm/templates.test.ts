// The catalogue of templates: found by name and model, exact prefixes, faults that say where.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { findControlTokens } from '../../llm/control-tokens.ts'
import { findTemplate, loadTemplates, promptPrefix, requireTemplate, templateNames } from '../../llm/templates.ts'
import { UsageFault } from '../../schemas/failure.ts'

test('names and models find their template', () => {
  const rows: [string, string | null][] = [
    ['deepseek-r1', 'deepseek-r1'],
    ['deepseek-ai/DeepSeek-R1', 'deepseek-r1'],
    ['deepseek-ai/DeepSeek-R1-Distill-Qwen-32B', 'deepseek-r1-distill-qwen'],
    ['DeepSeek-R1-Distill-Llama-8B', 'deepseek-r1-distill-llama'],
    ['Qwen/Qwen2.5-Math-72B-Instruct', 'qwen2.5-math-72b'],
    ['qwen/qwen2.5-math-7b-instruct', 'qwen2.5-math-7b'],
    ['Qwen/Qwen2-Math-7B-Instruct', 'qwen2-math-7b'],
    ['Qwen/Qwen2.5-72B-Instruct', 'qwen2.5'],
    ['meta-llama/Meta-Llama-3-70B-Instruct', 'llama-3'],
    ['meta-llama/Llama-3.1-8B-Instruct', 'llama-3.1'],
    ['meta-llama/Meta-Llama-3.1-405B-Instruct', 'llama-3.1'],
    ['meta-llama/Llama-3.3-70B-Instruct', 'llama-3.3'],
    ['HuggingFaceTB/SmolLM2-135M-Instruct', 'smollm2'],
    ['deepseek-ai/DeepSeek-R1-Zero', null],
    ['gpt-2', null],
  ]
  for (const [name, template] of rows) assert.equal(findTemplate(name)?.name ?? null, template, name)
})

test('prefixes, character by character', () => {
  const prefix = (name: string, request: Parameters<typeof promptPrefix>[1] = {}): string =>
    promptPrefix(requireTemplate(name), request).prompt
  assert.equal(prefix('deepseek-r1'), '<\uFF5Cbegin\u2581of\u2581sentence\uFF5C><\uFF5CUser\uFF5C>')
  assert.equal(
    prefix('qwen2.5'),
    '<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n<|im_start|>user\n',
  )
  assert.equal(
    prefix('qwen2-math-7b'),
    '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n',
  )
  assert.equal(prefix('llama-3'), '<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n')
  assert.equal(
    prefix('llama-3.1', { system: 'S' }),
    '<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\nS<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n',
  )
  assert.equal(prefix('llama-3.3'), prefix('llama-3.1'))
  assert.equal(
    prefix('deepseek-r1', { system: 'S', opener: 'Find' }),
    '<\uFF5Cbegin\u2581of\u2581sentence\uFF5C>S<\uFF5CUser\uFF5C>Find',
  )
})

test('control task, own system text and opener have their places, and the hash is of the whole', () => {
  const template = requireTemplate('smollm2')
  const { prompt, hash } = promptPrefix(template, { controlTask: 'math', opener: 'Solve for x: ' })
  assert.equal(
    prompt,
    `<|im_start|>system\n${template.controlTasks.math ?? ''}<|im_end|>\n<|im_start|>user\nSolve for x: `,
  )
  assert.equal(hash, createHash('sha256').update(prompt).digest('hex'))
  assert.match(promptPrefix(template, { controlTask: 'math', system: 'Mine.' }).prompt, /system\nMine\.<\|im_end\|>/)
})

test('every entry is fit for vLLM, and its stops are control tokens to screening', () => {
  for (const template of loadTemplates()) {
    assert.ok(template.controlTasks.math !== undefined, template.name)
    assert.ok(template.stop.length <= 4 && template.stopTokenIds.length > 0, template.name)
    assert.ok(!template.stop.some((text) => text.trim() === '' || text === 'assistant'), template.name)
    const { prompt } = promptPrefix(template, { controlTask: 'math' })
    assert.ok(prompt.endsWith(template.user.open), template.name)
    for (const text of [...template.stop, template.user.open, template.assistant.open])
      assert.ok(findControlTokens(text).length > 0, `${template.name}: ${text}`)
  }
})

test('what cannot be is told with what there is', () => {
  assert.throws(() => requireTemplate('qwen-2.5-math'), /near it: .*qwen2\.5-math-72b.*; all: smollm2/)
  assert.throws(() => requireTemplate('zzz'), /there are: smollm2, /)
  assert.throws(
    () => promptPrefix(requireTemplate('llama-3'), { controlTask: 'poetry' }),
    /no control task "poetry"; there are math/,
  )
  const none = { ...requireTemplate('llama-3'), system: { rule: 'none' as const, open: '', close: '', default: null } }
  assert.throws(() => promptPrefix(none, { controlTask: 'math' }), UsageFault)
  assert.equal(promptPrefix(none, {}).prompt, '<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n')
})

test('faults of the file are named with their place, all of them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'templates-'))
  try {
    const path = join(folder, 'models.json')
    const good = Object.fromEntries(Object.entries(loadTemplates()[0]!).filter(([key]) => key !== 'name'))
    writeFileSync(path, JSON.stringify({ fine: good, broken: { ...good, stop: [1], extra: true, bos: undefined } }))
    assert.throws(
      () => loadTemplates(path),
      (error: unknown) => {
        assert.ok(error instanceof UsageFault)
        assert.equal(error.faults.length, 3, error.message)
        for (const part of ['broken.stop.0', 'extra', 'broken.bos'])
          assert.ok(error.message.includes(part), error.message)
        return true
      },
    )
    writeFileSync(path, '{"a": ')
    assert.throws(() => loadTemplates(path), /models\.json: .*JSON/)
    assert.throws(() => loadTemplates(join(folder, 'none.json')), /none\.json: ENOENT/)
  } finally {
    rmSync(folder, { recursive: true })
  }
  assert.ok(templateNames().length >= 11)
})
