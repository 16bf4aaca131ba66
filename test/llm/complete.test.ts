// Texts that grow over several calls: joined exactly, counted once, never a seed twice; and plain ones as ever.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { completeRequest, templateOf } from '../../llm/complete.ts'
import { type RoleConfig, roleConfig } from '../../llm/config.ts'
import type { Completion, CompletionRequest, RoleName } from '../../llm/contract.ts'
import type { AskRole } from '../../llm/further-call.ts'
import { problemSeed, stepSeed } from '../../llm/seeds.ts'
import { createScriptedEngine, END, idsOf, type Manners, plainManners, type ScriptedEngine } from './scripted-engine.ts'

const chat = { messages: [{ role: 'user' as const, content: 'What is 1 + 1?' }] }
const raw = { prompt: '<|im_start|>user\n' }
const seed = problemSeed('sample', 'an-id')
const signal = new AbortController().signal

function role(more: Record<string, unknown> = {}): RoleConfig {
  return roleConfig.parse({ endpoints: [{ url: 'http://a:1' }], model: 'a/model', ...more })
}

async function complete(
  engine: ScriptedEngine,
  config: RoleConfig,
  request: Partial<CompletionRequest> = {},
  name: RoleName = 'sampler',
): Promise<Completion[]> {
  const ask: AskRole = async (_n, _asks, call) => ({
    value: await call(engine.client, signal),
    endpoint: 'http://a:1',
    attempts: 1,
    milliseconds: 2,
    usd: 0.5,
  })
  return completeRequest({ name, config, template: templateOf(config) }, { input: chat, seed, ...request }, ask)
}

/** One call that is long enough: what the texts of several have to be. */
function uncut(
  script: readonly number[],
  manners: Manners,
  stop: readonly string[],
  input: CompletionRequest['input'],
) {
  const engine = createScriptedEngine(() => script, { ...manners, context: Infinity })
  return complete(engine, role({ sampling: { maxTokens: script.length + 1 }, stop }), { input })
}

/** A U+FFFD of the model's own stands alone: several in a row beside a cut are no longer told from broken bytes. */
const words = fc.string({ unit: fc.constantFrom('a', 'STO', 'P', ' ', 'é', '√', '𝔽', 'a\uFFFD', '👩‍👩‍👧'), maxLength: 12 })
const manners = fc.record({
  broken: fc.constantFrom('held' as const, 'shown' as const),
  parser: fc.boolean(),
  promptIds: fc.boolean(),
})

describe('a text of several calls', () => {
  test('is the text of one call, byte for byte: thought, solution, end and tokens', async () => {
    await fc.assert(
      fc.asyncProperty(
        words,
        words,
        fc.boolean(),
        manners,
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom(chat, raw),
        fc.constantFrom(undefined, { temperature: 1.5 }),
        fc.constantFrom([], ['STOP'], ['PP', 'aa']),
        async (thought, solution, thinks, some, maxTokens, input, firstToken, stop) => {
          const script = [...idsOf(thinks ? `${thought}</think>${solution}` : solution), END]
          const all = { ...plainManners, ...some }
          const engine = createScriptedEngine(() => script, all)
          const config = role({ sampling: { maxTokens }, stop, firstToken, continue: { maxTokens: 500 } })
          const [said] = await complete(engine, config, { input })
          const [expected] = await uncut(script, all, stop, input)
          const plain = ({ text, reasoning, generation: { finishReason, stopReason } }: Completion) =>
            ({ text, reasoning, finishReason, stopReason }) as const
          assert.deepEqual(plain(said!), plain(expected!))
          // A stop string over a cut is found a call later.
          if (stop.length === 0) assert.equal(said!.generation.completionTokens, script.length)
          assert.equal(new Set(engine.calls.map((call) => call.seed)).size, engine.calls.length)
          assert.equal(said!.generation.attempts, engine.calls.length)
          assert.equal(
            said!.generation.continuations,
            engine.calls.length - (firstToken === undefined ? 1 : Math.min(2, maxTokens, engine.calls.length)),
          )
        },
      ),
      { numRuns: 300 },
    )
  })

  test('a character that the server dropped on both sides of the cut is put back', async () => {
    const text = 'ab√é👩‍👩‍👧 cd'
    for (let maxTokens = 1; maxTokens < 20; maxTokens += 1) {
      const engine = createScriptedEngine(() => [...idsOf(text), END], { ...plainManners, broken: 'lost' })
      const [said] = await complete(engine, role({ sampling: { maxTokens }, continue: { maxTokens: 60 } }))
      assert.equal(said?.text, text, `${maxTokens} tokens a call`)
    }
  })

  test('ends with length where the budget ends, in pieces of maxTokens, the last one shorter', async () => {
    const script = idsOf('abcdefghijklmnopqrstuvwxyz')
    const engine = createScriptedEngine(() => script, plainManners)
    const config = role({ sampling: { maxTokens: 4, temperature: 0.5 }, continue: { maxTokens: 11 } })
    const [said] = await complete(engine, config)
    assert.equal(said?.text, 'abcdefghijk')
    assert.deepEqual(
      engine.calls.map((call) => [call.sampling.maxTokens, call.sampling.temperature, call.n]),
      [
        [4, 0.5, 1],
        [4, 0.5, 1],
        [3, 0.5, 1],
      ],
    )
    assert.deepEqual(
      engine.calls.slice(1).map((call) => call.input),
      [4, 8].map((cut) => ({ tokenIds: [END, 1, 2, 3, ...script.slice(0, cut)] })),
    )
    const { generation } = said
    assert.deepEqual(
      {
        finishReason: generation.finishReason,
        continuations: generation.continuations,
        seed: generation.seed,
        maxTokens: generation.maxTokens,
        promptTokens: generation.promptTokens,
        cachedTokens: generation.cachedTokens,
        completionTokens: generation.completionTokens,
        milliseconds: generation.milliseconds,
        attempts: generation.attempts,
        usd: generation.usd,
        firstTemperature: generation.firstTemperature,
      },
      {
        finishReason: 'length',
        continuations: 2,
        seed,
        maxTokens: 11,
        promptTokens: 4 + 8 + 12,
        cachedTokens: 3 + 7 + 11,
        completionTokens: 11,
        milliseconds: 6,
        attempts: 3,
        usd: 1.5,
        firstTemperature: null,
      },
    )
    assert.deepEqual(
      engine.calls.map((call) => call.seed),
      [seed, stepSeed(seed, 2), stepSeed(seed, 3)],
    )
  })

  test('a budget of many small pieces is used up in as many calls as there are seeds', async () => {
    const script = idsOf('x'.repeat(2000))
    const engine = createScriptedEngine(() => script, plainManners)
    const [said] = await complete(engine, role({ sampling: { maxTokens: 1 }, continue: { maxTokens: 1500 } }))
    assert.equal(said?.text.length, 1500)
    assert.equal(engine.calls.length, 61)
  })

  test('a full context ends it: shortened in silence, or refused', async () => {
    const script = idsOf('abcdefghijkl')
    for (const [context, calls] of [
      [4 + 6, 2],
      [4 + 8, 3],
    ] as const) {
      const engine = createScriptedEngine(() => script, { ...plainManners, context })
      const [said] = await complete(engine, role({ sampling: { maxTokens: 4 }, continue: { maxTokens: 100 } }))
      assert.equal(said?.text, 'abcdefghijkl'.slice(0, context - 4))
      assert.equal(said.generation.finishReason, 'length')
      assert.equal(engine.calls.length, calls)
    }
  })

  test('a server without /detokenize is no failure; one without ids is told', async () => {
    const script = [...idsOf('abcdef'), END]
    const config = role({ sampling: { maxTokens: 4 }, continue: { maxTokens: 100 } })
    const [said] = await complete(
      createScriptedEngine(() => script, { ...plainManners, detokenize: false }),
      config,
    )
    assert.equal(said?.text, 'abcdef')
    await assert.rejects(
      complete(
        createScriptedEngine(() => script, { ...plainManners, tokenIds: false }),
        config,
      ),
      {
        retry: 'permanent',
        code: 'no-token-ids',
      },
    )
  })

  test('a request of a JSON schema is one call', async () => {
    const engine = createScriptedEngine(() => idsOf('{"a":1}'), plainManners)
    const config = role({ sampling: { maxTokens: 4 }, continue: { maxTokens: 100 }, firstToken: { temperature: 2 } })
    const [said] = await complete(engine, config, { jsonSchema: { name: 'x', schema: {} } })
    assert.equal(engine.calls.length, 1)
    assert.equal(engine.calls[0]?.returnTokenIds, undefined)
    assert.deepEqual([said?.text, said?.generation.firstTemperature, said?.generation.maxTokens], ['{"a"', null, 4])
  })
})

describe('the two-call method', () => {
  const scripts = [[...idsOf('one'), END], [END], [...idsOf('🙂'), END], idsOf('STOP here')] as const
  const engineOf = (): ScriptedEngine => createScriptedEngine((at) => scripts[at % 4]!, plainManners)

  test('one first call of n, a second for each that goes on, with seeds of their own', async () => {
    const engine = engineOf()
    const config = role({
      sampling: { maxTokens: 20, temperature: 0.7 },
      firstToken: { temperature: 1.4 },
      stop: ['STOP'],
    })
    const said = await complete(engine, config, { input: raw, n: 4, seed: 0 }, 'questioner')
    assert.deepEqual(
      engine.calls.map((call) => [call.seed, call.n, call.sampling.temperature, call.sampling.maxTokens]),
      [
        [0, 4, 1.4, 1],
        [stepSeed(0, 1), 1, 0.7, 19],
        [stepSeed(2, 1), 1, 0.7, 19],
        [stepSeed(3, 1), 1, 0.7, 19],
      ],
    )
    assert.deepEqual(
      said.map(({ text, generation }) => [
        text,
        generation.finishReason,
        generation.stopReason,
        generation.seed,
        generation.promptTokens,
        generation.completionTokens,
        generation.attempts,
        generation.usd,
        generation.temperature,
        generation.firstTemperature,
        generation.maxTokens,
        generation.continuations,
      ]),
      [
        ['one', 'stop', null, 0, 4 + 5, 4, 2, 0.625, 0.7, 1.4, 20, 0],
        // The end as the first token: an empty text is a finished choice.
        ['', 'stop', null, 1, 0, 1, 1, 0.125, 0.7, 1.4, 20, 0],
        ['🙂', 'stop', null, 2, 5, 5, 2, 0.625, 0.7, 1.4, 20, 0],
        // The stop string lies over the cut: the engine went on, and that was paid for.
        ['', 'stop', 'STOP', 3, 5, 9, 2, 0.625, 0.7, 1.4, 20, 0],
      ],
    )
    assert.equal(new Set(said.map(({ generation }) => generation.promptHash)).size, 1)
  })

  test('fanOut single: a first call for each choice, the same seeds', async () => {
    const engine = engineOf()
    const config = role({ sampling: { maxTokens: 20 }, firstToken: { temperature: 1.4 }, fanOut: 'single' })
    const said = await complete(engine, config, { input: raw, n: 4, seed: 0 }, 'questioner')
    assert.deepEqual(
      said.map(({ text, generation }) => [text, generation.seed]),
      [
        ['one', 0],
        ['', 1],
        ['🙂', 2],
        ['STOP here', 3],
      ],
    )
    assert.ok(engine.calls.every((call) => call.n === 1))
    assert.equal(engine.calls.length, 4 + 3)
  })

  test('one new token at most: the first call is all', async () => {
    const engine = engineOf()
    const [said] = await complete(engine, role({ sampling: { maxTokens: 1 }, firstToken: {} }), { seed: 0 })
    assert.deepEqual([said?.text, said?.generation.finishReason, engine.calls.length], ['o', 'length', 1])
  })

  test('suppressed beginnings are forbidden in the first call alone, and looked up once', async () => {
    const engine = engineOf()
    const config = role({ firstToken: { suppress: ['#', '**'] } })
    for (const at of [0, 4]) await complete(engine, config, { input: raw, seed: at })
    const bias = { [String('#'.charCodeAt(0))]: -100 }
    // A token of this engine is a byte: no token begins with two stars, so none is forbidden for them.
    assert.deepEqual(
      engine.calls.map((call) => call.logitBias),
      [bias, undefined, bias, undefined],
    )
    assert.deepEqual(engine.calls[0]?.sampling.temperature, 1)
    assert.equal(engine.asked.length, new Set(engine.asked).size)
  })
})
