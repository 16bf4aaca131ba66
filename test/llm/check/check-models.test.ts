// models check, each check against a server that is wrong in one place.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkModels, type Subject } from '../../../llm/check/check-models.ts'
import type { Finding } from '../../../llm/check/finding.ts'
import { EMBEDDER, embedderConfig, rewarderConfig, roleConfig } from '../../../llm/config.ts'
import { UsageFault } from '../../../schemas/failure.ts'
import { startServer } from '../../support/recorded-vllm.ts'
import { CHATML, type FakeVllm, startFakeVllm } from './fake-vllm.ts'

const signal = new AbortController().signal

type Wanted = (url: string) => Subject

const questioner =
  (more: object = {}): Wanted =>
  (url) => ({
    kind: 'role',
    name: 'questioner',
    config: roleConfig.parse({ endpoints: [{ url }], model: 'm', template: 'qwen2.5', ...more }),
    system: null,
    place: 'roles.questioner',
    raw: { controlTask: 'math', system: null },
    expectsThought: null,
  })

const answerer =
  (expectsThought: boolean, more: object = {}): Wanted =>
  (url) => ({
    kind: 'role',
    name: 'answerer',
    config: roleConfig.parse({ endpoints: [{ url }], model: 'm', ...more }),
    system: null,
    place: 'roles.answerer',
    raw: null,
    expectsThought,
  })

const rewarder =
  (reward: 'token-rm' | 'process-rm' | 'sequence-rm' | 'reward-model', longestAnswer = 100): Wanted =>
  (url) => ({
    kind: 'rewarder',
    name: 'reward:rm',
    config: { ...rewarderConfig.parse({ endpoints: [{ url }], model: 'm' }), kind: reward },
    reward,
    longestAnswer,
  })

const embedder =
  (more: object = {}): Wanted =>
  (url) => ({
    kind: 'embedder',
    name: EMBEDDER,
    config: embedderConfig.parse({ endpoints: [{ url }], model: 'm', ...more }),
  })

const embeds = (text: string): number[] => [text.length, 1]

async function found(fake: Partial<FakeVllm>, subject: Wanted): Promise<Finding[]> {
  const server = await startFakeVllm({ ...CHATML, ...fake })
  try {
    const { findings, looked } = await checkModels({ subjects: [subject(server.url)], signal, environment: {} })
    assert.deepEqual(
      looked.map(({ endpoint }) => endpoint),
      [server.url],
    )
    return findings
  } finally {
    await server.close()
  }
}

/** As `severity check: seen`. */
async function said(fake: Partial<FakeVllm>, subject: Wanted): Promise<string[]> {
  return (await found(fake, subject)).map(({ severity, check, seen }) => `${severity} ${check}: ${seen}`)
}

test('a server that is as the config says: nothing is found', async () => {
  assert.deepEqual(await said({}, questioner()), [])
  assert.deepEqual(await said({}, answerer(false)), [])
})

test('a server that takes no priority where the config says that it schedules by it', async () => {
  const byPriority =
    (of: (more: object) => Wanted): Wanted =>
    (url) =>
      of({ endpoints: [{ url, schedulingPolicy: 'priority' }] })(url)
  for (const subject of [questioner, (more: object) => answerer(false, more), embedder]) {
    assert.deepEqual(await said({ embeds }, byPriority(subject)), [])
    const [refused, ...others] = await found({ embeds, refusesPriority: true }, byPriority(subject))
    assert.deepEqual([refused?.severity, refused?.check, others], ['error', 'priority', []])
    assert.match(
      `${refused?.seen} → ${refused?.advice}`,
      /refuses the calls of replays: 400: Got .* → .*schedulingPolicy/,
    )
    assert.deepEqual(await said({ embeds, refusesPriority: true }, subject({})), [])
  }
})

test('nobody listens, a wrong model, a gateway that lists none and tokenizes nothing', async () => {
  const { findings } = await checkModels({ subjects: [questioner()('http://127.0.0.1:9')], signal, environment: {} })
  assert.equal(findings[0]?.severity, 'error')
  assert.match(findings[0].seen, /no answer from http:\/\/127\.0\.0\.1:9/)
  const [other] = await found({ models: [{ id: 'other' }] }, questioner())
  assert.match(
    `${other?.severity} ${other?.seen} → ${other?.advice}`,
    /^error it serves other, not m → .*--served-model-name/,
  )
  const bare = await said({ missing: ['/v1/models', '/version', '/tokenize', '/detokenize'] }, questioner())
  assert.deepEqual(
    bare.map((line) => line.split(':')[0]),
    ['note served', 'note defaults', 'note prefix'],
  )
  const recalled = await said({ missing: ['/tokenize'] }, questioner({ template: 'qwen2.5-math-7b' }))
  assert.match(recalled[0]!, /^warning prefix: the prefix cannot be compared .*held against no model's own/)
})

test('a server that hangs is found within the time', async () => {
  const hanging = await startServer(() => ({ fault: 'hang' }))
  const { findings } = await checkModels({
    subjects: [questioner()(hanging.url)],
    signal,
    environment: {},
    timeoutMs: 50,
  })
  await hanging.close()
  assert.match(findings[0]!.seen, /no answer within 0\.05 s/)
})

test('further turns, where the config asks for them', async () => {
  const conversing: Wanted = (url) => ({
    ...(questioner()(url) as Extract<Subject, { kind: 'role' }>),
    furtherTurns: true,
  })
  assert.deepEqual(await said({}, conversing), [])
  // A template that leaves the line end after an answer out.
  const render: FakeVllm['render'] = (messages) =>
    CHATML.render(messages).replaceAll(/(<\|im_start\|>assistant\n[^<]+<\|im_end\|>)\n/g, '$1')
  assert.deepEqual(await said({ render }, questioner()), [])
  const [remark, ...more] = await said({ render }, conversing)
  assert.match(
    remark ?? '',
    /^error prefix: in the third turn of a conversation: the prefix is another than the server's/,
  )
  assert.deepEqual(more, [])
})

test("a prefix that is not the server's own", async () => {
  const other = await said(
    { render: (messages) => CHATML.render(messages).replaceAll('user\n', 'human\n') },
    questioner(),
  )
  assert.equal(other.length, 1)
  assert.match(
    other[0]!,
    /^error prefix: the prefix is another than the server's: ours ".*<\|im_start\|>user␊", the server's ".*<\|im_start\|>human␊"$/,
  )
  const longer = await said({ render: (messages) => `<|endoftext|>${CHATML.render(messages)}` }, questioner())
  assert.deepEqual(longer, ["error prefix: the server's rendering begins with <|endoftext|>, our prefix does not"])
  const dated = await said(
    { ...LLAMA, render: (messages) => LLAMA.render(messages).replace('26 Jul 2024', '03 Feb 2026') },
    questioner({ template: 'llama-3.2' }),
  )
  assert.equal(dated.length, 2)
  assert.match(dated[0]!, /^note prefix: the server writes another date/)
  const thinking = await said({ render: (messages) => `${CHATML.render(messages)}<think>\n` }, questioner())
  assert.match(thinking[0]!, /^note prefix: the server opens answers in another way/)
  const trimming = await said({ render: () => 'Hello' }, questioner())
  assert.match(trimming[0]!, /^warning prefix: the server's chat template changes the user's words/)
})

test('control tokens that the server does not read as tokens', async () => {
  const lines = await said(
    { tokens: { '<|im_start|>': 151644, '<|endoftext|>': 151643 }, render: CHATML.render },
    questioner(),
  )
  assert.deepEqual(lines, [
    'warning stops: the stop id 151645 is no token there',
    'warning stops: the stop <|im_end|> is no single token there but 10',
  ])
})

const LLAMA: FakeVllm = {
  bos: 128000,
  tokens: {
    '<|begin_of_text|>': 128000,
    '<|end_of_text|>': 128001,
    '<|start_header_id|>': 128006,
    '<|end_header_id|>': 128007,
    '<|eom_id|>': 128008,
    '<|eot_id|>': 128009,
  },
  render: (messages) => {
    const [first, ...rest] = messages
    const head = (role: string): string => `<|start_header_id|>${role}<|end_header_id|>\n\n`
    const dates = 'Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n'
    const turns = (first?.role === 'system' ? rest : messages).map(
      ({ role, content }) => `${head(role)}${content}<|eot_id|>`,
    )
    return `<|begin_of_text|>${head('system')}${dates}${first?.role === 'system' ? first.content : ''}<|eot_id|>${turns.join('')}${head('assistant')}`
  },
}

test('the token that begins a sequence: once, twice by the server, twice by us', async () => {
  const well = await said(LLAMA, questioner({ template: 'llama-3.1' }))
  assert.deepEqual(well, [
    'note bos: the server would put a second token 128000 before raw prompts; we send add_special_tokens false, so there is one',
  ])
  const stubborn = await said({ ...LLAMA, stubborn: true }, questioner({ template: 'llama-3.1' }))
  assert.equal(stubborn.length, 1)
  assert.match(stubborn[0]!, /^error bos: the server put a token of its own \(128000\) before a raw prompt/)
})

test('stop ids of another vocabulary, stops beyond four', async () => {
  const wrong = await said({ tokens: { ...CHATML.tokens, the: 151643 } }, questioner({ stop: ['QED', '\n\n#'] }))
  assert.ok(
    wrong.includes('error stops: the stop id 151643 is "the" there, so every problem would be cut at it'),
    wrong.join('\n'),
  )
  assert.ok(
    wrong.includes('note stops: servers take four stop strings; these are not sent: <|endoftext|>'),
    wrong.join('\n'),
  )
})

test('a context that is too short', async () => {
  const models = [{ id: 'm', max_model_len: 700 }]
  const [short] = await found({ models }, questioner({ sampling: { maxTokens: 400 } }))
  assert.match(
    `${short?.severity} ${short?.seen}`,
    /^warning its context is 700 tokens, less than the prompt's \d+ and/,
  )
  assert.match(short!.advice, /lower roles\.questioner\.sampling\.maxTokens to at most \d+/)
  const [none] = await found({ models }, answerer(false, { sampling: { maxTokens: 700 } }))
  assert.match(`${none?.severity} ${none?.seen}`, /^error .*it would refuse every call/)
})

test('thoughts: opened by the prompt, split by a parser, expected in vain', async () => {
  const opens = { render: (messages: Parameters<FakeVllm['render']>[0]) => `${CHATML.render(messages)}<think>\n` }
  const [cut] = await found(opens, answerer(false))
  assert.match(
    `${cut?.severity} ${cut?.seen} → ${cut?.advice}`,
    /^error the server opens the thought .* → set stages\.verify\.expectsThought to true/,
  )
  assert.deepEqual(await said(opens, answerer(true)), [])
  assert.deepEqual(await said({ ...opens, says: { content: null, reasoning: 'First' } }, answerer(false)), [])
  const [vain] = await found({}, answerer(true))
  assert.match(`${vain?.severity} ${vain?.seen}`, /^error .*every answer would count as an unfinished thought/)
  const [own] = await found({ says: { content: '<think>\nFirst' } }, answerer(true))
  assert.match(`${own?.severity} ${own?.seen}`, /^warning .*an answer without a thought/)
  const [harmony] = await found({}, answerer(false, { template: 'ministral-3-reasoning' }))
  assert.match(`${harmony?.severity} ${harmony?.seen}`, /^error the model closes its thoughts with \[\/THINK\]/)
})

test('reward models: shape, sigmoids, context', async () => {
  const perToken = { pooling: (call: number) => ({ data: [[1.5], [-2], [call]], tokens: 3 }) }
  assert.deepEqual(await said(perToken, rewarder('token-rm')), [])
  assert.deepEqual(await said(perToken, rewarder('reward-model')), [])
  const [wrongKind] = await found(perToken, rewarder('process-rm'))
  assert.match(
    `${wrongKind?.severity} ${wrongKind?.seen} → ${wrongKind?.advice}`,
    /^error it sends one value for each token; the kind process-rm needs a pair for each step → set its kind to token-rm/,
  )
  const pairs = {
    pooling: () => ({
      data: [
        [0.2, 0.8],
        [0.4, 0.6],
      ],
      tokens: 40,
    }),
  }
  assert.deepEqual(await said(pairs, rewarder('process-rm')), [])
  const logits = {
    pooling: () => ({
      data: [
        [-3, 4],
        [0.4, 0.6],
      ],
      tokens: 40,
    }),
  }
  assert.match((await said(logits, rewarder('process-rm')))[0]!, /^error reward: its pairs are no probabilities/)
  assert.deepEqual(await said({ classify: (call) => 4 - 9 * call }, rewarder('sequence-rm')), [])
  const [sigmoid] = await found({ classify: () => 0.97 }, rewarder('sequence-rm'))
  assert.match(`${sigmoid?.severity} ${sigmoid?.seen}`, /^error .*it answers sigmoids/)
  const one = { missing: ['/classify'], pooling: () => ({ data: [2.5], tokens: 20 }) }
  assert.deepEqual(await said(one, rewarder('sequence-rm')), [])
  const [none] = await found({ missing: ['/classify', '/pooling'] }, rewarder('token-rm'))
  assert.match(`${none?.severity} ${none?.seen}`, /^error it gives no score: .*Not Found/)
  const [long] = await found(perToken, rewarder('token-rm', 30_000))
  assert.match(`${long?.check} ${long?.severity}`, /context note/)
})

test('an embedding model: vectors by either route, of texts that it tells apart', async () => {
  const embeds = (text: string): number[] => [text.length, 1]
  assert.deepEqual(await said({ embeds, missing: ['/pooling'] }, embedder()), [])
  assert.deepEqual(await said({ embeds, missing: ['/v1/embeddings'] }, embedder()), [])
  const read: string[] = []
  const noting = (text: string): number[] => [read.push(text)]
  assert.deepEqual(await said({ embeds: noting }, embedder({ prefix: 'query: ' })), [])
  assert.ok(read.length === 2 && read.every((text) => text.startsWith('query: ')), 'as a run would send them')

  const [none] = await found({ missing: ['/v1/embeddings', '/pooling'] }, embedder())
  assert.match(
    `${none?.severity} ${none?.check}: ${none?.seen} → ${none?.advice}`,
    /^error embedding: it gives no vector: .*Not Found.* → serve an embedding model there/,
  )
  const same = 'error embedding: its vectors of two different texts are the same, or of different dimension'
  assert.deepEqual(await said({ embeds: () => [1, 0] }, embedder()), [same])
  assert.deepEqual(await said({ embeds: (text) => Array.from(text, () => 1) }, embedder()), [same])
  const tokens = await said({ embeds: () => [[1], [2]] }, embedder())
  assert.match(tokens[0]!, /^error embedding: it gives no vector: the server sent a list for each token/)
  const [other, ...more] = await said({ models: [{ id: 'other' }], embeds }, embedder())
  assert.match(other!, /^error served: it serves other, not m/)
  assert.deepEqual(more, [])
})

test('a key that is not set is a fault of the config', async () => {
  const subject = questioner()('http://127.0.0.1:9')
  const config = {
    ...subject.config,
    endpoints: subject.config.endpoints.map((each) => ({ ...each, keyEnv: 'NO_SUCH_KEY' })),
  }
  await assert.rejects(
    checkModels({ subjects: [{ ...subject, config } as Subject], signal, environment: {} }),
    (error: unknown) => error instanceof UsageFault && /NO_SUCH_KEY, which is not set/.test(error.message),
  )
})
