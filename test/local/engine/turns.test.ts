// Raw prompts of every chat template read back into turns: which are closed, and which one is being written.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readTurns, renderHarmony } from '../../../local/engine/turns.ts'

/** Opening of a user's turn, its end, and the opening of an assistant's turn. */
const TEMPLATES: Readonly<Record<string, readonly [user: string, end: string, assistant: string]>> = {
  chatml: ['<|im_start|>user\n', '<|im_end|>\n', '<|im_start|>assistant\n'],
  llama3: [
    '<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n',
    '<|eot_id|>',
    '<|start_header_id|>assistant<|end_header_id|>\n\n',
  ],
  deepseek: ['<｜begin▁of▁sentence｜><｜User｜>', '', '<｜Assistant｜>'],
  gemma: ['<bos><start_of_turn>user\n', '<end_of_turn>\n', '<start_of_turn>model\n'],
  phi3: ['<|user|>\n', '<|end|>\n', '<|assistant|>\n'],
  phi4: ['<|im_start|>user<|im_sep|>', '<|im_end|>', '<|im_start|>assistant<|im_sep|>'],
  granite: ['<|start_of_role|>user<|end_of_role|>', '<|end_of_text|>\n', '<|start_of_role|>assistant<|end_of_role|>'],
  llama2: ['<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\n', '', ' [/INST]'],
  harmony: ['<|start|>user<|message|>', '<|end|>', '<|start|>assistant'],
}

describe('a raw prompt', () => {
  for (const [name, [user, end, assistant]] of Object.entries(TEMPLATES)) {
    it(`of ${name} is an open question, then an answer to it that goes on until its end`, () => {
      assert.deepEqual(readTurns(user), { messages: [{ role: 'user', content: '' }], open: true })
      assert.deepEqual(readTurns(`${user}How many`).messages.at(-1), { role: 'user', content: 'How many' })
      const asked = `${user}How many?${end}${assistant}`
      for (const begun of ['', 'So far']) {
        const { messages, open } = readTurns(asked + begun)
        assert.deepEqual(
          messages.map(({ role, content }) => [role, content.trimEnd()]),
          [
            ['user', 'How many?'],
            ['assistant', begun],
          ],
        )
        assert.equal(open, true)
      }
    })
  }

  it('of harmony is open in all channels but after the final one', () => {
    const prompt = renderHarmony([{ role: 'user', content: 'How many?' }], true)
    const analysis = '<|channel|>analysis<|message|>Let me see.<|end|>'
    const final = '<|start|>assistant<|channel|>final<|message|>Four.'
    for (const said of [analysis, `${analysis}<|start|>`, analysis + final]) {
      const { messages, open } = readTurns(prompt + said)
      assert.deepEqual(messages.at(-1), { role: 'assistant', content: said })
      assert.equal(open, true, said)
    }
    assert.equal(readTurns(`${prompt}${analysis}${final}<|return|>`).open, false)
    const history = renderHarmony(
      [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'How many?' },
        { role: 'assistant', content: 'Four.' },
        { role: 'user', content: 'Sure?' },
      ],
      true,
    )
    assert.deepEqual(
      readTurns(history).messages.map(({ role }) => role),
      ['developer', 'user', 'assistant', 'user', 'assistant'],
    )
  })
})
