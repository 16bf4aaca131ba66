// Templates that a config gives as files: the pieces give back exactly what the template renders, tokens and defaults
// come from the files beside it, and every fault says file and field.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { EARLIER_TURNS, renderThirdTurn, renderUserTurn } from '../../llm/chat-template.ts'
import { readOwnTemplate } from '../../llm/own-template.ts'
import { roleTemplate } from '../../llm/role-template.ts'
import { promptPrefix, systemText, takesFurtherTurns, textBeforeTurn } from '../../llm/templates.ts'
import { UsageFault } from '../../schemas/failure.ts'

/** Small templates of our own, one for each manner that models have. */
const MANNERS: Record<string, string> = {
  'a block of its own, none by default':
    "{{ bos_token }}{% for m in messages %}{{ '<|turn_of|>' + m.role + '\\n' + m.content + '<|turn_end|>' }}{% endfor %}<|turn_of|>assistant\\n",
  'a default text':
    "{% if messages[0].role != 'system' %}{{ '<|turn_of|>system\\nBe of use.<|turn_end|>' }}{% endif %}{% for m in messages %}{{ '<|turn_of|>' + m.role + '\\n' + m.content + '<|turn_end|>' }}{% endfor %}<|turn_of|>assistant\\n<think>\\n",
  'a block in any case, empty by default':
    "{{ bos_token }}{% if messages[0].role == 'system' %}{% set s = messages[0].content %}{% set rest = messages[1:] %}{% else %}{% set s = '' %}{% set rest = messages %}{% endif %}<|turn_of|>system\\nDate: {{ strftime_now('%d %b %Y') }}\\n{{ s }}<|turn_end|>{% for m in rest %}<|turn_of|>user\\n{{ m.content }}<|turn_end|>{% endfor %}<|turn_of|>assistant\\n",
  'inside the turn':
    "{{ bos_token }}{% if messages[0].role == 'system' %}{% set s = '<<' + messages[0].content + '>>\\n' %}{% set rest = messages[1:] %}{% else %}{% set s = '' %}{% set rest = messages %}{% endif %}{% for m in rest %}[INST] {{ s + m.content }} [/INST]{% endfor %}",
  'bare, before the turn':
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ m.content + '\\n\\n' }}{% else %}{{ 'User: ' + m.content + '\\n\\nAssistant:' }}{% endif %}{% endfor %}",
}

const REFUSING =
  "{% if messages[0].role == 'system' %}{{ raise_exception('no system role') }}{% endif %}{{ bos_token }}<start_of_turn>user\n{{ messages[0].content }}<end_of_turn>\n<start_of_turn>model\n"

const TOKENS = {
  bos_token: { content: '<|first|>' },
  eos_token: '<|turn_end|>',
  added_tokens_decoder: { 7: { content: '<|turn_end|>' }, 8: { content: '<|turn_of|>' }, 9: { content: '<|first|>' } },
  model_max_length: 4096,
}

describe('a template of the user', () => {
  let folder = ''
  const write = (name: string, content: unknown): string => {
    const path = join(folder, name)
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
    return path
  }
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'own-template-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  for (const [manner, chatTemplate] of Object.entries(MANNERS)) {
    it(`gives back what it renders: ${manner}`, () => {
      const template = readOwnTemplate(write('tokenizer_config.json', { ...TOKENS, chat_template: chatTemplate }))
      for (const system of [null, 'Only sums.', 'Two\nlines, and a blank ']) {
        const theirs = renderUserTurn({ chatTemplate, bosToken: '<|first|>', system })
        assert.equal(textBeforeTurn(template, systemText(template, { system })), theirs.prefix)
        assert.equal(`${template.user.close}${template.assistant.open}`, theirs.suffix)
      }
      assert.deepEqual(Object.keys(template.controlTasks), ['math', 'code', 'reasoning', 'translation'])
      assert.equal(template.contextLength, 4096)
      assert.equal(template.reasoning?.openInPrompt ?? false, chatTemplate.includes('<think>'))
    })
  }

  it('is read with its further turns where it writes all of them alike', () => {
    const parts = { bosToken: '<|first|>', eosToken: '<|turn_end|>' }
    for (const [manner, chatTemplate] of Object.entries(MANNERS)) {
      const template = readOwnTemplate(write('tokenizer_config.json', { ...TOKENS, chat_template: chatTemplate }))
      // This one repeats the system text in every turn, so no piece of it stands before the first alone.
      assert.equal(takesFurtherTurns(template), manner !== 'inside the turn', manner)
      if (!takesFurtherTurns(template)) continue
      for (const system of [null, 'Only sums.']) {
        const ours = textBeforeTurn(template, systemText(template, { system }), EARLIER_TURNS)
        assert.equal(ours, renderThirdTurn({ ...parts, chatTemplate, system }).before, manner)
      }
    }
  })

  it('takes no further turn where the template shows the first question alone', () => {
    write('tokenizer_config.json', { bos_token: '<bos>' })
    const template = readOwnTemplate(write('gemma.jinja', REFUSING))
    assert.throws(() => promptPrefix(template, { past: EARLIER_TURNS }), /does not say how an answer ends/)
  })

  it('has no place for a system text where the template refuses one', () => {
    write('tokenizer_config.json', { bos_token: '<bos>' })
    const template = readOwnTemplate(write('gemma.jinja', REFUSING))
    assert.equal(promptPrefix(template, {}).prompt, '<bos><start_of_turn>user\n')
    assert.throws(() => promptPrefix(template, { controlTask: 'math' }), /no place for a system text/)
  })

  it('stops at the end tokens of the files and at the tokens of the turns', () => {
    write('generation_config.json', { eos_token_id: [7, 11], temperature: 0.6, top_p: 0.9, do_sample: true })
    const path = write('tokenizer_config.json', { ...TOKENS, chat_template: MANNERS['a default text'] })
    const { stop, stopTokenIds, sampling } = readOwnTemplate(path)
    assert.deepEqual(stop, ['<|turn_end|>', '<|turn_of|>'])
    assert.deepEqual(stopTokenIds, [7, 11, 8])
    assert.deepEqual(sampling.answers, { temperature: 0.6, topP: 0.9 })
  })

  it('is the one named default of several, or the only one, or chat_template.jinja beside', () => {
    const [first, second] = Object.values(MANNERS)
    const several = [
      { name: 'tool_use', template: second },
      { name: 'default', template: first },
    ]
    const prefixOf = (chat_template: unknown): string =>
      promptPrefix(readOwnTemplate(write('tokenizer_config.json', { ...TOKENS, chat_template })), {}).prompt
    assert.equal(prefixOf(several), prefixOf(first))
    assert.equal(prefixOf([several[0]]), prefixOf(second))
    write('chat_template.jinja', first)
    assert.equal(prefixOf(undefined), prefixOf(first))
  })

  it('is named by its folder and file, and found by a role', () => {
    const path = write('chat_template.jinja', MANNERS['a default text'])
    assert.match(
      roleTemplate({ model: 'x', chatTemplate: path })?.name ?? '',
      /^own-template-\w+\/chat_template\.jinja$/,
    )
  })

  it('says file, field and what to do', () => {
    const [good] = Object.values(MANNERS)
    const faults: [string, unknown, RegExp][] = [
      ['none.json', undefined, /none\.json cannot be read \(there is no such file\)/],
      ['template.txt', 'x', /template\.txt is neither a \.jinja file nor/],
      ['broken.json', '{"a":', /broken\.json is no JSON/],
      ['tokenizer_config.json', { bos_token: '<s>' }, /tokenizer_config\.json: chat_template is not there.*instruct/],
      ['tokenizer_config.json', { chat_template: 3 }, /tokenizer_config\.json: chat_template is wrong/],
      [
        'tokenizer_config.json',
        { chat_template: ['rag', 'tool_use'].map((name) => ({ name, template: good })) },
        /chat_template has no template named default, only rag, tool_use/,
      ],
      [
        'tokenizer_config.json',
        { chat_template: '{% if %}' },
        /tokenizer_config\.json: chat_template cannot be rendered/,
      ],
      [
        'tokenizer_config.json',
        { chat_template: '{% for message in messages %}{{ message.content }}' },
        /cannot be rendered: it is no valid Jinja template: it ends inside a block or an expression/,
      ],
      ['tokenizer_config.json', { chat_template: 'nothing' }, /does not write the user message exactly once/],
    ]
    for (const [name, content, expected] of faults) {
      if (content !== undefined) write(name, content)
      assert.throws(
        () => readOwnTemplate(join(folder, name)),
        (error: unknown) => error instanceof UsageFault && expected.test(error.message),
        String(expected),
      )
    }
    rmSync(join(folder, 'tokenizer_config.json'))
    assert.throws(() => readOwnTemplate(write('a.jinja', good)), /a\.jinja: bos_token is written by the template/)
  })
})
