// Control tokens are found where they leak, and mathematics is left alone.

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { findControlTokens } from '../../llm/control-tokens.ts'

test('tokens of the known templates', () => {
  for (const token of [
    '<|im_start|>',
    '<|im_end|>',
    '<|endoftext|>',
    '<|eot_id|>',
    '<|start_header_id|>',
    '<|reserved_special_token_12|>',
    '<｜User｜>',
    '<｜end▁of▁sentence｜>',
    '<start_of_turn>',
    '[INST]',
    '[/INST]',
    '<</SYS>>',
    '</s>',
    '<bos>',
    '<think>',
    '</think>',
    '<|assistant|>',
    '<|channel|>',
    '<tool_call>',
    '<extra_0>',
    '[SYSTEM_PROMPT]',
    '[/THINK]',
    '[gMASK]',
    '<sop>',
    '<|start_of_role|>',
    '<|return|>',
  ])
    assert.deepEqual(findControlTokens(`What is 2${token}?`), [{ token, index: 9 }])
})

test('mathematics that looks a little like it', () => {
  for (const text of [
    'If $|a|<|b|>0$, find x.',
    '|x_1|<|x_2|>3',
    '|ab|<|cd|>1',
    '1<s>2',
    'a<b>c',
    '[1, 2] and [x]',
    'the interval [system]',
    '<x, y>',
    '\\langle x|y\\rangle',
    'if |n|<|n_k|> 2',
  ])
    assert.deepEqual(findControlTokens(text), [], text)
})

const folder = new URL('../../../shared/data/benchmarks/', import.meta.url)

test(
  'none in any benchmark problem',
  { skip: existsSync(folder) ? false : 'no ../shared/data/benchmarks here' },
  () => {
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.jsonl'))) {
      const text = readFileSync(new URL(file, folder), 'utf8')
      assert.deepEqual(findControlTokens(text), [], file)
    }
  },
)
