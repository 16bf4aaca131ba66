import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createReward, type RewardConfig, rewardConfig } from '../../processors/reward.ts'
import { createVerify, verifyConfig } from '../../processors/verify.ts'
import { permanent } from '../../schemas/failure.ts'
import type { PastRecord } from '../../schemas/past.ts'
import type { Rewarded, RewardScore, Verified } from '../../schemas/records.ts'
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

describe('reward with scores of another revision', () => {
  const JUDGE = { name: 'judge', kind: 'judge', endpoints: [{ url: 'http://127.0.0.1:9' }], model: 'a-model' }
  const judgement = JSON.stringify({ explanation: 'right', score: 7 })
  const config = (...rewards: unknown[]) => rewardConfig.parse({ rewards })
  /** A reward model's client says the model of its config. */
  const fake = (model = 'an-rm') =>
    createFakeLlm(
      () => [judgement],
      () => ({ value: 0.5, model }),
    )

  async function score(record: Verified | Rewarded, rewards: RewardConfig, past?: PastRecord | null, model?: string) {
    const llm = fake(model)
    const taken: string[] = []
    const stage = createReward({
      ...{ llm, config: rewards, now: () => 4 },
      ...(past === undefined ? {} : { past: () => Promise.resolve(past) }),
      taken: (role) => taken.push(role),
    })
    const outcome = await stage(record, context())
    assert.ok('emit' in outcome)
    return { record: outcome.emit, asked: llm.scores.length + llm.completions.length, taken }
  }

  it('takes over what has not changed, says whose it is, and asks for the rest', async () => {
    const whole = await verified()
    const first = await score(whole, config(RM, JUDGE))
    assert.equal(first.asked, 6)
    const again = await score(whole, config(RM, JUDGE), first.record)
    assert.deepEqual([again.asked, again.taken.length], [0, 6])
    for (const each of again.record.rewards.filter(({ value }) => value !== null)) assert.equal(each.keptFrom, 'main')
    assert.deepEqual(
      again.record.rewards.map((each) => ({ ...each, keptFrom: null })),
      first.record.rewards,
    )
    const another = { ...RM, name: 'second' }
    const more = await score(whole, config(RM, JUDGE, another), first.record)
    assert.deepEqual([more.asked, more.taken.length], [3, 6])
    assert.deepEqual(
      more.record.rewards.filter(({ keptFrom, value }) => keptFrom === null && value !== null).map(({ name }) => name),
      ['second', 'second', 'second'],
    )
  })

  it('asks again where the reward, its version, its model or what it is shown is another, or there was no value', async () => {
    const whole = await verified()
    const { record: past } = await score(whole, config(RM, JUDGE))
    const withText = (text: string): PastRecord => ({ ...past, screening: { ...past.screening, text } })
    const changed = (over: Partial<RewardScore>): PastRecord => ({
      ...past,
      rewards: past.rewards.map((each) => ({ ...each, ...over })),
    })
    const solution: PastRecord = {
      ...past,
      verification: {
        ...past.verification,
        verdicts: past.verification.verdicts.map((each, index) => (index === 0 ? { ...each, solution: '?' } : each)),
      },
    }
    const reference: PastRecord = { ...past, verification: { ...past.verification, referenceAnswer: '7' } }
    const shown = { ...JUDGE, showReference: true }
    const { record: pastShown } = await score(whole, config(shown))
    for (const [name, rewards, from, asked] of [
      ['the same', config(RM, JUDGE), past, 0],
      ['another problem text', config(RM, JUDGE), withText('How few?'), 6],
      ['another solution', config(RM, JUDGE), solution, 2],
      ['another model', config({ ...RM, model: 'other' }), past, 3],
      ['another system text', config({ ...RM, system: 'Reason.' }), past, 3],
      ['another rubric', config({ ...JUDGE, rubric: 'By length.' }), past, 3],
      ['another version of the program', config(RM), changed({ version: 'token-rm@0:an-rm' }), 3],
      ['a model of another name in the record', config(RM), changed({ model: 'other' }), 3],
      ['an error', config(RM), changed({ error: 'sigmoid' }), 3],
      ['no value', config(RM), changed({ value: null }), 3],
      ['a reference that is not shown', config(JUDGE), reference, 0],
      ['a reference that is shown', config(shown), { ...pastShown, verification: reference.verification! }, 3],
      ['nothing there', config(RM), null, 3],
      ['no scores there', config(RM), { ...whole }, 3],
    ] as const)
      assert.equal((await score(whole, rewards, from)).asked, asked, name)
  })

  it('leaves the scores of a record that has them, but for those that it gives anew', async () => {
    const { record } = await score(await verified(), config(RM, { kind: 'agreement' }))
    const { record: more, asked } = await score(record, config({ ...RM, name: 'second' }), record)
    assert.equal(asked, 3)
    const names = [...new Set(more.rewards.map(({ name }) => name))]
    assert.deepEqual(names, ['rm', 'agreement', 'second'])
    const { record: twice } = await score(more, config(RM), null)
    assert.equal(twice.rewards.filter(({ name }) => name === 'rm').length, 4)
  })
})
