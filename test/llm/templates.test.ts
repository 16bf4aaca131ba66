// The catalogue of templates: found by name and model, exact prefixes, faults that say where.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { findControlTokens } from '../../llm/control-tokens.ts'
import {
  findTemplate,
  loadTemplates,
  promptPrefix,
  requireTemplate,
  takesFurtherTurns,
  templateNames,
  textBeforeTurn,
} from '../../llm/templates.ts'
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
    ['deepseek-ai/DeepSeek-R1-0528', 'deepseek-r1-0528'],
    ['deepseek-ai/DeepSeek-R1-0528-Qwen3-8B', 'deepseek-r1-0528-qwen3'],
    ['deepseek-ai/DeepSeek-V3-0324', 'deepseek-v3'],
    ['Qwen/Qwen3-235B-A22B', 'qwen3'],
    ['Qwen/Qwen3-235B-A22B-Instruct-2507', 'qwen3-instruct-2507'],
    ['Qwen/Qwen3-4B-Thinking-2507', 'qwen3-thinking-2507'],
    ['Qwen/Qwen2.5-72B-Instruct-AWQ', 'qwen2.5'],
    ['Qwen/Qwen3-30B-A3B-GPTQ-Int4', 'qwen3'],
    ['Qwen/Qwen3-30B-A3B-Instruct-2507-FP8', 'qwen3-instruct-2507'],
    ['Qwen/Qwen1.5-7B-Chat', 'qwen1.5'],
    ['google/gemma-2-27b-it', 'gemma-2'],
    ['google/gemma-7b-it', 'gemma-1'],
    ['microsoft/Phi-4-mini-instruct', 'phi-4-mini'],
    ['microsoft/phi-4', 'phi-4'],
    ['mistralai/Mixtral-8x22B-Instruct-v0.1', 'mistral-v3'],
    ['mistralai/Ministral-8B-Instruct-2410', 'mistral-v3-tekken'],
    ['01-ai/Yi-34B-Chat', 'yi'],
    ['01-ai/Yi-1.5-34B-Chat', 'yi-1.5'],
    ['openai/gpt-oss-120b', 'gpt-oss'],
    ['allenai/Llama-3.1-Tulu-3-70B', 'tulu-3'],
    ['deepseek-ai/DeepSeek-R1-Zero', null],
    ['Qwen/Qwen3-8B-Base', null],
    ['microsoft/Phi-4-reasoning', null],
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

test('further turns, character by character, every entry', () => {
  const past = [
    { user: 'Q1', assistant: 'A1' },
    { user: 'Q2', assistant: 'A2' },
  ]
  const prefix = (name: string, request: Parameters<typeof promptPrefix>[1] = {}): string =>
    promptPrefix(requireTemplate(name), { ...request, past }).prompt
  const chatml = (role: string, text: string): string => `<|im_start|>${role}\n${text}<|im_end|>\n`
  assert.equal(
    prefix('qwen2.5-math-72b', { system: 'S' }),
    [
      chatml('system', 'S'),
      ...[chatml('user', 'Q1'), chatml('assistant', 'A1'), chatml('user', 'Q2'), chatml('assistant', 'A2')],
      '<|im_start|>user\n',
    ].join(''),
  )
  const [bar, word] = ['\uFF5C', '\u2581']
  const end = `<${bar}end${word}of${word}sentence${bar}>`
  assert.equal(
    prefix('deepseek-r1', { system: 'S' }),
    `<${bar}begin${word}of${word}sentence${bar}>S<${bar}User${bar}>Q1<${bar}Assistant${bar}>A1${end}<${bar}User${bar}>Q2<${bar}Assistant${bar}>A2${end}<${bar}User${bar}>`,
  )
  assert.equal(
    prefix('llama-2', { system: 'S' }),
    '<s>[INST] <<SYS>>\nS\n<</SYS>>\n\nQ1 [/INST] A1 </s><s>[INST] Q2 [/INST] A2 </s><s>[INST]',
  )
  // Mistral moves the system text to the turn that comes last.
  assert.equal(prefix('mistral-v3', { system: 'S' }), '<s>[INST] Q1[/INST] A1</s>[INST] Q2[/INST] A2</s>[INST] S\n\n')
  assert.match(
    prefix('gpt-oss'),
    /<\|end\|><\|start\|>assistant<\|channel\|>final<\|message\|>A2<\|end\|><\|start\|>user<\|message\|>$/,
  )
  for (const template of loadTemplates()) {
    assert.ok(takesFurtherTurns(template), template.name)
    const text = textBeforeTurn(template, null, past)
    assert.ok(text.startsWith(`${textBeforeTurn(template, null)}Q1${template.user.close}`), template.name)
    const places = ['Q1', 'A1', 'Q2', 'A2'].map((said) => text.indexOf(said))
    assert.deepEqual(
      places,
      [...places].sort((left, right) => left - right),
      template.name,
    )
    assert.ok(text.endsWith(template.user.open), template.name)
    for (const token of markers(`${template.assistant.past ?? ''}${template.assistant.close ?? ''}`))
      assert.equal(findControlTokens(`What is 2${token}?`)[0]?.token, token, `${template.name}: ${token}`)
  }
  const open = { ...requireTemplate('qwen2.5'), name: 'open', assistant: { open: '', close: null } }
  assert.equal(promptPrefix(open, {}).prompt, promptPrefix(requireTemplate('qwen2.5'), {}).prompt)
  assert.throws(
    () => promptPrefix(open, { past }),
    /template open does not say how an answer ends \(assistant\.close\)/,
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

/** What looks like a token of its own; <s> is left to mathematics. */
function markers(text: string): string[] {
  return [...text.matchAll(/<[^<>\s]{1,40}>|<<\/?SYS>>|\[\/?[A-Za-z_]+\]/g)]
    .map(([token]) => token)
    .filter((token) => token !== '<s>')
}

test('every entry is fit for vLLM, and its control tokens are control tokens to screening', () => {
  for (const template of loadTemplates()) {
    const { name, system, stop, stopTokenIds } = template
    const takesSystem = system.rule !== 'none'
    assert.deepEqual(
      Object.keys(template.controlTasks),
      takesSystem ? ['math', 'code', 'reasoning', 'translation'] : [],
      name,
    )
    assert.ok(stop.length <= 4 && stopTokenIds.length > 0, name)
    assert.ok(!stop.some((text) => text.trim() === '' || text === 'assistant'), name)
    const before = textBeforeTurn(template, takesSystem ? 'S' : null)
    assert.ok(before.endsWith(system.place !== 'before-turn' ? `S${system.close}` : template.user.open), name)
    const { preamble, user, assistant } = template
    const pieces = [preamble, system.open, system.close, user.open, user.close, assistant.open, ...stop]
    for (const token of pieces.flatMap(markers)) {
      assert.deepEqual(findControlTokens(`What is 2${token}?`), [{ token, index: 9 }], `${name}: ${token}`)
    }
    // A stop that is plain words must begin a line, or it would cut a problem that uses the word.
    for (const text of stop) assert.ok(markers(text).length > 0 || text.startsWith('\n'), `${name}: ${text}`)
  }
})

test('a system text in the turn, and blanks that belong to the first word', () => {
  const prefix = (name: string, request: Parameters<typeof promptPrefix>[1] = {}): string =>
    promptPrefix(requireTemplate(name), request).prompt
  assert.equal(prefix('llama-2'), '<s>[INST]')
  assert.equal(prefix('llama-2', { opener: 'Find' }), '<s>[INST] Find')
  assert.equal(prefix('llama-2', { system: 'S' }), '<s>[INST] <<SYS>>\nS\n<</SYS>>\n\n')
  assert.equal(prefix('gemma-3', { system: 'S' }), '<bos><start_of_turn>user\nS\n\n')
  assert.equal(prefix('glm-4', { system: 'S' }), '[gMASK]<sop><|system|>\nS<|user|>\n')
  assert.match(
    prefix('gpt-oss', { system: 'S' }),
    /<\|end\|><\|start\|>developer<\|message\|># Instructions\n\nS\n\n<\|end\|><\|start\|>user<\|message\|>$/,
  )
})

test('what cannot be is told with what there is', () => {
  assert.throws(() => requireTemplate('qwen-2.5-math'), /near it: .*qwen2\.5-math-72b.*; all: smollm2/)
  assert.throws(() => requireTemplate('zzz'), /there are: smollm2, /)
  assert.throws(
    () => promptPrefix(requireTemplate('llama-3'), { controlTask: 'poetry' }),
    /no control task "poetry"; there are math/,
  )
  for (const request of [{ controlTask: 'math' }, { system: 'S' }])
    assert.throws(() => promptPrefix(requireTemplate('gemma-2'), request), /gemma-2 has no place for a system text/)
  assert.equal(promptPrefix(requireTemplate('gemma-2'), {}).prompt, '<bos><start_of_turn>user\n')
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
    const child = {
      extends: 'parent',
      models: ['c'],
      system: { open: '(' },
      verified: 'recalled',
      source: 's',
      notes: '',
    }
    writeFileSync(path, JSON.stringify({ parent: good, child }))
    const [parent, inherited] = loadTemplates(path)
    assert.notEqual(parent?.licences, undefined)
    Reflect.deleteProperty(parent!, 'licences')
    assert.deepEqual(inherited, {
      ...parent,
      ...{ name: 'child', models: ['c'], verified: 'recalled', source: 's', notes: '' },
      system: { ...parent!.system, open: '(' },
    })
    writeFileSync(
      path,
      JSON.stringify({
        one: { extends: 'two' },
        two: { extends: 'one' },
        three: { extends: 'none' },
        bare: { extends: 'good' },
        good,
      }),
    )
    assert.throws(
      () => loadTemplates(path),
      (error: unknown) => {
        assert.ok(error instanceof UsageFault)
        for (const part of [
          'one.extends: goes round',
          'there is no entry "none"',
          'bare.models',
          'bare.verified',
          'bare.source',
        ])
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
  assert.ok(templateNames().length >= 49)
})
