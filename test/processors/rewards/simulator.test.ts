// Every kind of reward side by side against the project's own stand-in for vLLM, over real HTTP.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { configSchema } from '../../../configs/schema.ts'
import { createLlm } from '../../../llm/llm.ts'
import type { Llm } from '../../../llm/contract.ts'
import { splitSteps } from '../../../llm/steps.ts'
import { type Front, startFront } from '../../../local/engine/front.ts'
import { createInvented } from '../../../local/engine/invented.ts'
import { rewardersOf, rolesOf } from '../../../pipeline/callers.ts'
import { createReward } from '../../../processors/reward.ts'
import { createVerify, verifyConfig } from '../../../processors/verify.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import type { Rewarded } from '../../../schemas/records.ts'
import { plainMath } from '../../support/plain-math.ts'
import { context, problem, sampled } from '../../support/problems.ts'

const SOLUTIONS = [
  'We add.\n\nTwo and two are four.\n\nSo the answer is \\boxed{4}.',
  `${'We think about it once more, with care.\n\n'.repeat(200)}It is \\boxed{5}.`,
]

describe('rewards on the simulator', () => {
  let front: Front
  let llm: Llm
  let config: ReturnType<typeof configSchema.parse>
  before(async () => {
    front = await startFront({ engine: createInvented(), port: 0, slots: 8, log: silentLogger, anyModel: true })
    const at = (more: object): object => ({ endpoints: [{ url: front.url, limit: 8 }], ...more })
    config = configSchema.parse({
      name: 'a-run',
      stages: {
        reward: {
          rewards: [
            { kind: 'agreement' },
            at({ kind: 'token-rm', model: 'Qwen/Qwen2.5-Math-RM-72B' }),
            at({ kind: 'process-rm', model: 'Qwen/Qwen2.5-Math-PRM-7B' }),
            at({ kind: 'sequence-rm', model: 'Skywork/Skywork-Reward-V2-Qwen3-8B' }),
            at({ kind: 'reward-model', model: 'Qwen/Qwen2.5-Math-RM-72B' }),
            at({ kind: 'judge', model: 'Qwen/Qwen2.5-72B-Instruct', showReference: true }),
          ],
        },
      },
    })
    llm = createLlm({ roles: rolesOf(config), rewarders: rewardersOf(config.stages.reward.rewards), log: silentLogger })
  })
  after(async () => {
    await llm.close()
    await front.close()
  })

  const rewarded = async (): Promise<Rewarded> => {
    const record = sampled(problem('What is 2+2?', { referenceAnswer: '4' }), null, SOLUTIONS)
    const verify = createVerify({ math: plainMath, config: verifyConfig.parse({}), now: () => 3 })
    const verified = await verify(record, context())
    assert.ok('emit' in verified)
    const outcome = await createReward({ llm, config: config.stages.reward, now: () => 4 })(verified.emit, context())
    assert.ok('emit' in outcome)
    return outcome.emit
  }

  test('each has a value for each response, and the same again', async () => {
    const { rewards } = await rewarded()
    assert.equal(rewards.length, 12)
    for (const { name, value, error, detail } of rewards)
      assert.ok(Number.isFinite(value), `${name}: ${error} ${detail}`)
    const again = await rewarded()
    assert.deepEqual(
      again.rewards.map(({ name, value, steps, version }) => [name, value, steps, version]),
      rewards.map(({ name, value, steps, version }) => [name, value, steps, version]),
    )
    const of = (name: string) => rewards.filter((score) => score.name === name)
    assert.deepEqual(
      of('prm').map(({ steps }) => steps.length),
      SOLUTIONS.map((solution) => splitSteps(solution).length),
    )
    for (const { value, steps } of of('prm')) assert.equal(value, Math.min(...steps))
    assert.deepEqual(
      of('reward-model').map(({ value }) => value),
      of('rm').map(({ value }) => value),
      'found out, the shape gives what the kind would have given',
    )
    for (const { value, detail, tokens } of of('judge')) {
      assert.ok(Number.isInteger(value) && value! >= 0 && value! <= 10)
      assert.ok(detail !== null && tokens > 0)
    }
    assert.ok(llm.state().usage['reward:judge']!.completionTokens > 0)
  })
})
