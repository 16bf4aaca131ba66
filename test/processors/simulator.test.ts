// Tags and judgements against the project's own stand-in for vLLM, over real HTTP: what a config asks for can be tried.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { configSchema } from '../../configs/schema.ts'
import { createLlm } from '../../llm/llm.ts'
import type { Llm } from '../../llm/contract.ts'
import { type Front, startFront } from '../../local/engine/front.ts'
import { createInvented } from '../../local/engine/invented.ts'
import { createJudge } from '../../processors/judge.ts'
import { createTag } from '../../processors/tag.ts'
import { createVerify, verifyConfig } from '../../processors/verify.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { settle } from '../../schemas/settled.ts'
import { plainMath } from '../support/plain-math.ts'
import { context, problem, sampled, screened } from '../support/problems.ts'

describe('models that label and judge, on the simulator', () => {
  let front: Front
  let llm: Llm
  let config: ReturnType<typeof configSchema.parse>
  before(async () => {
    front = await startFront({ engine: createInvented(), port: 0, slots: 8, log: silentLogger, anyModel: true })
    const role = { endpoints: [{ url: front.url, limit: 8 }], model: 'Qwen/Qwen2.5-72B-Instruct' }
    config = configSchema.parse({ name: 'a-run', roles: { tagger: role, judge: role } })
    llm = createLlm({ roles: config.roles, rewarders: {}, log: silentLogger })
  })
  after(async () => {
    await llm.close()
    await front.close()
  })

  it('labels problems, in English and mostly safe', async () => {
    const refuse = { difficulty: [], quality: [], category: [], language: [], safety: [] }
    const tag = createTag({ llm, config: { refuse, languages: ['en'] }, now: () => 1 })
    const labelled = await Promise.all(
      Array.from({ length: 40 }, (_, slot) => tag(screened(problem(`What is ${slot}+2?`, { slot })), context())),
    )
    const safe = labelled.filter((outcome) => 'emit' in outcome && outcome.emit.tags?.safety === 'safe')
    assert.ok(labelled.every((outcome) => 'emit' in outcome))
    assert.ok(safe.length >= 30, `${safe.length} of 40`)
  })

  it('rules on answers in words', async () => {
    const texts = ['\\boxed{\\text{odd primes below ten}}', '\\boxed{\\text{even numbers}}']
    const record = sampled(problem('Which?', { referenceAnswer: 'the odd primes that are below ten' }), null, texts)
    const unsure = { ...plainMath, compare: () => Promise.resolve({ verdict: 'unknown' as const, reason: 'text' }) }
    const verified = await createVerify({ math: unsure, config: verifyConfig.parse({}), now: () => 1 })(
      record,
      context(),
    )
    assert.ok('emit' in verified)
    const judged = await createJudge({ llm, config: config.stages.judge, now: () => 2 })(verified.emit, context())
    assert.ok('emit' in judged)
    assert.deepEqual(
      settle(judged.emit).verdicts.map(({ verdict }) => verdict),
      ['equal', 'different'],
    )
  })
})
