// What a record of another revision says is found by exactly how it was asked; and every call of a record is marked.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { roleConfig } from '../../llm/config.ts'
import { createLlm } from '../../llm/llm.ts'
import { createAnswer } from '../../processors/answer.ts'
import { saidIn } from '../../processors/kept-texts.ts'
import { paidBy, type PastRecord } from '../../schemas/past.ts'
import { createJudge, judgeStageConfig } from '../../processors/judge.ts'
import { createSample } from '../../processors/sample.ts'
import { createTag, tagConfig } from '../../processors/tag.ts'
import { silentLogger } from '../../schemas/logger.ts'
import type { Asked } from '../../schemas/call-memory.ts'
import type { Answered, Judged, Sampled, Tagged, Verified } from '../../schemas/records.ts'
import type { Process } from '../../stream/outcome.ts'
import { context, generation, problem, screened } from '../support/problems.ts'
import { type Request, startServer } from '../support/recorded-vllm.ts'
import { conversed, judged } from '../support/rows.ts'

const nothing = (): void => undefined

describe('a text that another revision has', () => {
  const record = conversed(3)
  const asked: Asked = record.samples[2]!.generation

  it('is found by what was asked, and says who paid', () => {
    const taken: unknown[] = []
    const said = saidIn(record, (...each) => taken.push(each))
    const [found] = said([asked])!
    assert.equal(found?.text, record.samples[2]!.text)
    assert.deepEqual(found.generation, { ...record.samples[2]!.generation, keptFrom: 'main' })
    assert.deepEqual(taken, [['sampler', 1]])
    assert.equal(record.samples[2]!.generation.keptFrom, null)
  })

  it('keeps the name of the revision that paid first', () => {
    const samples = [{ ...record.samples[2]!, generation: { ...record.samples[2]!.generation, keptFrom: 'first' } }]
    assert.equal(saidIn({ ...record, samples }, nothing)([asked])![0]!.generation.keptFrom, 'first')
  })

  it('is not found when anything that was asked is another', () => {
    const changes: Asked[] = [
      ...(['role', 'model', 'template', 'promptHash', 'mannerHash'] as const).map((field) => ({
        ...asked,
        [field]: '?',
      })),
      ...(
        ['temperature', 'topP', 'topK', 'minP', 'repetitionPenalty', 'maxTokens', 'seed', 'firstTemperature'] as const
      ).map((field) => ({ ...asked, [field]: 77 })),
    ]
    const said = saidIn(record, nothing)
    for (const changed of changes) assert.equal(said([changed]), null, JSON.stringify(changed))
  })

  it('is found with all others of its request or not at all', () => {
    const said = saidIn(record, () => assert.fail('nothing is taken'))
    assert.equal(said([asked, { ...asked, seed: 99 }]), null)
  })
})

describe('a record that a replay has read', () => {
  it('says of every call whose it is, where it did not yet', () => {
    for (const make of [() => conversed(1), () => judged(2)]) {
      const record: PastRecord = make()
      const whole = JSON.stringify(record)
      const text = JSON.stringify(
        paidBy(JSON.parse(whole.replace('"keptFrom":null', '"keptFrom":"first"')) as PastRecord, 'main'),
      )
      paidBy(record, 'main')
      assert.equal(JSON.stringify(record), whole, 'what was read stays as it was')
      assert.equal(text.match(/"keptFrom":null/g), null)
      assert.equal(text.match(/"keptFrom":"first"/g)?.length, 1)
    }
    const raw = problem('How many?', { generation: generation() })
    assert.equal(paidBy(raw, 'main').generation?.keptFrom, 'main')
    assert.deepEqual(paidBy(problem('How many?'), 'main'), problem('How many?'))
  })
})

/** A server that says something else each time, and counts. */
async function serve(reply: (request: Request) => string) {
  let asked = 0
  const server = await startServer((request) => {
    if (request.path !== '/v1/chat/completions') return { status: 404, body: {} }
    asked += 1
    const message = { content: reply(request) }
    return {
      body: {
        choices: [{ index: 0, message, finish_reason: 'stop', stop_reason: null, token_ids: [1, 2] }],
        prompt_token_ids: [1],
        usage: { prompt_tokens: 5, completion_tokens: 7 },
      },
    }
  })
  const make = (more: Record<string, unknown> = {}) => {
    const role = roleConfig.parse({ endpoints: [{ url: server.url }], model: 'a/model', ...more })
    const roles = { answerer: role, sampler: role, tagger: role, judge: role }
    return { role, llm: createLlm({ roles, rewarders: {}, log: silentLogger, random: () => 0, environment: {} }) }
  }
  return { make, asked: () => asked, close: () => server.close() }
}

async function emitted<In, Out>(process: Process<In, Out>, record: In, past: PastRecord | null): Promise<Out> {
  const calls = { ...context().calls, ...(past === null ? {} : { said: saidIn(past, nothing) }) }
  const outcome = await process(record, { ...context(), calls })
  assert.ok('emit' in outcome)
  return outcome.emit
}

describe('stages that find what they would ask', () => {
  const now = (): number => 4
  let number = 0
  const labels = {
    ...{ intent: 'to count', knowledge: 'counting', difficulty: 'easy', qualityExplanation: 'clear', quality: 'good' },
    ...{ category: 'arithmetic', otherCategories: [], language: 'en', safety: 'safe' },
  }
  const reply = ({ body }: Request): string => {
    number += 1
    const asks = JSON.stringify(body)
    if (asks.includes('problem_labels')) return JSON.stringify({ ...labels, intent: `to count ${number}` })
    if (asks.includes('ruling')) return JSON.stringify({ explanation: `so ${number}`, verdict: 'equal' })
    return `It is \\boxed{${number}}`
  }

  it('tag, answer, sample and judge ask nothing again, and say the same', async (test) => {
    const server = await serve(reply)
    test.after(() => server.close())
    const { llm, role } = server.make()
    test.after(() => llm.close())
    const tag = createTag({ llm, config: tagConfig.parse({}), now })
    const answer = createAnswer({ llm, role, now })
    const sample = createSample({ llm, config: { n: 3, choices: 8 }, role, now })
    const judge = createJudge({ llm, config: judgeStageConfig.parse({}), now })
    const all = async (past: PastRecord | null): Promise<Judged> => {
      const tagged: Tagged = await emitted(tag, screened(problem('How many are 2 and 3?')), past)
      const answered: Answered = await emitted(answer, tagged, past)
      const sampled: Sampled = await emitted(sample, answered, past)
      const { verification } = judged(3)
      const responseId = sampled.samples[0]!.id
      const verdicts = [{ ...verification.verdicts[4]!, responseId }]
      const verified: Verified = { ...sampled, verification: { ...verification, verdicts } }
      return emitted(judge, verified, past)
    }
    const first = await all(null)
    assert.equal(server.asked(), 6)
    const again = await all(first)
    assert.equal(server.asked(), 6)
    assert.deepEqual(again, paidBy(first, 'main'))
  })

  it('a changed prompt, model, temperature, stop or number of samples asks for what it changes', async (test) => {
    const server = await serve(reply)
    test.after(() => server.close())
    const record = screened(problem('How many are 2 and 3?'))
    const run = async (past: PastRecord | null, more: Record<string, unknown>, n = 3): Promise<[Sampled, number]> => {
      const before = server.asked()
      const { llm, role } = server.make(more)
      try {
        const out = await emitted(createSample({ llm, config: { n, choices: 8 }, role, now }), record, past)
        return [out, server.asked() - before]
      } finally {
        await llm.close()
      }
    }
    const [first] = await run(null, {})
    for (const [more, asked] of [
      [{}, 0],
      [{ prompt: 'Think. {problem}' }, 3],
      [{ system: 'Think.' }, 3],
      [{ model: 'another/model' }, 3],
      [{ sampling: { temperature: 0.5 } }, 3],
      [{ stop: ['END'] }, 3],
      [{ continue: { maxTokens: 9000 } }, 3],
      [{ timeoutSeconds: 9, price: { per: 'million-tokens', prompt: 1, completion: 2 } }, 0],
    ] as const)
      assert.equal((await run(first, more))[1], asked, JSON.stringify(more))
    const [wider, asked] = await run(first, {}, 5)
    assert.equal(asked, 2)
    assert.deepEqual(
      wider.samples.map(({ generation: { keptFrom } }) => keptFrom),
      ['main', 'main', 'main', null, null],
    )
  })
})
