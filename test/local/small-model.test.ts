// The real small model behind the front: what a client of it relies on. Fetches engine and weights on first use;
// where that is impossible the tests are skipped and say why.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { Failure, UsageFault } from '../../schemas/failure.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { endProcess } from '../../local/process.ts'
import { processIsAlive } from '../../stream/process-alive.ts'
import {
  findSmallModel,
  startSmallModel,
  stopSmallModel,
  threadsFor,
  type SmallModel,
} from '../../local/small-model.ts'
import { SMALL_MODEL } from '../../local/weights.ts'

interface Reply {
  status: number
  body: {
    choices: {
      index: number
      text: string
      message: { role: string; content: string }
      finish_reason: string
      stop_reason: string | number | null
    }[]
    usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number }
    error: { message: string; code: number }
    tokens: number[]
    prompt: string
    data: { id: string; max_model_len: number }[]
  }
}

const PROMPT = '<|im_start|>user\nCount to ten.<|im_end|>\n<|im_start|>assistant\n'
const WARM = { model: SMALL_MODEL, prompt: PROMPT, max_tokens: 40, temperature: 0.9, top_p: 1 }

describe('the small model', () => {
  let stateDir = ''
  let model: SmallModel | null = null
  let why = ''

  before(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'magpie model '))
    try {
      model = await startSmallModel({ stateDir, log: silentLogger })
    } catch (error) {
      const fetching = ['engine-install', 'weights-download']
      if (!(error instanceof Failure && fetching.includes(error.code)) && !(error instanceof UsageFault)) throw error
      why = error.message
    }
  })

  after(async () => {
    await stopSmallModel(stateDir)
    await rm(stateDir, { recursive: true, force: true })
  })

  function running(context: TestContext): SmallModel | null {
    if (model === null) context.skip(`engine or weights cannot be fetched here: ${why}`)
    return model
  }

  async function post(path: string, body: unknown, signal?: AbortSignal): Promise<Reply> {
    const answer = await fetch(`${model?.url ?? ''}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...(signal === undefined ? {} : { signal }),
    })
    return { status: answer.status, body: (await answer.json()) as Reply['body'] }
  }

  it('gives the same text for the same seed, another for another, also with others beside it', async (context) => {
    if (running(context) === null) return
    const alone = await post('/v1/completions', { ...WARM, seed: 5 })
    assert.equal(alone.status, 200)
    const beside = await Promise.all([5, 6, 7, 2 ** 40 + 5].map((seed) => post('/v1/completions', { ...WARM, seed })))
    const texts = beside.map(({ body }) => body.choices[0]!.text)
    assert.equal(texts[0], alone.body.choices[0]!.text)
    assert.equal(new Set(texts).size, 4)
  })

  it('gives n choices as if each had been asked with its own seed', async (context) => {
    if (running(context) === null) return
    const both = await post('/v1/completions', { ...WARM, seed: 11, n: 2 })
    const second = await post('/v1/completions', { ...WARM, seed: 12 })
    assert.deepEqual(
      both.body.choices.map(({ index }) => index),
      [0, 1],
    )
    assert.equal(both.body.choices[1]!.text, second.body.choices[0]!.text)
    assert.equal(both.body.usage.prompt_tokens, second.body.usage.prompt_tokens)
  })

  it('cuts before a stop string and says which', async (context) => {
    if (running(context) === null) return
    const cool = { ...WARM, temperature: 0, seed: 1 }
    const whole = (await post('/v1/completions', cool)).body.choices[0]!.text
    const stop = whole.slice(9, 12)
    const { choices } = (await post('/v1/completions', { ...cool, stop: ['never met', stop] })).body
    assert.equal(choices[0]!.text, whole.slice(0, whole.indexOf(stop)))
    assert.equal(choices[0]!.finish_reason, 'stop')
    assert.equal(choices[0]!.stop_reason, stop)
  })

  it('ends at its own end token, at a stop token, and at max_tokens', async (context) => {
    if (running(context) === null) return
    const chat = { model: SMALL_MODEL, temperature: 0, messages: [{ role: 'user', content: 'Say hello.' }] }
    const ended = await post('/v1/chat/completions', { ...chat, max_tokens: 200 })
    assert.equal(ended.body.choices[0]!.finish_reason, 'stop')
    assert.equal(ended.body.choices[0]!.stop_reason, null)
    assert.equal(ended.body.choices[0]!.message.content.includes('<|im_end|>'), false)
    const cut = await post('/v1/chat/completions', { ...chat, max_tokens: 3 })
    assert.equal(cut.body.choices[0]!.finish_reason, 'length')
    assert.equal(cut.body.usage.completion_tokens, 3)
    assert.ok(ended.body.choices[0]!.message.content.startsWith(cut.body.choices[0]!.message.content))
    const [first] = (await post('/tokenize', { model: SMALL_MODEL, prompt: cut.body.choices[0]!.message.content })).body
      .tokens
    const stopped = await post('/v1/chat/completions', { ...chat, max_tokens: 30, stop_token_ids: [first] })
    assert.equal(stopped.body.choices[0]!.message.content, '')
    assert.equal(stopped.body.choices[0]!.stop_reason, first)
  })

  it('writes the JSON that a schema asks for', async (context) => {
    if (running(context) === null) return
    const schema = {
      type: 'object',
      properties: { difficulty: { enum: ['easy', 'hard'] } },
      required: ['difficulty'],
      additionalProperties: false,
    }
    const { body } = await post('/v1/chat/completions', {
      model: SMALL_MODEL,
      temperature: 1,
      seed: 3,
      max_tokens: 60,
      messages: [{ role: 'user', content: 'How hard is 2+2?' }],
      response_format: { type: 'json_schema', json_schema: { name: 'tags', schema } },
    })
    const made = JSON.parse(body.choices[0]!.message.content) as { difficulty: string }
    assert.ok(['easy', 'hard'].includes(made.difficulty))
  })

  it('tokenizes special tokens, gives the text back, and survives ids that do not exist', async (context) => {
    if (running(context) === null) return
    const { tokens } = (await post('/tokenize', { model: SMALL_MODEL, prompt: PROMPT })).body
    assert.equal(tokens[0], 1)
    assert.equal((await post('/detokenize', { model: SMALL_MODEL, tokens })).body.prompt, PROMPT)
    const unknown = await post('/v1/completions', { ...WARM, prompt: [1, 99_999_999] })
    assert.equal(unknown.status, 400)
    await post('/detokenize', { model: SMALL_MODEL, tokens: [99_999_999] })
    assert.equal((await post('/v1/completions', { ...WARM, seed: 1, max_tokens: 1 })).status, 200)
  })

  it('refuses a prompt without room as vLLM does, and cuts an answer to the room', async (context) => {
    const started = running(context)
    if (started === null) return
    const models = (await (await fetch(`${started.url}/v1/models`)).json()) as Reply['body']
    const room = models.data[0]!.max_model_len
    const long = await post('/v1/completions', { ...WARM, prompt: Array.from({ length: room + 1 }, () => 100) })
    assert.equal(long.status, 400)
    assert.match(long.body.error.message, new RegExp(`maximum context length is ${room} tokens`))
    const tight = await post('/v1/completions', {
      ...WARM,
      prompt: Array.from({ length: room - 4 }, () => 100),
      max_tokens: 50,
      seed: 1,
    })
    assert.equal(tight.body.usage.total_tokens <= room, true)
    assert.equal(tight.status, 200)
  })

  it('stops computing for a client that went away', async (context) => {
    const started = running(context)
    if (started === null) return
    const away = new AbortController()
    // The end token cannot come at once here: a long text is under way when the client leaves.
    const calls = Array.from({ length: 12 }, (_, index) =>
      post('/v1/completions', { ...WARM, prompt: 'Once upon a time', max_tokens: 900, seed: index }, away.signal),
    )
    const settled = Promise.allSettled(calls)
    const runningNow = async (): Promise<number> => {
      const text = await (await fetch(`${started.url}/metrics`)).text()
      return Number(/^vllm:num_requests_running\{[^}]*\} (\S+)/m.exec(text)?.[1])
    }
    while ((await runningNow()) === 0) await wait(20)
    away.abort()
    assert.equal(
      (await settled).every(({ status }) => status === 'rejected'),
      true,
    )
    while ((await runningNow()) > 0) await wait(20)
    assert.equal((await post('/v1/completions', { ...WARM, seed: 1, max_tokens: 1 })).status, 200)
  })

  it('attaches to a running one, refuses other weights beside it, and comes back on its port after kill -9', async (context) => {
    const started = running(context)
    if (started === null) return
    const again = await startSmallModel({ stateDir, log: silentLogger })
    assert.equal(again.pid, started.pid)
    assert.equal(again.attached, true)
    assert.deepEqual(await findSmallModel(stateDir), { pid: started.pid, port: started.port, model: SMALL_MODEL })
    await assert.rejects(startSmallModel({ stateDir, log: silentLogger, port: started.port + 1 }), UsageFault)
    process.kill(started.pid, 'SIGKILL')
    await endProcess(started.pid, 5000)
    assert.equal(await findSmallModel(stateDir), null)
    const both = await Promise.all([1, 2].map(() => startSmallModel({ stateDir, log: silentLogger })))
    assert.equal(both[0]!.pid, both[1]!.pid)
    assert.equal(both[0]!.url, started.url)
    await both[0]!.stop()
    assert.equal(processIsAlive(both[0]!.pid), false)
  })
})

describe('threadsFor', () => {
  it('takes half of the cores, at most 4, and never more than there are', () => {
    assert.deepEqual(
      [1, 2, 4, 8, 64].map((cores) => threadsFor(undefined, cores)),
      [1, 1, 2, 4, 4],
    )
    assert.equal(threadsFor(9, 2), 2)
    assert.equal(threadsFor(3, 16), 3)
  })
})
