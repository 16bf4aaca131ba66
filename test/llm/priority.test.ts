// The place that calls ask for in an engine's queue: who sends it, who never sees it, that a full engine obeys it, and
// what becomes of engines that refuse it.

import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { checkEndpoints } from '../../llm/check-endpoints.ts'
import { embedderConfig, rewarderConfig, roleConfig } from '../../llm/config.ts'
import type { Llm } from '../../llm/contract.ts'
import { createLlm } from '../../llm/llm.ts'
import type { CallMemory } from '../../schemas/call-memory.ts'
import { silentLogger, type Logger } from '../../schemas/logger.ts'
import { heldEngine, start, until } from '../local/engine/at-work.ts'
import { startServer, type Answer, type Request, type TestServer } from '../support/recorded-vllm.ts'

const { signal } = new AbortController()
const ending: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end()
})

const CHOICE = { index: 0, text: 'a', message: { content: 'a' }, finish_reason: 'stop', stop_reason: null }
const REPLIES: Readonly<Record<string, unknown>> = {
  '/v1/models': { data: [{ id: 'm' }] },
  '/v1/completions': { choices: [CHOICE], usage: { prompt_tokens: 3, completion_tokens: 1 } },
  '/v1/chat/completions': { choices: [CHOICE], usage: { prompt_tokens: 3, completion_tokens: 1 } },
  '/pooling': { data: [{ index: 0, data: [[1], [2], [3]] }], usage: { prompt_tokens: 3 } },
  '/v1/embeddings': { data: [{ index: 0, embedding: [1, 0] }], usage: { prompt_tokens: 3 } },
}
/** The words of releases that refuse a priority. */
const REFUSAL = 'Got priority 10 but Priority scheduling is not enabled.'

async function serve(answer: (request: Request) => Answer | null = () => null): Promise<TestServer> {
  const server = await startServer(
    (request) =>
      answer(request) ?? (request.path in REPLIES ? { body: REPLIES[request.path] } : { status: 404, body: {} }),
  )
  ending.push(() => server.close())
  return server
}

/** Refuses what asks for a place. */
const refusing = ({ body }: Request): Answer | null =>
  'priority' in body ? { status: 400, body: { error: { message: REFUSAL, type: 'BadRequestError', code: 400 } } } : null

const parts = (url: string, schedulingPolicy?: 'fcfs' | 'priority') => {
  const endpoints = [{ url, limit: 16, adaptive: false, ...(schedulingPolicy && { schedulingPolicy }) }]
  return {
    roles: { sampler: roleConfig.parse({ endpoints, model: 'm' }) },
    rewarders: { rm: { ...rewarderConfig.parse({ endpoints, model: 'm' }), kind: 'token-rm' as const } },
    embedder: embedderConfig.parse({ endpoints, model: 'm' }),
  }
}

function make(config: ReturnType<typeof parts>, priority?: number, log: Logger = silentLogger): Llm {
  const llm = createLlm({ ...config, log, ...(priority !== undefined && { priority }) })
  ending.push(() => llm.close())
  return llm
}

const ask = (llm: Llm, seed: number, more: { calls?: CallMemory; signal?: AbortSignal } = {}) =>
  llm.complete({ input: { prompt: 'p' }, seed }, { role: 'sampler', rank: 1, signal, ...more })

const MESSAGES = [
  { role: 'user', content: '1 + 1?' },
  { role: 'assistant', content: '2' },
] as const

describe('a priority', () => {
  /** The bodies of one call of each kind. */
  async function bodies(schedulingPolicy: 'fcfs' | 'priority' | undefined, priority?: number) {
    const server = await serve()
    const llm = make(parts(server.url, schedulingPolicy), priority)
    await ask(llm, 1)
    await llm.complete({ input: { messages: MESSAGES.slice(0, 1) }, seed: 1 }, { role: 'sampler', rank: 1, signal })
    await llm.score(MESSAGES, { role: 'reward:rm', rank: 0, signal })
    await llm.embed('text', { rank: 4, signal })
    const calls = server.requests.filter(({ method }) => method === 'POST')
    assert.equal(calls.length, 4)
    return calls.map(({ body }) => body)
  }

  test('goes with every kind of call to servers that schedule by it', async () => {
    for (const body of await bodies('priority', 10)) assert.equal(body['priority'], 10)
  })

  test('is never seen by any other server, nor sent by a run', async () => {
    for (const [policy, priority] of [[undefined, 10], ['fcfs', 10], ['priority', 0], ['priority']] as const)
      for (const body of await bodies(policy, priority)) assert.ok(!('priority' in body), `${policy} ${priority}`)
  })

  test('is no part of what an answer is remembered by, nor of the record', async () => {
    const server = await serve()
    const kept = new Map<string, unknown>()
    const calls: CallMemory = {
      run: async <Result>(call: string, makeCall: () => Promise<Result>) => {
        if (!kept.has(call)) kept.set(call, await makeCall())
        return kept.get(call) as Result
      },
    }
    const ofRun = await ask(make(parts(server.url)), 1, { calls })
    const ofReplay = await ask(make(parts(server.url, 'priority'), 10), 1, { calls })
    assert.deepEqual(ofReplay, ofRun)
    assert.equal(kept.size, 1)
    assert.equal(server.requests.filter(({ path }) => path === '/v1/completions').length, 1)
  })

  test('said at one role counts for the server: it has one queue', async () => {
    const server = await serve()
    const { roles, ...others } = parts(server.url)
    const { rewarders } = parts(server.url, 'priority')
    await ask(make({ ...others, roles, rewarders }, 10), 1)
    assert.equal(server.requests[0]?.body['priority'], 10)
  })
})

describe('a full engine', () => {
  for (const schedulingPolicy of ['priority', 'fcfs'] as const)
    test(`that schedules by ${schedulingPolicy}: ${schedulingPolicy === 'priority' ? 'calls of a run overtake those of a replay' : 'the first that came is the first'}`, async () => {
      const held = heldEngine()
      const front = await start({ engine: held.engine, slots: 2, protocol: { schedulingPolicy } })
      const [run, replay] = [make(parts(front.url, 'priority')), make(parts(front.url, 'priority'), 10)]
      const ofReplay = [101, 102, 103, 104, 105, 106]
      const ofRun = [1, 2, 3, 4]
      const inside = (): number => front.stats().running + front.stats().waiting
      const calls: Promise<unknown>[] = []
      for (const [llm, seeds] of [
        [replay, ofReplay],
        [run, ofRun],
      ] as const)
        for (const seed of seeds) {
          calls.push(ask(llm, seed))
          await until(() => inside() === calls.length)
        }
      for (let ended = 0; ended < calls.length; ended += 1) {
        await until(() => held.begun.length > ended)
        held.finish(held.begun[ended]!)
      }
      await Promise.all(calls)
      const overtaken = [...ofReplay.slice(0, 2), ...ofRun, ...ofReplay.slice(2)]
      assert.deepEqual(held.begun, schedulingPolicy === 'priority' ? overtaken : [...ofReplay, ...ofRun])
    })
})

describe('an engine that refuses priorities', () => {
  test('costs no record: its calls wait, and the log names the setting', async () => {
    const said: unknown[] = []
    const error = (fields: Record<string, unknown>): void => void said.push(fields['reason'])
    const log: Logger = { ...silentLogger, error }
    let refuses = true
    const server = await serve((request) => (refuses ? refusing(request) : null))
    const llm = make(parts(server.url, 'priority'), 10, log)
    const waiting = ask(llm, 1)
    await until(() => said.length > 0)
    assert.match(String(said[0]), /^400: Got priority 10 .*schedulingPolicy: priority .*--scheduling-policy priority/)
    assert.equal(llm.state().endpoints[0]?.healthy, false)
    refuses = false
    // The key is taken out of the config file while the replay waits.
    llm.update(parts(server.url))
    assert.equal((await waiting)[0]?.text, 'a')
  })

  test('is found before anything is paid, by a call that a full engine answers too', async () => {
    const server = await serve(refusing)
    const config = parts(server.url, 'priority')
    const checked = async (more: { priority?: number }, of = config) =>
      (await checkEndpoints({ ...of, signal, environment: {}, ...more })).map(({ error }) => error?.code ?? null)
    assert.deepEqual(await checked({ priority: 10 }), ['priority-refused', 'priority-refused', 'priority-refused'])
    assert.deepEqual(
      server.requests.filter(({ method }) => method === 'POST').map(({ body }) => body['priority']),
      [-1],
    )
    assert.deepEqual(await checked({}), [null, null, null], 'a run asks for nothing')
    assert.deepEqual(await checked({ priority: 10 }, parts(server.url)), [null, null, null])
    assert.equal(server.requests.filter(({ method }) => method === 'POST').length, 1)
  })

  test('is told from one that refuses the call', async () => {
    const server = await serve(({ path }) =>
      path === '/v1/completions' ? { status: 400, body: { error: { message: 'top_p must be in (0, 1]' } } } : null,
    )
    await assert.rejects(ask(make(parts(server.url, 'priority'), 10), 1), { retry: 'permanent', code: 'bad-request' })
  })
})
