// Thoughts in every shape over HTTP: parsed into fields, raw with `</think>`, in harmony's channels with and without
// their control tokens; whole, streamed and cut.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createInventor } from '../../../local/engine/invented.ts'
import { splitReasoning } from '../../../llm/reasoning.ts'
import { choiceOf, deltasOf, post, serve } from './served.ts'

const question = 'Solve for x: $17x + 205 = 1055$.'
const chat = { messages: [{ role: 'user', content: question }], seed: 3 }
const answer = createInventor().answer(question, 3)
const joined = (deltas: readonly Record<string, string>[], field: string): string =>
  deltas.map((delta) => delta[field] ?? '').join('')

describe('a reasoning parser', () => {
  for (const [parser, shape] of [
    ['deepseek_r1', { think: true }],
    ['openai_gptoss', { harmony: true }],
  ] as const) {
    it(`(${parser}) puts the thought apart, whole and streamed, and the content alone where the thought is not wanted`, async () => {
      const front = await serve(shape, { reasoningParser: parser })
      const { message } = await choiceOf(front, '/v1/chat/completions', chat)
      assert.equal(message.content?.trim(), answer)
      assert.match(message.reasoning ?? '', /let me think/)
      assert.doesNotMatch(JSON.stringify(message), /think>|<\|/)
      const deltas = await deltasOf(front, chat)
      assert.equal(joined(deltas, 'reasoning'), message.reasoning)
      assert.equal(joined(deltas, 'content'), message.content)
      const quiet = { ...chat, include_reasoning: false }
      assert.deepEqual((await choiceOf(front, '/v1/chat/completions', quiet)).message, { ...message, reasoning: null })
      assert.equal(joined(await deltasOf(front, quiet), 'reasoning'), '')
      assert.equal(joined(await deltasOf(front, quiet), 'content'), message.content)
    })

    it(`(${parser}) has no content for a thought that was cut`, async () => {
      const front = await serve(shape, { reasoningParser: parser })
      const cut = { ...chat, max_tokens: 12 }
      const choice = await choiceOf(front, '/v1/chat/completions', cut)
      assert.deepEqual([choice.finish_reason, choice.message.content], ['length', null])
      assert.match(choice.message.reasoning ?? '', /^\n?Okay/)
      assert.equal(joined(await deltasOf(front, cut), 'reasoning'), choice.message.reasoning)
    })
  }

  it('names the field as old releases did, and leaves raw completions and structured output as they are', async () => {
    const front = await serve({ think: true }, { reasoningParser: 'deepseek_r1', reasoningField: 'reasoning_content' })
    const { message } = await choiceOf(front, '/v1/chat/completions', chat)
    assert.match(message.reasoning_content ?? '', /let me think/)
    assert.equal('reasoning' in message, false)
    assert.ok((await deltasOf(front, chat)).some((delta) => 'reasoning_content' in delta))
    const prompt = `<|im_start|>user\n${question}<|im_end|>\n<|im_start|>assistant\n`
    const raw = await choiceOf(front, '/v1/completions', { prompt, seed: 3, max_tokens: 4000 })
    assert.match(raw.text, /^<think>\n[^]+\n<\/think>\n\n/)
    const response_format = { type: 'json_object' }
    const structured = await choiceOf(front, '/v1/chat/completions', { ...chat, response_format })
    assert.doesNotThrow(() => JSON.parse(structured.message.content ?? '') as unknown)
  })

  it('differs between whole and stream after a closed thought, as the real one does', async () => {
    const front = await serve({ think: true }, { reasoningParser: 'deepseek_r1' })
    const messages = [...chat.messages, { role: 'assistant', content: '<think>\nHm.\n</think>\n\n' }]
    const body = { messages, seed: 3, continue_final_message: true, add_generation_prompt: false }
    const { message } = await choiceOf(front, '/v1/chat/completions', body)
    assert.deepEqual([message.content, message.reasoning], [null, answer])
    assert.equal(joined(await deltasOf(front, body), 'content'), answer)
  })
})

describe('harmony without a parser', () => {
  const prompt = `<|start|>user<|message|>${question}<|end|><|start|>assistant`

  it('shows its channels only where special tokens are asked for, and counts them always', async () => {
    const front = await serve({ harmony: true })
    const body = { prompt, seed: 3, max_tokens: 4000, return_token_ids: true }
    const full = await choiceOf(front, '/v1/completions', { ...body, skip_special_tokens: false })
    assert.match(full.text, /^<\|channel\|>analysis<\|message\|>[^]+<\|end\|><\|start\|>assistant<\|channel\|>final/)
    assert.ok(full.text.endsWith(`<|message|>${answer}`))
    const stripped = await choiceOf(front, '/v1/completions', body)
    assert.match(stripped.text, /^analysisOkay[^]+assistantfinal/)
    assert.ok(stripped.text.endsWith(`assistantfinal${answer}`))
    assert.deepEqual(stripped.token_ids, full.token_ids)
    assert.equal(stripped.token_ids.at(-1), 200002, '<|return|>')
    const spelled = await post(front, '/detokenize', { tokens: stripped.token_ids })
    assert.equal(spelled.body.prompt, `${full.text}<|return|>`)
    const chatted = await choiceOf(front, '/v1/chat/completions', chat)
    assert.equal(chatted.message.content, stripped.text)
    assert.equal(joined(await deltasOf(front, chat), 'content'), stripped.text)
  })

  it('ends at a stop string of what is shown, and at a stop token of what is generated', async () => {
    const front = await serve({ harmony: true })
    const body = { prompt, seed: 3, max_tokens: 4000 }
    const byMark = await choiceOf(front, '/v1/completions', { ...body, stop: ['<|end|>'] })
    assert.equal(byMark.stop_reason, null, 'a control token that is not shown stops nothing')
    const shown = await choiceOf(front, '/v1/completions', { ...body, stop: ['assistantfinal'] })
    assert.equal(shown.stop_reason, 'assistantfinal')
    assert.equal(`${shown.text}assistantfinal${answer}`, byMark.text)
    const byId = await choiceOf(front, '/v1/completions', { ...body, stop_token_ids: [200007] })
    assert.deepEqual([byId.text, byId.stop_reason], [shown.text, 200007])
  })
})

describe('the thought with a tag', () => {
  it('is read back by the splitter of the model layer', async () => {
    const front = await serve({ think: true })
    const { message } = await choiceOf(front, '/v1/chat/completions', chat)
    const said = { text: message.content!, reasoning: null, finishReason: 'stop' }
    assert.equal(splitReasoning(said).solution, answer)
  })
})
