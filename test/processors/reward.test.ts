import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createReward, rewardConfig } from '../../processors/reward.ts'
import { createVerify, verifyConfig } from '../../processors/verify.ts'
import { permanent } from '../../schemas/failure.ts'
import type { Verified } from '../../schemas/records.ts'
import { createFakeLlm, untilAborted } from '../support/fake-llm.ts'
import { plainMath } from '../support/plain-math.ts'
import { context, problem, response, sampled } from '../support/problems.ts'

const RM = { name: 'rm', kind: 'token-rm', endpoints: [{ url: 'http://127.0.0.1:9' }], model: 'an-rm' }
const BOTH = rewardConfig.parse({ rewards: [{ kind: 'agreement' }, RM] })

async function verified(): Promise<Verified> {
  const record = sampled(problem('How many?'), 'thought</think>It is \\boxed{5}', [
    'It is \\boxed{5}',
    'It is \\boxed{6}',
  ])
  const cut = response(record.id, 'sample', 2, 'It is \\boxed{5', { finishReason: 'length' })
  const stage = createVerify({ math: plainMath, config: verifyConfig.parse({}), now: () => 3 })
  const outcome = await stage({ ...record, samples: [...record.samples, cut] }, context())
  assert.ok('emit' in outcome)
  return outcome.emit
}

describe('reward', () => {
  it('scores every complete response by every reward, all at once', async () => {
    const waiting: (() => void)[] = []
    const llm = createFakeLlm(undefined, async (messages) => {
      await new Promise<void>((resolve) => waiting.push(resolve))
      return { value: messages[1]!.content.length }
    })
    const record = await verified()
    const running = createReward({ llm, config: BOTH, now: () => 4 })(record, context())
    await new Promise(setImmediate)
    assert.equal(waiting.length, 3)
    for (const finish of waiting.toReversed()) finish()
    const outcome = await running
    assert.ok('emit' in outcome)
    const brief = outcome.emit.rewards.map(({ responseId, name, version, value, error, model }) => [
      responseId.slice(37),
      name,
      version,
      value,
      error,
      model,
    ])
    const share = 2 / 3
    assert.deepEqual(brief, [
      ['answer', 'agreement', 'agreement@1', share, null, null],
      ['answer', 'rm', 'token-rm@1:an-rm', 15, null, 'a-reward-model'],
      ['sample/0', 'agreement', 'agreement@1', share, null, null],
      ['sample/0', 'rm', 'token-rm@1:an-rm', 15, null, 'a-reward-model'],
      ['sample/1', 'agreement', 'agreement@1', 1 / 3, null, null],
      ['sample/1', 'rm', 'token-rm@1:an-rm', 15, null, 'a-reward-model'],
      ['sample/2', 'agreement', 'agreement@1', null, 'incomplete', null],
      ['sample/2', 'rm', 'token-rm@1:an-rm', null, 'incomplete', 'an-rm'],
    ])
    assert.deepEqual(llm.scores[0]!.messages, [
      { role: 'user', content: 'How many?' },
      { role: 'assistant', content: 'It is \\boxed{5}' },
    ])
    assert.deepEqual([llm.scores[0]!.context.role, llm.scores[0]!.context.rank], ['reward:rm', 0])
  })

  it('keeps a text that the model cannot score as null with its error', async () => {
    const llm = createFakeLlm(undefined, () => ({ value: null, error: 'context-too-long' }))
    const outcome = await createReward({ llm, config: BOTH, now: () => 4 })(await verified(), context())
    assert.ok('emit' in outcome)
    const [score] = outcome.emit.rewards.filter(({ name }) => name === 'rm')
    assert.deepEqual([score!.value, score!.error], [null, 'context-too-long'])
  })

  it('puts the system text that the config gives before the problem', async () => {
    const llm = createFakeLlm()
    const config = rewardConfig.parse({ rewards: [{ ...RM, system: 'Reason.' }] })
    await createReward({ llm, config, now: () => 4 })(await verified(), context())
    assert.deepEqual(llm.scores[0]!.messages[0], { role: 'system', content: 'Reason.' })
  })

  it('throws when a reward server answers in the wrong shape, and aborts the rest', async () => {
    const llm = createFakeLlm(undefined, (messages, { signal }) => {
      if (messages[1]!.content.includes('6')) throw permanent('reward-shape', 'pairs')
      return untilAborted(signal)
    })
    await assert.rejects(createReward({ llm, config: BOTH, now: () => 4 })(await verified(), context()), {
      code: 'reward-shape',
    })
  })

  it('records what no other try mends for one text, and lets a bug and an abort through', async () => {
    for (const [code, error] of [
      ['http-500', 'http-500'],
      ['context-length', 'context-too-long'],
      ['bad-request', 'refused'],
    ] as const) {
      const llm = createFakeLlm(undefined, () => {
        throw permanent(code, 'said the server')
      })
      const outcome = await createReward({ llm, config: BOTH, now: () => 4 })(await verified(), context())
      assert.ok('emit' in outcome)
      const [score] = outcome.emit.rewards.filter(({ name }) => name === 'rm')
      assert.deepEqual([score!.value, score!.error, score!.detail], [null, error, 'said the server'])
    }
    const buggy = createFakeLlm(undefined, () => {
      throw new TypeError('a bug')
    })
    await assert.rejects(
      createReward({ llm: buggy, config: BOTH, now: () => 4 })(await verified(), context()),
      TypeError,
    )
  })

  it('says at once that vLLM cannot serve ArmoRM', () => {
    for (const kind of ['token-rm', 'process-rm', 'sequence-rm', 'reward-model'])
      assert.throws(
        () => rewardConfig.parse({ rewards: [{ ...RM, kind, model: 'RLHFlow/ArmoRM-Llama3-8B-v0.1' }] }),
        /vLLM cannot serve ArmoRM/,
      )
  })

  it('refuses two rewards of one name, and none at all', () => {
    assert.throws(() => rewardConfig.parse({ rewards: [RM, RM] }), /the name rm is taken/)
    assert.throws(() => rewardConfig.parse({ rewards: [] }), /at least one reward/)
    assert.deepEqual(rewardConfig.parse({}).rewards, [{ name: 'agreement', kind: 'agreement' }])
  })
})
