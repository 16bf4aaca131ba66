import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  countTokens,
  detokenize,
  END_TOKEN,
  endOfTokens,
  knowsToken,
  pieces,
  SPECIAL_TOKENS,
  tokenize,
} from '../../../local/engine/tokens.ts'
import { readTurns, renderChatml } from '../../../local/engine/turns.ts'

/** Texts as models see them: prose, LaTeX, other scripts, control tokens in any place. */
const text = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.lorem(),
      fc.constantFrom('\n\n', '$\\frac{1}{2}$', '数学', '😀', ...SPECIAL_TOKENS.map(([special]) => special)),
    ),
  )
  .map((parts) => parts.join(''))

describe('tokens', () => {
  it('come back as the same text', () => {
    fc.assert(
      fc.property(text, (given) => {
        assert.equal(detokenize(tokenize(given)), given)
      }),
    )
  })

  it('are counted, cut and listed alike', () => {
    fc.assert(
      fc.property(text, fc.nat(40), (given, count) => {
        const ids = tokenize(given)
        assert.equal(countTokens(given), ids.length)
        assert.equal(given.slice(0, endOfTokens(given, count)), detokenize(ids.slice(0, count)))
        assert.deepEqual(
          pieces(given).map((piece) => detokenize(tokenize(piece))),
          pieces(given),
        )
        assert.equal(pieces(given).length, ids.length)
      }),
    )
  })

  it('make one id of each special token, the id of its model', () => {
    for (const [special, id] of SPECIAL_TOKENS) assert.deepEqual(tokenize(special), [id])
    assert.equal(new Set(SPECIAL_TOKENS.map(([, id]) => id)).size, SPECIAL_TOKENS.length)
    assert.deepEqual(tokenize('<|im_start|>user\n').length, 3)
    assert.equal(detokenize([END_TOKEN]), '<|im_end|>')
  })

  it('are the same in every version', () => {
    const ids = [151648804, 1004344, 1000032, 1000061, 1000032, 1825779, 1006837, 1000046, 1000010]
    assert.deepEqual(tokenize('Find x = 12345.\n'), ids)
  })

  it('leave out ids that stand for nothing', () => {
    const [id] = tokenize('He')
    assert.equal(detokenize([id!, 999_999, -1, 2 ** 40, 1.5]), 'He')
    assert.equal(knowsToken(999_999), false)
    assert.equal(knowsToken(id!), true)
  })
})

describe('turns', () => {
  const templates = [
    ['<|im_start|>system\nBe exact.<|im_end|>\n<|im_start|>user\n', '<|im_end|>\n<|im_start|>assistant\n'],
    [
      '<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe exact.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n',
      '<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n',
    ],
    ['<｜begin▁of▁sentence｜><｜User｜>', '<｜Assistant｜><think>\n'],
    ['<bos><start_of_turn>user\n', '<end_of_turn>\n<start_of_turn>model\n'],
  ] as const

  it('are read from the prefixes of ChatML, Llama 3, DeepSeek and Gemma', () => {
    for (const [prefix, generation] of templates) {
      const begun = readTurns(`${prefix}How many`)
      assert.deepEqual([begun.open, begun.messages.at(-1)], [true, { role: 'user', content: 'How many' }])
      const asked = readTurns(`${prefix}How many?${generation}`)
      assert.deepEqual([asked.open, asked.messages.at(-1)?.role], [true, 'assistant'])
      assert.deepEqual(asked.messages.at(-2), { role: 'user', content: 'How many?' })
    }
  })

  it('of a rendered chat are its messages', () => {
    const messages = [
      { role: 'system', content: 'S' },
      { role: 'user', content: 'U\n1' },
      { role: 'assistant', content: 'A' },
    ]
    assert.deepEqual(readTurns(renderChatml(messages, false)), { messages, open: false })
    assert.deepEqual(readTurns(renderChatml(messages, true)).messages.at(-1), { role: 'assistant', content: '' })
  })

  it('of a text without a template are one open user turn', () => {
    assert.deepEqual(readTurns('Let x be'), { messages: [{ role: 'user', content: 'Let x be' }], open: true })
  })
})
