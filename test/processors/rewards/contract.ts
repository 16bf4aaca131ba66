// What every reward keeps, whatever its kind: run by contract.test.ts for all of them, with the real model client over
// HTTP against a server that answers as such a model's would.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createLlm } from '../../../llm/llm.ts'
import type { Llm } from '../../../llm/contract.ts'
import { rewardersOf, rolesOf } from '../../../pipeline/callers.ts'
import { configSchema } from '../../../configs/schema.ts'
import { candidatesOf } from '../../../processors/curation/candidates.ts'
import { createReward, rewardConfig, versionOf } from '../../../processors/reward.ts'
import { createVerify, verifyConfig } from '../../../processors/verify.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import type { Rewarded, RewardScore } from '../../../schemas/records.ts'
import { plainMath } from '../../support/plain-math.ts'
import { context, problem, response, sampled } from '../../support/problems.ts'
import { type Answer, type Request, startServer, type TestServer } from '../../support/recorded-vllm.ts'

/** A kind of reward, as the contract sees it. */
export interface RewardUnderTest {
  readonly kind: string
  /** More of its config than kind, name, endpoints and model. */
  readonly config?: Readonly<Record<string, unknown>>
  /** Changes of the config after which scores are no longer comparable. */
  readonly incomparable: readonly Readonly<Record<string, unknown>>[]
  /** The reply of such a model's server; absent: the reward asks no model. */
  readonly answer?: (request: Request) => Answer
}

const NAME = 'under-test'
const THOUGHT = 'Let me guess wildly.'
const REFUSAL = { status: 400, body: { error: { message: 'Bad text.', type: 'BadRequestError', code: 400 } } }
const TOO_LONG = {
  status: 400,
  body: {
    error: { message: "This model's maximum context length is 4096 tokens.", type: 'BadRequestError', code: 400 },
  },
}

/** The server's answer by what the text asks for, in words that a model would not say. */
function answerOf(of: (request: Request) => Answer, request: Request): Answer {
  const said = JSON.stringify(request.body)
  if (said.includes('FAR TOO LONG')) return TOO_LONG
  if (said.includes('REFUSE ME')) return REFUSAL
  return of(request)
}

/** Runs the contract. */
export function rewardContract({ kind, config = {}, incomparable, answer }: RewardUnderTest): void {
  describe(`reward ${kind}`, () => {
    let server: TestServer
    let llm: Llm
    let settings: ReturnType<typeof rewardConfig.parse>
    const raw = (): Record<string, unknown> => ({
      name: NAME,
      kind,
      ...(answer === undefined ? {} : { endpoints: [{ url: server.url }], model: 'a/model' }),
      ...config,
    })
    before(async () => {
      server = await startServer((request) => answerOf(answer ?? (() => REFUSAL), request))
      const whole = configSchema.parse({
        name: 'a-run',
        stages: { reward: { rewards: [raw(), { kind: 'agreement' }] } },
      })
      settings = whole.stages.reward
      llm = createLlm({ roles: rolesOf(whole), rewarders: rewardersOf(settings.rewards), log: silentLogger })
    })
    after(async () => {
      await llm.close()
      await server.close()
    })

    let slot = 0
    /** A record of a new problem with these samples through the stage; the last sample was cut off. */
    const rewarded = async (
      texts: readonly string[],
      stage = createReward({ llm, config: settings, now: () => 4 }),
    ) => {
      slot += 1
      const record = sampled(problem('How many?', { slot }), null, texts)
      const cut = response(record.id, 'sample', texts.length, 'It is \\boxed{5', { finishReason: 'length' })
      const verify = createVerify({ math: plainMath, config: verifyConfig.parse({}), now: () => 3 })
      const verified = await verify({ ...record, samples: [...record.samples, cut] }, context())
      assert.ok('emit' in verified)
      const outcome = await stage(verified.emit, context())
      assert.ok('emit' in outcome)
      return outcome.emit
    }
    const own = ({ rewards }: Rewarded): RewardScore[] => rewards.filter(({ name }) => name === NAME)

    test('every complete response has a finite value under its name and version; curation can rank by it', async () => {
      const record = await rewarded(['It is\n\n\\boxed{5}', 'It is \\boxed{6}'])
      const scores = own(record)
      assert.equal(scores.length, 3)
      for (const score of scores.slice(0, 2)) {
        assert.ok(Number.isFinite(score.value), `${score.error}: ${score.detail}`)
        assert.equal(score.error, null)
        assert.match(score.version, new RegExp(`^${kind}@\\d`))
        assert.equal(score.endpoint, answer === undefined ? null : server.url)
        assert.equal(score.model, answer === undefined ? null : 'a/model')
        assert.ok(score.attempts >= 1)
      }
      assert.deepEqual(
        candidatesOf(record, NAME).map(({ reward }) => reward),
        scores.map(({ value }) => value),
      )
    })

    test('an incomplete response is not scored, and costs no call', async () => {
      const before = server.requests.length
      const [score] = own(await rewarded([]))
      assert.deepEqual([score?.value, score?.error, score?.tokens], [null, 'incomplete', 0])
      assert.equal(server.requests.length, before)
    })

    test('neither the thought nor a control token of the solution is shown', async () => {
      const before = server.requests.length
      await rewarded([`<think>${THOUGHT}</think>It is<|im_end|><extra_0> \\boxed{5}`])
      const sent = server.requests.slice(before).map(({ body }) => JSON.stringify(body))
      assert.equal(sent.length > 0, answer !== undefined)
      for (const body of sent) {
        assert.match(body, /boxed\{5\}/)
        assert.ok(!body.includes(THOUGHT) && !body.includes('think>') && !body.includes('<|im_end|>'))
        assert.match(body, /It is< \|im_end\|>< extra_0>/)
      }
    })

    test('its version changes with whatever makes its scores incomparable', () => {
      const version = (more: Readonly<Record<string, unknown>>): string =>
        versionOf(rewardConfig.parse({ rewards: [{ ...raw(), ...more }] }).rewards[0]!)
      const versions = [{}, ...incomparable].map(version)
      assert.equal(new Set(versions).size, incomparable.length + 1, versions.join('\n'))
      assert.equal(version({}), version({}))
      if (answer !== undefined) assert.equal(version({ timeoutSeconds: 5, name: 'other' }), version({}))
    })

    if (answer === undefined) return

    test('a text that is too long, or refused, is a fact beside the scores of the others', async () => {
      const record = await rewarded(['FAR TOO LONG \\boxed{5}', 'REFUSE ME \\boxed{5}', 'It is \\boxed{5}'])
      const scores = own(record)
      assert.deepEqual(
        scores.map(({ error }) => error),
        ['context-too-long', 'refused', null, 'incomplete'],
      )
      assert.match(scores[0]?.detail ?? '', /maximum context length/)
      assert.match(scores[1]?.detail ?? '', /Bad text/)
      assert.ok(Number.isFinite(scores[2]?.value))
      const others = record.rewards.filter(({ name }) => name === 'agreement')
      assert.deepEqual(
        others.map(({ value }) => value),
        [1, 1, 1, null],
      )
    })

    test('one refusal after the other is a fault of the reward, and stops', async () => {
      const stage = createReward({ llm, config: settings, now: () => 4 })
      const refused = (): Promise<Rewarded> => rewarded(['REFUSE ME \\boxed{5}', 'REFUSE ME \\boxed{6}'], stage)
      for (let count = 0; count < 10; count += 1) await rewarded(['FAR TOO LONG \\boxed{5}'], stage)
      for (let count = 0; count < 7; count += 1) await refused()
      await assert.rejects(refused(), { code: 'reward-unusable', message: /8 problems in a row.*Bad text/ })
      await rewarded(['It is \\boxed{5}'], stage)
      await refused()
    })
  })
}
