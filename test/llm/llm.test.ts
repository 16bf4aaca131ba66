// The models of a run as stages see them, over real HTTP: records of what was asked, fail-over, order, ends.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { afterEach, describe, test } from 'node:test'
import { checkEndpoints } from '../../llm/check-endpoints.ts'
import { type RewarderConfig, rewarderConfig, type RoleConfig, roleConfig } from '../../llm/config.ts'
import type { Llm, RoleName } from '../../llm/contract.ts'
import { createLlm } from '../../llm/llm.ts'
import { Failure, UsageFault } from '../../schemas/failure.ts'
import { silentLogger } from '../../schemas/logger.ts'
import {
  type Answer,
  noRecordings,
  recorded,
  type Request,
  startServer,
  type TestServer,
} from '../support/recorded-vllm.ts'

const signal = new AbortController().signal
const ending: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end()
})

async function serve(answer: (request: Request) => Answer | Promise<Answer>, port = 0): Promise<TestServer> {
  const server = await startServer((request) => (request.path === '/health' ? {} : answer(request)), port)
  ending.push(() => server.close())
  return server
}

function role(urls: string[], more: Record<string, unknown> = {}): RoleConfig {
  return roleConfig.parse({ endpoints: urls.map((url) => ({ url })), model: 'some/model', ...more })
}

function make(roles: Partial<Record<RoleName, RoleConfig>>, rewarders: Record<string, RewarderConfig> = {}): Llm {
  const llm = createLlm({ roles, rewarders, log: silentLogger, random: () => 0, environment: { KEY: 'secret' } })
  ending.push(() => llm.close())
  return llm
}

function completion(texts: string[], completionTokens = 10): Answer {
  return {
    body: {
      choices: texts.map((text, index) => ({ index, text, finish_reason: 'stop', stop_reason: null })),
      usage: { prompt_tokens: 5, completion_tokens: completionTokens },
    },
  }
}

describe('what a stage gets', () => {
  test('n choices with their seeds, tokens, prompt hash and provenance', async () => {
    const server = await serve(() => completion(['a', 'b', 'c'], 10))
    const config = role([`${server.url}/v1/`], {
      template: 'qwen2.5',
      stop: ['Q:'],
      sampling: { temperature: 0.5, maxTokens: 77 },
    })
    const llm = make({ questioner: config })
    const said = await llm.complete(
      { input: { prompt: 'prefix' }, n: 3, seed: 40, sampling: { topP: 0.5 } },
      { role: 'questioner', signal, rank: 4 },
    )
    assert.deepEqual(
      said.map(({ text, generation }) => [text, generation.seed, generation.promptTokens, generation.completionTokens]),
      [
        ['a', 40, 5, 4],
        ['b', 41, 0, 3],
        ['c', 42, 0, 3],
      ],
    )
    const { milliseconds, ...generation } = said[1]!.generation
    assert.ok(milliseconds > 0)
    assert.deepEqual(generation, {
      role: 'questioner',
      model: 'some/model',
      endpoint: server.url,
      template: 'qwen2.5',
      promptHash: createHash('sha256').update('prefix').digest('hex'),
      temperature: 0.5,
      topP: 0.5,
      topK: 0,
      minP: 0,
      repetitionPenalty: 1,
      maxTokens: 77,
      seed: 41,
      finishReason: 'stop',
      stopReason: null,
      promptTokens: 0,
      completionTokens: 3,
      attempts: 1,
      cachedTokens: 0,
      firstTemperature: null,
      continuations: 0,
      usd: null,
      mannerHash: generation.mannerHash,
      keptFrom: null,
    })
    const sent = server.requests.at(-1)?.body
    assert.deepEqual(sent?.stop, ['Q:', '<|im_end|>', '<|im_start|>', '<|endoftext|>'])
    assert.deepEqual(sent.stop_token_ids, [151645, 151643, 151644])
    const { engineSeconds, ...usage } = llm.state().usage['questioner']!
    assert.deepEqual(usage, {
      ...{ calls: 1, promptTokens: 5, cachedTokens: 0, completionTokens: 10, retries: 0, unmeasured: 0, usd: null },
      ...{ seconds: milliseconds / 1000, sequenceSeconds: (3 * milliseconds) / 1000 },
    })
    assert.ok(engineSeconds > 0)
    const [endpoint] = llm.state().endpoints
    assert.deepEqual(
      { ...endpoint, limitChange: endpoint?.limitChange.reason, meanMs: 0 },
      {
        ...{ url: server.url, healthy: true, inFlight: 0, downSince: null, lastError: null },
        ...{ limit: 16, limitChange: 'start', load: null, meanMs: 0 },
      },
    )
  })

  test('an account of its own is named in the generation and counted apart, at the price of the role', async () => {
    const server = await serve(() => completion(['a'], 10))
    const price = { per: 'million-tokens', prompt: 0, completion: 1_000_000 }
    const llm = make({ answerer: role([server.url], { price }) })
    const ask = (more: object) =>
      llm.complete({ input: { prompt: 'p' }, seed: 1 }, { role: 'answerer', signal, rank: 0, ...more })
    const [own] = await ask({})
    const [turn] = await ask({ account: 'answerer:turns' })
    assert.deepEqual([own?.generation.role, turn?.generation.role], ['answerer', 'answerer:turns'])
    const { usage } = llm.state()
    assert.deepEqual(
      Object.entries(usage).map(([name, { calls, completionTokens, usd }]) => [name, calls, completionTokens, usd]),
      [
        ['answerer', 1, 10, 10],
        ['answerer:turns', 1, 10, 10],
      ],
    )
  })

  test('a failure in between is counted in attempts and retries', async () => {
    let calls = 0
    const server = await serve(({ path }) => {
      if (path === '/metrics') return { status: 404 }
      calls += 1
      return calls === 1
        ? { fault: 'reset-in-body', body: completion(['a']).body }
        : calls === 2
          ? { body: { choices: [{ index: 0, text: 'cut', finish_reason: null }] } }
          : completion(['whole'])
    })
    const llm = make({ answerer: role([server.url]) })
    const [said] = await llm.complete({ input: { prompt: 'p' }, seed: 1 }, { role: 'answerer', signal, rank: 2 })
    assert.equal(said?.text, 'whole')
    assert.equal(said.generation.attempts, 3)
    assert.equal(said.generation.template, null)
    assert.equal(llm.state().usage.answerer?.retries, 2)
  })

  test('a permanent failure carries the code and the words of the server', async () => {
    const server = await serve(() => ({
      status: 400,
      body: { error: { message: "This model's maximum context length is 10 tokens", code: 400 } },
    }))
    const llm = make({ answerer: role([server.url]) })
    await assert.rejects(
      llm.complete(
        { input: { messages: [{ role: 'user', content: 'p' }] }, seed: 1 },
        { role: 'answerer', signal, rank: 2 },
      ),
      (error: unknown) =>
        error instanceof Failure &&
        error.retry === 'permanent' &&
        error.code === 'context-length' &&
        /is 10 tokens/.test(error.message),
    )
  })

  test('a server that is down at first and comes back later', async () => {
    const placeholder = await startServer(() => ({}))
    await placeholder.close()
    const llm = make({ answerer: role([placeholder.url]) })
    const asking = llm.complete({ input: { prompt: 'p' }, seed: 1 }, { role: 'answerer', signal, rank: 2 })
    while (llm.state().endpoints[0]?.healthy !== false) await new Promise(setImmediate)
    const [down] = llm.state().endpoints
    assert.ok(
      down?.downSince !== null && down?.downSince !== undefined && Math.abs(down.downSince - Date.now()) < 60_000,
    )
    assert.match(down.lastError ?? '', /ECONNREFUSED/)
    assert.equal(llm.state().waiting, 1)
    await serve(() => completion(['back']), placeholder.port)
    const [said] = await asking
    assert.equal(said?.text, 'back')
    assert.equal(llm.state().endpoints[0]?.healthy, true)
  })

  test('when one of two servers dies in the middle, every call is answered by the other', async () => {
    const open: (() => void)[] = []
    const dying = await startServer(async (request) => {
      if (request.path === '/health') return {}
      await new Promise<void>((resolve) => open.push(resolve))
      return completion(['never'])
    })
    const other = await serve(() => completion(['other']))
    const llm = make({ sampler: role([dying.url, other.url]) })
    const asking = Array.from({ length: 60 }, (_, seed) =>
      llm.complete({ input: { prompt: 'p' }, seed }, { role: 'sampler', signal, rank: 1 }),
    )
    while (open.length < 20) await new Promise(setImmediate)
    await dying.close()
    const said = (await Promise.all(asking)).flat()
    assert.equal(said.length, 60)
    assert.ok(said.every(({ text, generation }) => text === 'other' && generation.endpoint === other.url))
    assert.deepEqual(
      said.map(({ generation }) => generation.seed),
      Array.from({ length: 60 }, (_, seed) => seed),
    )
  })
})

describe('sharing', () => {
  test('roles over one URL share its limit, and the lowest limit holds', async () => {
    let open = 0
    let most = 0
    const server = await serve(async ({ path }) => {
      // A look at /metrics is no call.
      if (!path.endsWith('completions')) return completion(['a'])
      open += 1
      most = Math.max(most, open)
      for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate)
      open -= 1
      return completion(['a'])
    })
    const endpoints = (limit: number, url = server.url): object => ({ endpoints: [{ url, limit }], model: 'm' })
    const llm = make({
      answerer: roleConfig.parse(endpoints(3)),
      sampler: roleConfig.parse(endpoints(5, `${server.url}/v1`)),
    })
    assert.equal(llm.state().endpoints.length, 1)
    assert.equal(llm.state().endpoints[0]?.limit, 3)
    const roles: RoleName[] = ['answerer', 'sampler']
    await Promise.all(
      Array.from({ length: 40 }, (_, seed) =>
        llm.complete({ input: { prompt: 'p' }, seed }, { role: roles[seed % 2]!, signal, rank: 1 + (seed % 2) }),
      ),
    )
    assert.equal(most, 3)
  })

  test('a share that changes lets calls go at once, cancels none, and holds for servers that come later', async () => {
    const held: { path: string; answer: () => void }[] = []
    const servers = await Promise.all(
      ['a', 'b'].map((text) =>
        serve(async ({ path }) => {
          if (path.endsWith('completions')) await new Promise<void>((answer) => held.push({ path, answer }))
          return completion([text])
        }),
      ),
    )
    const roles = (of: readonly TestServer[]) => ({
      sampler: roleConfig.parse({
        endpoints: of.map(({ url }) => ({ url, limit: 10, adaptive: false })),
        model: 'm',
      }),
    })
    const llm = createLlm({ roles: roles(servers.slice(0, 1)), rewarders: {}, share: 0.2, log: silentLogger })
    ending.push(() => llm.close())
    const limits = () => llm.state().endpoints.map(({ limit }) => limit)
    const inFlight = () => llm.state().endpoints.map((endpoint) => endpoint.inFlight)
    const answerOne = async (): Promise<void> => {
      const before = llm.state().usage['sampler']?.calls ?? 0
      while (held.length === 0) await new Promise(setImmediate)
      held.shift()!.answer()
      while ((llm.state().usage['sampler']?.calls ?? 0) === before) await new Promise(setImmediate)
    }
    const asking = Array.from({ length: 40 }, (_, seed) =>
      llm.complete({ input: { prompt: 'p' }, seed }, { role: 'sampler', signal, rank: 1 }),
    )
    await new Promise(setImmediate)
    assert.deepEqual(inFlight(), [2])
    llm.setShare(0.5)
    assert.deepEqual([limits(), inFlight()], [[5], [5]])
    llm.setShare(0.2)
    assert.deepEqual([limits(), inFlight()], [[2], [5]])
    for (const left of [4, 3, 2, 2]) {
      await answerOne()
      assert.deepEqual(inFlight(), [left])
    }
    llm.update({ roles: roles(servers), rewarders: {}, embedder: undefined })
    assert.deepEqual(
      [limits(), inFlight()],
      [
        [2, 2],
        [2, 2],
      ],
    )
    llm.setShare(1)
    assert.deepEqual(
      [limits(), inFlight()],
      [
        [10, 10],
        [10, 10],
      ],
    )
    const answering = setInterval(() => {
      held.splice(0).forEach(({ answer }) => {
        answer()
      })
    }, 1)
    const said = await Promise.all(asking).finally(() => {
      clearInterval(answering)
    })
    assert.ok(said.flat().every(({ generation }) => generation.attempts === 1))
    assert.equal(said.length, 40)
  })

  test('one signal may serve hundreds of calls without a warning', async () => {
    const warnings: Error[] = []
    const warn = (warning: Error): void => {
      warnings.push(warning)
    }
    process.on('warning', warn)
    const server = await serve(() => completion(['a']))
    const llm = make({ sampler: role([server.url]) })
    const shared = new AbortController().signal
    await Promise.all(
      Array.from({ length: 300 }, (_, seed) =>
        llm.complete({ input: { prompt: 'p' }, seed }, { role: 'sampler', signal: shared, rank: 1 }),
      ),
    )
    await new Promise(setImmediate)
    process.off('warning', warn)
    assert.deepEqual(warnings, [])
  })
})

describe('ends', () => {
  test('close ends calls in flight and waiting, and its connections', async () => {
    const server = await serve(() => ({ fault: 'hang' }))
    const llm = make({ sampler: roleConfig.parse({ endpoints: [{ url: server.url, limit: 1 }], model: 'm' }) })
    const asking = [1, 2].map((seed) =>
      llm.complete({ input: { prompt: 'p' }, seed }, { role: 'sampler', signal, rank: 1 }),
    )
    while (server.requests.length === 0) await new Promise(setImmediate)
    const ends = Promise.all(asking.map((call) => assert.rejects(call, { code: 'closed' })))
    await llm.close()
    await ends
  })

  test('a signal that is aborted already costs no call', async () => {
    const server = await serve(() => completion(['a']))
    const llm = make({ sampler: role([server.url]) })
    const reason = new Error('over')
    await assert.rejects(
      llm.complete(
        { input: { prompt: 'p' }, seed: 1 },
        { role: 'sampler', signal: AbortSignal.abort(reason), rank: 1 },
      ),
      (error) => error === reason,
    )
    assert.equal(server.requests.length, 0)
  })
})

describe('scores', { skip: noRecordings }, () => {
  const rewarder = (url: string): RewarderConfig => ({
    ...rewarderConfig.parse({ endpoints: [{ url }], model: 'rm' }),
    kind: 'token-rm',
  })

  test('the last token, with where it came from', async () => {
    const server = await serve(() => recorded('rm_pooling_messages'))
    const llm = make({}, { rm: rewarder(server.url) })
    const score = await llm.score([{ role: 'user', content: 'q' }], { role: 'reward:rm', signal, rank: 0 })
    assert.ok(score.milliseconds > 0)
    assert.deepEqual(
      { ...score, milliseconds: 0 },
      {
        ...{ value: -3.8305158615112305, steps: [], error: null, detail: null },
        ...{ model: 'rm', endpoint: server.url, tokens: 50, milliseconds: 0, attempts: 1, usd: null },
      },
    )
    assert.equal(llm.state().usage['reward:rm']?.promptTokens, 50)
  })

  test('too long is a recorded fact, another shape a permanent failure', async () => {
    const long = await serve(() => recorded('rm_pooling_long'))
    const pairs = await serve(() => recorded('prm_pooling_messages'))
    const llm = make({}, { rm: rewarder(long.url), prm: rewarder(pairs.url) })
    const score = await llm.score([{ role: 'user', content: 'q' }], { role: 'reward:rm', signal, rank: 0 })
    assert.deepEqual([score.value, score.error, score.endpoint], [null, 'context-too-long', long.url])
    await assert.rejects(
      llm.score([{ role: 'user', content: 'q' }], { role: 'reward:prm', signal, rank: 0 }),
      (error: unknown) => error instanceof Failure && error.retry === 'permanent' && error.code === 'reward-shape',
    )
  })
})

describe('faults of the config, all at once', () => {
  test('keys, local, doubles, templates', () => {
    const endpoints = [
      { url: 'local' },
      { url: 'http://a:1', keyEnv: 'MISSING' },
      { url: 'http://b:1' },
      { url: 'http://b:1/v1' },
    ]
    const answerer = roleConfig.parse({ endpoints, model: 'm' })
    const sampler = roleConfig.parse({ endpoints: [{ url: 'http://b:1', keyEnv: 'KEY' }], model: 'm' })
    assert.throws(
      () => make({ answerer, sampler }),
      (error: unknown) => {
        assert.ok(error instanceof UsageFault)
        assert.equal(error.faults.length, 4, error.message)
        assert.match(error.message, /answerer\.endpoints\.0\.url: the local model is not running/)
        assert.match(
          error.message,
          /answerer\.endpoints\.1\.keyEnv: names the environment variable MISSING, which is not set/,
        )
        assert.match(error.message, /answerer\.endpoints\.3\.url: http:\/\/b:1 is there twice/)
        assert.match(error.message, /sampler\.endpoints\.0\.keyEnv: http:\/\/b:1 has another key/)
        return true
      },
    )
    assert.throws(() => make({ questioner: role(['http://a:1'], { template: 'nonesuch' }) }), UsageFault)
  })
})

describe('looking at the endpoints before a run', () => {
  test('reachable, wrong key, wrong model, nobody there, a gateway without a list', async () => {
    const fine = await serve(({ path }) =>
      path === '/v1/models' ? { body: { data: [{ id: 'good' }, { id: 'better' }] } } : { status: 404 },
    )
    const guarded = await serve(({ headers }) =>
      headers.authorization === 'Bearer secret'
        ? { body: { data: [{ id: 'good' }] } }
        : { status: 401, body: { error: 'Unauthorized' } },
    )
    const gateway = await serve(() => ({ status: 404, body: { detail: 'Not Found' } }))
    const hung = await serve(() => ({ fault: 'hang' }))
    const gone = await startServer(() => ({}))
    await gone.close()
    const of = (model: string, ...endpoints: object[]): RoleConfig => roleConfig.parse({ endpoints, model })
    const checks = await checkEndpoints({
      roles: {
        answerer: of('good', { url: fine.url }, { url: guarded.url }, { url: gone.url }),
        sampler: of('other', { url: fine.url }, { url: gateway.url }),
        judge: of('good', { url: hung.url }),
      },
      rewarders: {},
      signal,
      environment: { KEY: 'secret' },
      timeoutMs: 3_000,
    })
    assert.deepEqual(
      checks.map(({ role: name, url, reachable, servesModel, error }) => [
        name,
        url,
        reachable,
        servesModel,
        error?.code ?? null,
      ]),
      [
        ['answerer', fine.url, true, true, null],
        ['answerer', guarded.url, true, null, 'unauthorized'],
        ['answerer', gone.url, false, null, 'unreachable'],
        ['sampler', fine.url, true, false, 'model-not-found'],
        ['sampler', gateway.url, true, null, null],
        ['judge', hung.url, false, null, 'timeout'],
      ],
    )
    const withKey = await checkEndpoints({
      roles: { answerer: of('good', { url: guarded.url, keyEnv: 'KEY' }) },
      rewarders: {
        rm: {
          ...rewarderConfig.parse({ endpoints: [{ url: guarded.url, keyEnv: 'KEY' }], model: 'good' }),
          kind: 'token-rm',
        },
      },
      signal,
      environment: { KEY: 'secret' },
    })
    assert.deepEqual(
      withKey.map(({ role: name, servesModel }) => [name, servesModel]),
      [
        ['answerer', true],
        ['reward:rm', true],
      ],
    )
  })
})
