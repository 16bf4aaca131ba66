// What llm/ relies on in an engine, as tests that any engine has to pass: the simulator in `npm test`, a real vLLM in
// `npm run test:vllm`. All of it goes through llm/engine-client.ts, so both halves of the protocol are held.
//
// A test registers here what it asks; the engine may start later, in a `before` of the caller.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EngineCall, EngineClient } from '../../llm/engine-client.ts'
import type { Choice, Choices } from '../../llm/replies.ts'
import { promptPrefix, type Template } from '../../llm/templates.ts'

export interface EngineUnderTest {
  /** Without /v1. */
  readonly url: string
  readonly client: EngineClient
  readonly model: string
}

/** The engine, once it runs. */
export type Engine = () => EngineUnderTest

const signal = new AbortController().signal
/** What /metrics must tell for the limits and the reports. */
const METRICS = [
  'num_requests_running',
  'num_requests_waiting',
  'kv_cache_usage_perc',
  'num_preemptions_total',
  'prompt_tokens_total',
  'generation_tokens_total',
]
/** vLLM without a bias, a cut or a penalty. */
export const PLAIN = { temperature: 1, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1 }
const PROMPT = '<|im_start|>user\nWhat is the value of x when x plus 3 is 7?<|im_end|>\n<|im_start|>assistant\n'

/** A completion call of one seeded choice of PROMPT; `more` over it. */
export function callOf(
  { model }: EngineUnderTest,
  more: Partial<EngineCall> & { maxTokens?: number } = {},
): EngineCall {
  const { maxTokens = 24, ...rest } = more
  return {
    model,
    input: { prompt: PROMPT },
    n: 1,
    seed: 7,
    sampling: { ...PLAIN, maxTokens },
    stop: [],
    stopTokenIds: [],
    returnTokenIds: true,
    ...rest,
  }
}

/** The whole reply, and its first choice with the ids that were asked for. */
async function completeOne(
  engine: EngineUnderTest,
  call: EngineCall,
): Promise<Choices & { one: Choice; ids: number[] }> {
  const reply = await engine.client.complete(call, signal)
  const one = reply.choices[0]!
  assert.ok(one.tokenIds !== null, 'token ids were asked for')
  return { ...reply, one, ids: [...one.tokenIds] }
}

/** What the server tells of itself. */
export function identityContract(engine: Engine): void {
  test('tells its health, version and model with its context', async () => {
    const { client, model } = engine()
    assert.equal(await client.health(signal), null)
    assert.match((await client.version(signal)) ?? '', /^\d+\.\d+/)
    const served = (await client.models(signal)).find(({ id }) => id === model)
    assert.ok(served !== undefined && (served.maxModelLen ?? 0) > 0)
  })

  test('/metrics has the names that limits and reports read', async () => {
    const page = (await engine().client.metrics(signal)) ?? ''
    for (const name of METRICS) assert.match(page, new RegExp(`^vllm:${name}\\{[^}]*\\} [0-9.e+]+$`, 'm'), name)
  })

  test('an unknown model is refused as one, and stands for no record', async () => {
    const call = { ...callOf(engine()), model: 'nobody-serves-this' }
    await assert.rejects(engine().client.complete(call, signal), { engine: 'refusing', code: 'model-not-found' })
  })
}

/** The tokenizer, and that our template's prefix is the server's own, token for token. */
export function tokenContract(engine: Engine, template: Template): void {
  test('ids become the text again', async () => {
    const { client, model } = engine()
    const text = 'If x = 3, then \\boxed{x^2 = 9} – naïve, 漢字.'
    const { tokens, maxModelLen } = await client.tokenize({ model, prompt: text, addSpecialTokens: false }, signal)
    assert.equal(await client.detokenize({ model, tokens }, signal), text)
    assert.ok((maxModelLen ?? 0) > 0)
  })

  test(`the prefix of template ${template.name} is what the server writes before a user's message`, async () => {
    const { client, model } = engine()
    const problem = 'Let n be a positive integer.'
    const { prompt } = promptPrefix(template, { opener: problem })
    const ours = await client.tokenize({ model, prompt, addSpecialTokens: false }, signal)
    const messages = [{ role: 'user' as const, content: problem }]
    const turn = await client.tokenize({ model, messages, addGenerationPrompt: false }, signal)
    assert.deepEqual(turn.tokens.slice(0, ours.tokens.length), ours.tokens)
    const asked = await client.tokenize({ model, messages, addGenerationPrompt: true }, signal)
    const whole = `${prompt}${template.user.close}${template.assistant.open}`
    const { tokens } = await client.tokenize({ model, prompt: whole, addSpecialTokens: false }, signal)
    assert.deepEqual(asked.tokens, tokens)
  })

  test('a raw prompt gets no token of the server: its ids are those of its text', async () => {
    const { client, model } = engine()
    const { prompt } = promptPrefix(template, {})
    const { tokens } = await client.tokenize({ model, prompt, addSpecialTokens: false }, signal)
    const reply = await completeOne(engine(), callOf(engine(), { input: { prompt }, maxTokens: 1 }))
    assert.deepEqual(reply.promptTokenIds, tokens)
    assert.equal(reply.promptTokens, tokens.length)
  })
}

/** A tokenizer that puts a BOS before what it is given: a template that writes one itself must not get a second. */
export function bosContract(engine: Engine, template: Template): void {
  test('the server doubles the BOS of a raw prompt unless it is told not to, and we tell it', async () => {
    const { client, model } = engine()
    const { prompt } = promptPrefix(template, {})
    const alone = await client.tokenize({ model, prompt, addSpecialTokens: false }, signal)
    const doubled = await client.tokenize({ model, prompt, addSpecialTokens: true }, signal)
    assert.deepEqual(doubled.tokens, [alone.tokens[0], ...alone.tokens])
    const call = callOf(engine(), { input: { prompt }, maxTokens: 1 })
    assert.deepEqual((await client.complete(call, signal)).promptTokenIds, alone.tokens)
  })
}

/** n, seeds, ends and stops. */
export function choiceContract(engine: Engine): void {
  test('choice i of n is the request of seed + i alone, token for token', async () => {
    const { choices } = await engine().client.complete(callOf(engine(), { n: 4 }), signal)
    for (const [index, choice] of choices.entries()) {
      const { one } = await completeOne(engine(), callOf(engine(), { seed: 7 + index }))
      assert.deepEqual([one.tokenIds, one.text], [choice.tokenIds, choice.text], `choice ${index}`)
    }
    assert.equal(new Set(choices.map(({ text }) => text)).size, 4, 'every seed has its own text')
  })

  test('several choices without randomness are a bad request', async () => {
    const call = callOf(engine(), { n: 2, sampling: { ...PLAIN, temperature: 0, maxTokens: 4 } })
    await assert.rejects(engine().client.complete(call, signal), { retry: 'permanent', code: 'bad-request' })
  })

  test('max_tokens cuts at exactly so many tokens, and says length', async () => {
    const { one, ids, completionTokens } = await completeOne(engine(), callOf(engine(), { maxTokens: 5 }))
    assert.deepEqual([one.finishReason, one.stopReason, ids.length, completionTokens], ['length', null, 5, 5])
  })

  test('a stop string ends before its first appearance and is named', async () => {
    const uncut = (await completeOne(engine(), callOf(engine()))).one.text
    const stop = stopInside(uncut)
    const { one } = await completeOne(engine(), callOf(engine(), { stop: ['never there', stop] }))
    assert.deepEqual([one.text, one.finishReason, one.stopReason], [uncut.slice(0, uncut.indexOf(stop)), 'stop', stop])
  })

  test('a fifth stop string is a bad request', async () => {
    const call = callOf(engine(), { stop: ['aa', 'bb', 'cc', 'dd', 'ee'] })
    await assert.rejects(engine().client.complete(call, signal), { retry: 'permanent', code: 'bad-request' })
  })

  test('a logit bias out of the vocabulary is a bad request', async () => {
    const call = callOf(engine(), { logitBias: { 999999999999: 1 } })
    await assert.rejects(engine().client.complete(call, signal), { retry: 'permanent', code: 'bad-request' })
  })

  test('a schema is kept to', async () => {
    const schema = {
      type: 'object',
      properties: { difficulty: { enum: ['easy', 'hard'] }, clear: { type: 'boolean' } },
      required: ['difficulty', 'clear'],
      additionalProperties: false,
    }
    const call = callOf(engine(), { jsonSchema: { name: 'tags', schema }, maxTokens: 200 })
    const { one } = await completeOne(engine(), call)
    const tags = JSON.parse(one.text) as Record<string, unknown>
    assert.deepEqual(Object.keys(tags).toSorted(), ['clear', 'difficulty'])
    assert.ok(typeof tags.clear === 'boolean' && ['easy', 'hard'].includes(tags.difficulty as string))
  })
}

/** A piece of two characters from the second half of a text, the first such place of them. */
function stopInside(text: string): string {
  for (let at = Math.floor(text.length / 2); at + 2 <= text.length; at += 1) {
    const piece = text.slice(at, at + 2)
    if (/^[ -~]{2}$/.test(piece)) return piece
  }
  throw new Error(`no two plain characters in the second half of ${JSON.stringify(text)}`)
}

/** Sampling parameters and biases have their effect; a prompt of ids goes on where it was cut. Not for invented text. */
export function samplingContract(engine: Engine): void {
  const greedy = { ...PLAIN, temperature: 0 }

  test('top_k 1 is the likeliest token, and a bias forbids it', async () => {
    const likeliest = await completeOne(engine(), callOf(engine(), { sampling: { ...greedy, maxTokens: 1 } }))
    const only = await completeOne(engine(), callOf(engine(), { sampling: { ...PLAIN, topK: 1, maxTokens: 1 } }))
    assert.deepEqual(only.ids, likeliest.ids)
    const logitBias = { [likeliest.ids[0]!]: -100 }
    const other = await completeOne(engine(), callOf(engine(), { sampling: { ...greedy, maxTokens: 1 }, logitBias }))
    assert.notDeepEqual(other.ids, likeliest.ids)
  })

  test('a stop token ends with its id as the reason, counted but not shown', async () => {
    const uncut = await completeOne(engine(), callOf(engine()))
    const at = uncut.ids.findIndex((id, index) => index >= 4 && uncut.ids.indexOf(id) === index)
    const stopTokenIds = [uncut.ids[at]!]
    const cut = await completeOne(engine(), callOf(engine(), { stopTokenIds }))
    assert.deepEqual(cut.ids, uncut.ids.slice(0, at + 1))
    assert.deepEqual([cut.one.finishReason, cut.one.stopReason], ['stop', String(stopTokenIds[0])])
    assert.equal(cut.completionTokens, at + 1)
    assert.ok(cut.one.text.length < uncut.one.text.length && uncut.one.text.startsWith(cut.one.text))
  })

  test('ids of prompt and text go on exactly where the text was cut', async () => {
    const sampling = { ...greedy, maxTokens: 24 }
    const uncut = await completeOne(engine(), callOf(engine(), { sampling }))
    const begun = await completeOne(engine(), callOf(engine(), { sampling: { ...greedy, maxTokens: 9 } }))
    const tokenIds = [...begun.promptTokenIds!, ...begun.ids]
    const rest = await completeOne(
      engine(),
      callOf(engine(), { input: { tokenIds }, sampling: { ...greedy, maxTokens: 15 } }),
    )
    assert.deepEqual(rest.promptTokenIds, tokenIds)
    assert.deepEqual([...begun.ids, ...rest.ids], uncut.ids)
  })
}

/** The end token: an answer that ends by itself. `call`: one that does. */
export function endContract(engine: Engine, call: (engine: EngineUnderTest) => EngineCall): void {
  test('a text that ends by itself says stop without a reason, and its end token is no text', async () => {
    const { one, ids, completionTokens } = await completeOne(engine(), call(engine()))
    assert.deepEqual([one.finishReason, one.stopReason], ['stop', null])
    assert.equal(completionTokens, ids.length)
    assert.doesNotMatch(one.text, /<\|im_end\|>|<\|endoftext\|>/)
  })
}

/** What does not fit into the context. */
export function contextContract(engine: Engine): void {
  const context = async (): Promise<number> => {
    const { client, model } = engine()
    return (await client.models(signal)).find(({ id }) => id === model)!.maxModelLen!
  }
  const oneId = async (): Promise<number> => {
    const { client, model } = engine()
    return (await client.tokenize({ model, prompt: ' x', addSpecialTokens: false }, signal)).tokens[0]!
  }
  const ids = async (count: number): Promise<number[]> => new Array<number>(count).fill(await oneId())
  const tooLong = { retry: 'permanent', code: 'context-length' }

  test('a prompt beyond the context is context-length, as text, ids and chat', async () => {
    const content = 'word and '.repeat(await context())
    const messages = [{ role: 'user' as const, content }]
    for (const input of [{ prompt: content }, { tokenIds: await ids((await context()) + 52) }, { messages }])
      await assert.rejects(engine().client.complete(callOf(engine(), { input }), signal), tooLong)
  })

  test('a prompt that leaves no room is context-length too', async () => {
    const input = { tokenIds: await ids(await context()) }
    await assert.rejects(engine().client.complete(callOf(engine(), { input }), signal), tooLong)
  })

  test('max_tokens beyond the context alone is refused', async () => {
    const call = callOf(engine(), { maxTokens: (await context()) + 1 })
    await assert.rejects(engine().client.complete(call, signal), tooLong)
  })

  test('max_tokens beyond what is left is shortened in silence, and the text says length', async () => {
    const input = { tokenIds: await ids((await context()) - 6) }
    const { one, completionTokens } = await completeOne(engine(), callOf(engine(), { input, maxTokens: 500 }))
    assert.deepEqual([one.finishReason, completionTokens], ['length', 6])
  })
}
