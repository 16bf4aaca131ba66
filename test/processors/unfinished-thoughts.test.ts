// A thought that never closed is no answer, however right what it says: from verification to curation.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createCurate, curateConfig } from '../../processors/curate.ts'
import { createVerify, verifyConfig } from '../../processors/verify.ts'
import type { Generation, Response, Sampled, Verified } from '../../schemas/records.ts'
import { plainMath } from '../support/plain-math.ts'
import { context, problem, response, sampled } from '../support/problems.ts'

const right = 'So it is $\\boxed{6}$.'
const of = problem('How many?', { referenceAnswer: '6' })

/** What was said (text, field of a parser, provenance) and never left the thought. */
const unfinished: readonly (readonly [string, string | null, Partial<Generation>])[] = [
  [`<think>${right}`, null, { finishReason: 'length' }],
  [`<think>${right}`, null, { finishReason: 'stop' }],
  ['', right, { finishReason: 'length' }],
  ['', right, { finishReason: 'stop' }],
  [`<think>a</think><think>${right}`, null, { finishReason: 'length' }],
  [right, null, { finishReason: 'length', model: 'deepseek-ai/DeepSeek-R1' }],
  [`<|channel|>analysis<|message|>${right}`, null, { finishReason: 'stop' }],
  [`analysis${right}assistantcommentary`, null, { finishReason: 'length' }],
]

async function verified(record: Sampled): Promise<Verified> {
  const stage = createVerify({ math: plainMath, config: verifyConfig.parse({}), now: () => 3 })
  const outcome = await stage(record, context())
  assert.ok('emit' in outcome)
  return outcome.emit
}

const samples = unfinished.map(([text, reasoning, over], index): Response => ({
  ...response(of.id, 'sample', index, text, over),
  reasoning,
}))

describe('unfinished thoughts', () => {
  it('are marked, have no answer and no vote', async () => {
    const { verification } = await verified({ ...sampled(of, null, []), samples })
    for (const [index, verdict] of verification.verdicts.entries())
      assert.deepEqual(
        [verdict.thought, verdict.complete, verdict.solution, verdict.finalAnswer, verdict.verdict, verdict.reason],
        ['unfinished', false, '', null, 'unknown', 'incomplete'],
        samples[index]!.text,
      )
    assert.deepEqual([verification.classes, verification.winningAnswer, verification.passRate], [[], null, 0])
  })

  it('never enter a data set, even where every verdict is welcome; a closed one beside them does', async () => {
    const curate = createCurate({
      config: curateConfig.parse({
        sft: { verdicts: ['equal', 'unknown', 'different'] },
        preference: { pairs: 'reward' },
      }),
      now: () => 4,
    })
    const ended = async (record: Sampled): ReturnType<typeof curate> => {
      const whole = await verified(record)
      const rewards = whole.verification.verdicts.map(({ responseId }, at) => ({
        ...{ responseId, name: 'agreement', version: 'agreement@1', value: at, steps: [], error: null, model: null },
        ...{ endpoint: null, tokens: 0, milliseconds: 0, attempts: 1, usd: null, detail: null, keptFrom: null },
      }))
      return curate({ ...whole, rewards }, context())
    }
    assert.ok('reject' in (await ended({ ...sampled(of, null, []), samples })))
    const closed = response(of.id, 'answer', 0, `<think>a</think>${right}`)
    const outcome = await ended({ ...sampled(of, null, []), samples, answer: closed })
    assert.ok('emit' in outcome)
    assert.deepEqual([outcome.emit.sft?.responseId, outcome.emit.preferences], [closed.id, []])
  })
})
