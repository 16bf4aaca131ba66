// The front against 200 recorded exchanges with a real vLLM 0.32: each request is sent again, and the reply has to
// have the same status, the same fields at every depth with the same kinds of values, and the same error body. Texts
// and numbers differ, as the model does. Exchanges that cannot be alike are listed with the reason.

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import type { Engine } from '../../../local/engine/contract.ts'
import { startFront } from '../../../local/engine/front.ts'
import type { Front } from '../../../local/engine/front.ts'
import type { FrontProtocol } from '../../../local/engine/front-protocol.ts'
import { createInvented } from '../../../local/engine/invented.ts'
import { cutText } from '../../../local/engine/text-cut.ts'
import { END_TOKEN, pieces, tokenize } from '../../../local/engine/tokens.ts'
import { silentLogger } from '../../../schemas/logger.ts'

const FOLDER = join(import.meta.dirname, '../../../../shared/data/vllm')

interface Exchange {
  readonly name: string
  readonly server: string | null
  readonly request: {
    readonly method: string
    readonly path: string
    readonly headers?: Record<string, string> | null
    readonly body?: unknown
    readonly raw_body?: string
  }
  readonly response: { readonly status: number; readonly json?: unknown; readonly text?: string }
}

/** Exchanges that differ on purpose. */
const DIFFERENT: readonly (readonly [names: RegExp, reason: string])[] = [
  [/^(?!err_).*_logprobs|^completion_stream_ids$/, 'asks for log probabilities, which are refused here'],
  [/^chat_continue_echo$/, 'echo brings prompt log probabilities with vLLM'],
  [/^thinking_token_budget$/, 'a budget for the thought has no effect here'],
  [/^keepalive_/, 'recorded with --sse-keep-alive-interval and a full queue'],
  [/^smol_completion_stop_inside_stream$/, 'its one chunk is first and last: here the text ends later'],
  [/^openapi$/, 'the schema of all routes is not served'],
]
/** Messages that hold a number of another tokenizer or vocabulary, or a longer list of pydantic's branches. */
const MESSAGE_DIFFERS = /^(rm_pooling_long|cls_long|err_logit_bias_id)$/
/** Ended by a forced token that logit_bias asks for: here the text ends by itself. */
const END_DIFFERS = /think|stop|eos|smol_|reasoning_|err_context_sum|no_max_tokens|logit_bias|unknown_field/

const files = existsSync(FOLDER) ? readdirSync(FOLDER).filter((file) => file.endsWith('.json')) : []
const exchanges = files
  .map((file) => ({ ...(JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Exchange), name: file.slice(0, -5) }))
  .filter((exchange) => 'request' in exchange && 'response' in exchange)

/** One front for each recorded server. */
const fronts = new Map<string, Promise<Front>>()

/** What each recorded server was started with. */
const PROTOCOLS: Readonly<Record<string, FrontProtocol>> = {
  rm: { runner: 'pooling', rewardShape: 'token' },
  prm: { runner: 'pooling', rewardShape: 'process' },
  seqcls: { runner: 'pooling', rewardShape: 'sequence' },
  toy: { runner: 'generate', generationConfig: { temperature: 0.6, top_p: 0.95, top_k: 20, repetition_penalty: 1.05 } },
  'toy-r1': { runner: 'generate', reasoningParser: 'deepseek_r1', scaleOut: true },
}

/** A thought of four tokens, as the random model of the recordings had it. */
const THOUGHT = 'd b a d</think>cdcadb d'

function engineOf(model: string): Engine {
  const maxModelLen = 'rm prm seqcls'.split(' ').includes(model) ? 1024 : 2048
  const options = { models: [model], maxModelLen, ...(model === 'toy-bos' && { bos: BOS }) }
  const engine = createInvented(options)
  if (model !== 'toy-r1') return engine
  return {
    ...engine,
    complete(_, sampling, { onText }) {
      const choice = cutText(THOUGHT, sampling, END_TOKEN)
      if (onText) for (const piece of pieces(choice.text)) onText(piece)
      return Promise.resolve(choice)
    },
  }
}

function frontOf({ server, name }: Exchange): Promise<Front> {
  const model = /^[\w-]+/.exec(server ?? '')?.[0] ?? (name.startsWith('rm_') ? 'rm' : 'toy')
  const key = `${model} ${name.startsWith('auth_')}`
  let front = fronts.get(key)
  if (front === undefined) {
    const started = startFront({
      engine: engineOf(model),
      protocol: PROTOCOLS[model] ?? { runner: 'generate' },
      port: 0,
      slots: 16,
      log: silentLogger,
      ...(model === 'toy-key' && { apiKey: 'secret' }),
    })
    fronts.set(key, started)
    front = started
  }
  return front
}

after(async () => {
  for (const front of fronts.values()) await (await front).close()
})

const BOS = '<|begin_of_text|>'
const VALID = tokenize('a')[0]!

/** Recorded token ids of the small vocabulary become ids that exist here; the ones that did not exist stay. */
function translateIds(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => translateIds(item, key))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [
        key === 'logit_bias' && Number(name) < 448 ? String(VALID) : name,
        translateIds(item, name),
      ]),
    )
  }
  const isId = typeof value === 'number' && ['prompt', 'tokens', 'input', 'stop_token_ids'].includes(key)
  return isId && value >= 0 && value < 448 ? VALID : value
}

function send(front: Front, exchange: Exchange): Promise<{ status: number; text: string; type: string }> {
  const { method, path, headers, body, raw_body: rawBody } = exchange.request
  // One error message tells the ids of the request: they stay as they are.
  const translated = exchange.name === 'err_prompt_negid' ? body : translateIds(body)
  const written = body === undefined || body === null ? '' : JSON.stringify(translated)
  const text = rawBody ?? written.replaceAll('<|bos|>', BOS)
  return new Promise((resolve, reject) => {
    const sent = request(
      front.url + path,
      { method, headers: { 'content-type': 'application/json', ...headers }, agent: false },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            text: Buffer.concat(chunks).toString(),
            type: response.headers['content-type'] ?? '',
          })
        })
      },
    )
    sent.on('error', reject)
    sent.end(text)
  })
}

/** Field names and kinds of values at every depth; of a list the first item stands for all. */
function shape(value: unknown, key: string, open: boolean): unknown {
  if (Array.isArray(value)) {
    const ids = /token|prompt_token_ids|data|probs/.test(key) && typeof value[0] !== 'object'
    return ids ? [typeof value[0]] : value.slice(0, 1).map((item) => shape(item, key, open))
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([name, item]) => [name, shape(item, name, open)]),
    )
  }
  // A stop reason depends on where the text ended.
  if (key === 'stop_reason' && open) return 'any'
  return value === null ? 'null' : typeof value
}

function events(text: string): unknown[] {
  return text
    .split('\n\n')
    .filter((part) => part.startsWith('data: {'))
    .map((part) => JSON.parse(part.slice(6)) as unknown)
}

describe(
  'the front replies as the recorded vLLM',
  { skip: files.length === 0 ? `no recordings at ${FOLDER}` : false },
  () => {
    it('has recordings to be held to', () => {
      const compared = exchanges.filter(({ name }) => !DIFFERENT.some(([names]) => names.test(name)))
      assert.ok(compared.length >= 200, `only ${compared.length} of ${exchanges.length} are compared`)
    })
    for (const exchange of exchanges) {
      const different = DIFFERENT.find(([names]) => names.test(exchange.name))
      it(`${exchange.name} [${exchange.response.status}]`, { skip: different?.[1] ?? false }, async () => {
        const reply = await send(await frontOf(exchange), exchange)
        const { response } = exchange
        assert.equal(reply.status, response.status, reply.text.slice(0, 500))
        const open = END_DIFFERS.test(exchange.name)
        if (exchange.request.path === '/metrics') {
          compareMetrics(reply.text, response.text ?? '')
          return
        }
        if (response.json === undefined || response.json === null) {
          compareText(reply, response.text ?? '', open)
          return
        }
        const body = JSON.parse(reply.text) as Record<string, unknown>
        if (response.status >= 400) {
          compareError(exchange.name, body, response.json as Record<string, unknown>)
          return
        }
        assert.deepEqual(shape(body, '', open), shape(response.json, '', open))
        compareCounts(body, response.json as Record<string, unknown>)
        if (exchange.name.startsWith('bos_')) compareBos(body, response.json)
      })
    }
  },
)

function compareText(reply: { text: string; type: string }, recorded: string, open: boolean): void {
  const expected = events(recorded)
  if (expected.length === 0) {
    assert.equal(reply.text, recorded)
    return
  }
  assert.match(reply.type, /^text\/event-stream/)
  assert.ok(reply.text.endsWith('data: [DONE]\n\n'))
  const got = events(reply.text)
  // The same kinds of chunks come first and last, and no kind that vLLM does not send.
  assert.deepEqual(shape(got.at(-1), '', open), shape(expected.at(-1), '', open))
  if (expected.length > 1) assert.deepEqual(shape(got[0], '', open), shape(expected[0], '', open))
}

function compareError(name: string, body: Record<string, unknown>, recorded: Record<string, unknown>): void {
  if (!MESSAGE_DIFFERS.test(name)) {
    assert.deepEqual(body, recorded)
    return
  }
  const [got, expected] = [body['error'] as Record<string, unknown>, recorded['error'] as Record<string, unknown>]
  assert.deepEqual({ ...got, message: '' }, { ...expected, message: '' })
}

/** Numbers that do not depend on the model. */
function compareCounts(body: Record<string, unknown>, recorded: Record<string, unknown>): void {
  for (const list of ['choices', 'data']) {
    if (!Array.isArray(recorded[list])) continue
    const [got, expected] = [body[list] as Record<string, unknown>[], recorded[list] as Record<string, unknown>[]]
    assert.deepEqual(
      got.map(({ index }) => index),
      expected.map(({ index }) => index),
    )
  }
  for (const name of ['object', 'model', 'max_model_len']) assert.equal(body[name], recorded[name])
}

/** Each metric here has a name and a kind that the real server has too. */
function compareMetrics(page: string, recorded: string): void {
  const kinds = (text: string): string[] => [...text.matchAll(/^# TYPE (vllm:\S+ \w+)$/gm)].map((match) => match[1]!)
  const known = kinds(recorded)
  assert.ok(kinds(page).length > 5)
  assert.deepEqual(
    kinds(page).filter((kind) => !known.includes(kind)),
    [],
  )
}

/** As many tokens of a beginning of text as the real tokenizer put there: 440 is its id. */
function compareBos(body: unknown, recorded: unknown): void {
  const counted = (value: unknown, bos: number): number => {
    const ids =
      JSON.stringify(value)
        .match(/"(?:tokens|prompt_token_ids)":\[([^\]]*)\]/)?.[1]
        ?.split(',') ?? []
    return ids.filter((id) => Number(id) === bos).length
  }
  assert.equal(counted(body, tokenize(BOS)[0]!), counted(recorded, 440))
}
