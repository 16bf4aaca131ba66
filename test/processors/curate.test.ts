import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createCurate, curateConfig, type Curated } from '../../processors/curate.ts'
import type { Rewarded, Verdict, VerdictName } from '../../schemas/records.ts'
import type { Outcome } from '../../stream/outcome.ts'
import { context, generation, problem, sampled } from '../support/problems.ts'

interface Given {
  readonly verdict?: VerdictName
  readonly complete?: boolean
  readonly finalAnswer?: string | null
  readonly reward?: number | null
  readonly reasoning?: string | null
}

/** A record whose first response is the cool answer (null: there is none), the others samples, with one reward `rm`. */
function rewarded(
  answer: Given | null,
  samples: readonly Given[],
  over: Partial<Rewarded['verification']> = {},
): Rewarded {
  const of = problem('How many?', {
    referenceAnswer: over.referenceAnswer ?? null,
    generation: generation({ model: 'asker' }),
  })
  const record = sampled(
    of,
    answer === null ? null : 'raw answer',
    samples.map((_, at) => `raw ${at}`),
  )
  const responses = [...(record.answer === null ? [] : [record.answer]), ...record.samples]
  const given = [...(answer === null ? [] : [answer]), ...samples]
  const verdicts = given.map((each, at): Verdict => ({
    responseId: responses[at]!.id,
    complete: each.complete ?? true,
    thought: 'none',
    reasoning: each.reasoning ?? null,
    solution: `solution ${at}`,
    finalAnswer: each.finalAnswer === undefined ? '5' : each.finalAnswer,
    answerClass: each.finalAnswer === null ? -1 : each.finalAnswer === '6' ? 1 : 0,
    voteShare: 0.5,
    verdict: each.verdict ?? 'equal',
    reason: null,
  }))
  return {
    ...record,
    verification: {
      version: 'verify@1',
      against: 'vote',
      referenceAnswer: null,
      verdicts,
      classes: [],
      winningAnswer: '5',
      winningShare: 0.5,
      passRate: null,
      ...over,
    },
    judging: null,
    rewards: given.flatMap((each, at) => [
      {
        responseId: responses[at]!.id,
        name: 'rm',
        version: 'token-rm@1:x',
        value: each.reward === undefined ? at : each.reward,
        steps: [],
        error: null,
        model: null,
        endpoint: null,
        tokens: 0,
        milliseconds: 0,
        attempts: 1,
        usd: null,
        detail: null,
        keptFrom: null,
      },
    ]),
  }
}

async function curated(record: Rewarded, settings: object = {}): Promise<Outcome<Curated>> {
  return createCurate({ config: curateConfig.parse({ reward: 'rm', ...settings }), now: () => 8 })(record, context())
}

const WRONG: Given = { verdict: 'different', finalAnswer: '6' }

describe('the SFT answer', () => {
  const chosen = async (record: Rewarded, settings: object = {}): Promise<string> => {
    const outcome = await curated(record, settings)
    if ('reject' in outcome) return outcome.reject.reason
    return outcome.emit.sft?.responseId.slice(37) ?? outcome.emit.preferences[0]?.sftRefusal ?? 'nothing'
  }

  it('is the cool answer where it passes, however good the samples are', async () => {
    assert.equal(await chosen(rewarded({ reward: -9 }, [{ reward: 5 }])), 'answer')
  })

  it('is the best sample where the answer fails or there is none; ties go to the first', async () => {
    assert.equal(await chosen(rewarded(WRONG, [{ reward: 1 }, { reward: 3 }, { reward: 3 }])), 'sample/1')
    assert.equal(await chosen(rewarded(null, [{ reward: null }, { reward: -3 }])), 'sample/1')
    assert.equal(await chosen(rewarded(null, [{ reward: null }, { reward: null }])), 'sample/0')
  })

  it('is the best of all where the config prefers the reward', async () => {
    assert.equal(await chosen(rewarded({ reward: -9 }, [{ reward: 5 }]), { sft: { prefer: 'reward' } }), 'sample/0')
  })

  for (const [reason, record, settings] of [
    ['no-complete-answer', rewarded({ complete: false }, [{ complete: false }]), {}],
    ['no-complete-answer', rewarded(null, []), {}],
    ['no-final-answer', rewarded({ finalAnswer: null }, [{ complete: false }]), {}],
    ['no-majority', rewarded({ verdict: 'unknown' }, [{ verdict: 'unknown' }], { against: 'none' }), {}],
    ['no-correct-answer', rewarded(WRONG, [WRONG, { verdict: 'unknown' }]), {}],
    ['low-agreement', rewarded({}, [{}], { winningShare: 0.4 }), {}],
    ['below-reward', rewarded({ reward: 1 }, [{ reward: 2 }]), { sft: { minReward: 2.5 } }],
    ['no-reward', rewarded({ reward: null }, [{ reward: null }]), { sft: { minReward: 0 } }],
    ['too-few-answers', rewarded({}, []), { sft: { enabled: false } }],
  ] as const) {
    it(`is refused: ${reason} (${JSON.stringify(settings)})`, async () => {
      const outcome = await curated(record, settings)
      assert.ok('reject' in outcome)
      assert.equal(outcome.reject.reason, reason)
      assert.match(outcome.reject.detail ?? '', /^sft: .+ \(.+\); preference: .+ \(.+\)$/)
    })
  }

  it('needs no vote where a reference answer decides', async () => {
    assert.equal(
      await chosen(rewarded({}, [WRONG, WRONG], { against: 'reference', referenceAnswer: '5', winningShare: 0.1 })),
      'answer',
    )
  })

  it('takes two of four that agree at the default', async () => {
    assert.equal(await chosen(rewarded(null, [{}, {}, WRONG, WRONG], { winningShare: 0.5 })), 'sample/1')
  })

  it('may be unverified where the config says so', async () => {
    const record = rewarded({ verdict: 'unknown' }, [], { against: 'none' })
    assert.equal(await chosen(record, { sft: { verdicts: ['equal', 'unknown'] } }), 'answer')
  })

  it('becomes a row with its provenance, and the reason why there is no pair', async () => {
    const record = rewarded({ reward: 2, reasoning: 'a thought' }, [])
    const outcome = await curated(record)
    assert.ok('emit' in outcome)
    assert.deepEqual(outcome.emit.preferences, [])
    assert.deepEqual(outcome.emit.sft, {
      id: `${record.id}/sft`,
      runId: record.runId,
      revision: 'main',
      createdAt: 8,
      problemId: record.id,
      instruction: 'How many?',
      reasoning: 'a thought',
      response: 'solution 0',
      conversations: [
        { from: 'human', value: 'How many?' },
        { from: 'gpt', value: '<think>\na thought\n</think>\n\nsolution 0' },
      ],
      responseId: `${record.id}/answer`,
      model: 'a-model',
      questionModel: 'asker',
      source: 'jsonl',
      finalAnswer: '5',
      referenceAnswer: null,
      verdict: 'equal',
      verdictReason: null,
      symbolicVerdict: 'equal',
      judgeVerdict: null,
      voteShare: 0.5,
      reward: 2,
      rewardName: 'rm',
      rewards: { rm: 2 },
      difficulty: null,
      quality: null,
      qualityExplanation: null,
      category: null,
      otherCategories: [],
      language: 'en',
      safety: null,
      intent: null,
      knowledge: null,
      usage: { promptTokens: 10, completionTokens: 20 },
      problemGeneration: record.problem.generation,
      generation: record.answer!.generation,
      version: 'curate@2',
      pairRefusal: 'too-few-answers',
      turns: 1,
      furtherPromptTokens: 0,
      furtherCompletionTokens: 0,
      conversationEnded: null,
      passRate: null,
      passRateDifficulty: null,
      sftDropped: {},
      pairDropped: { 'too-few-answers': 1 },
    })
  })
})

describe('the preference pair', () => {
  const pair = async (record: Rewarded, settings: object = {}): Promise<string> => {
    const outcome = await curated(record, { sft: { enabled: false }, ...settings })
    if ('reject' in outcome) return outcome.reject.reason
    const { chosenId, rejectedId, margin } = outcome.emit.preferences[0]!
    return `${chosenId.slice(37)} over ${rejectedId.slice(37)} by ${margin}`
  }

  it('is the best right answer against the worst wrong one', async () => {
    const record = rewarded({ reward: 1 }, [
      { reward: 4 },
      { ...WRONG, reward: 2 },
      { ...WRONG, reward: -3 },
      { verdict: 'unknown', reward: -9 },
    ])
    assert.equal(await pair(record), 'sample/0 over sample/2 by 7')
  })

  it('may be the best against the worst whatever the verdicts', async () => {
    const record = rewarded({ reward: 1 }, [{ reward: 4 }, { ...WRONG, reward: 6 }])
    assert.equal(await pair(record, { preference: { pairs: 'reward' } }), 'sample/1 over answer by 5')
  })

  for (const [reason, record, settings] of [
    ['too-few-answers', rewarded({}, [{ complete: false }, { finalAnswer: null }]), {}],
    ['no-wrong-answer', rewarded({}, [{}, { verdict: 'unknown' }]), {}],
    ['no-correct-answer', rewarded(WRONG, [WRONG]), {}],
    ['no-majority', rewarded({ verdict: 'unknown' }, [{ verdict: 'unknown' }], { against: 'none' }), {}],
    ['low-agreement', rewarded({}, [{}, WRONG], { winningShare: 0.4 }), {}],
    ['margin-too-small', rewarded({ reward: 1 }, [{ ...WRONG, reward: 1 }]), {}],
    ['margin-too-small', rewarded({ reward: 1 }, [{ ...WRONG, reward: 3 }]), {}],
    ['margin-too-small', rewarded({ reward: 1 }, [{ ...WRONG, reward: 0.5 }]), { preference: { margin: 0.6 } }],
    ['no-reward', rewarded({ reward: null }, [{ ...WRONG, reward: 1 }]), {}],
    ['no-reward', rewarded({}, [WRONG]), { reward: 'another' }],
  ] as const) {
    it(`is refused: ${reason} (${JSON.stringify(settings)})`, async () => {
      assert.equal(await pair(record, settings), reason)
    })
  }

  it('may be several, with ids that count on, and each says what was taken out', async () => {
    const record = rewarded({ reward: 9 }, [{ reward: 8 }, WRONG, WRONG, { complete: false }])
    const outcome = await curated(record, { preference: { count: 2, margin: 1 } })
    assert.ok('emit' in outcome)
    const { sft, preferences } = outcome.emit
    assert.deepEqual(
      preferences.map((row) => [row.id.slice(37), row.chosenId.slice(37), row.rejectedId.slice(37), row.strategy]),
      [
        ['preference/0', 'answer', 'sample/1', 'correctness'],
        ['preference/1', 'sample/0', 'sample/2', 'correctness'],
      ],
    )
    for (const row of [sft!, ...preferences]) {
      assert.deepEqual(row.sftDropped, { 'no-complete-answer': 1, 'no-correct-answer': 2 })
      assert.deepEqual(row.pairDropped, { 'no-complete-answer': 1 })
    }
  })

  it('is by other rules where the config says so, for rejected responses alone too', async () => {
    const record = rewarded({ reward: 9 }, [
      { ...WRONG, reward: 0 },
      { ...WRONG, reward: 1 },
    ])
    const raw = record.verification.verdicts
    raw[0]!.solution = 'It is \\boxed{5}.'
    raw[2]!.solution = 'It is \\boxed{6}, as the sum shows.'
    const boxed = { rules: { boxed: true } }
    assert.equal(await pair(record, boxed), 'answer over sample/1 by 8')
    assert.equal(
      await pair(record, { ...boxed, preference: { rejectedRules: { boxed: false } } }),
      'answer over sample/0 by 9',
    )
    assert.equal(await pair(record, { ...boxed, preference: { rules: { boxed: null } } }), 'answer over sample/0 by 9')
    const long = { rejectedRules: { length: { minCharacters: 99 } } }
    assert.equal(await pair(record, { ...boxed, preference: long }), 'length')
  })

  it('leaves a rejection that says what each rule took out, for both data sets', async () => {
    const outcome = await curated(rewarded(WRONG, [{ complete: false }]))
    assert.ok('reject' in outcome)
    assert.deepEqual(outcome.reject.curation, {
      ...{ sftRefusal: 'no-correct-answer', pairRefusal: 'too-few-answers' },
      sftDropped: { 'no-complete-answer': 1, 'no-correct-answer': 1 },
      pairDropped: { 'no-complete-answer': 1, 'too-few-answers': 1 },
    })
  })

  it('stands alone where no answer is good enough for SFT, and says why', async () => {
    const outcome = await curated(rewarded({ reward: 1 }, [{ ...WRONG, reward: 0 }]), { sft: { minReward: 2 } })
    assert.ok('emit' in outcome)
    assert.equal(outcome.emit.sft, null)
    const row = outcome.emit.preferences[0]!
    assert.deepEqual(
      [
        row.id.slice(37),
        row.chosen,
        row.rejected,
        row.chosenVerdict,
        row.rejectedVerdict,
        row.rewardName,
        row.sftRefusal,
      ],
      ['preference/0', 'solution 0', 'solution 1', 'equal', 'different', 'rm', 'below-reward'],
    )
  })

  it('never pairs a response with itself, nor two that a rule forbids, whatever comes', async () => {
    const given = fc.record({
      verdict: fc.constantFrom('equal' as const, 'different' as const, 'unknown' as const),
      complete: fc.boolean(),
      finalAnswer: fc.constantFrom('5', null),
      reward: fc.option(fc.integer({ min: -3, max: 3 })),
    })
    const settings = fc.record({
      pairs: fc.constantFrom('correctness' as const, 'reward' as const),
      margin: fc.constantFrom(0, 1, 2),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.option(given),
        fc.array(given, { maxLength: 6 }),
        settings,
        async (answer, samples, preference) => {
          const record = rewarded(answer, samples)
          const outcome = await curated(record, { preference })
          if ('reject' in outcome) return
          const { sft, preferences } = outcome.emit
          const verdictOf = (id: string): Verdict =>
            record.verification.verdicts.find(({ responseId }) => responseId === id)!
          if (sft !== null) {
            const verdict = verdictOf(sft.responseId)
            assert.ok(verdict.complete && verdict.finalAnswer !== null && verdict.verdict === 'equal')
          }
          const [row] = preferences
          if (row === undefined) return
          const [chosen, rejected] = [verdictOf(row.chosenId), verdictOf(row.rejectedId)]
          assert.notEqual(row.chosenId, row.rejectedId)
          assert.ok(
            chosen.complete && rejected.complete && chosen.finalAnswer !== null && rejected.finalAnswer !== null,
          )
          assert.ok(row.margin > 0 && row.margin >= preference.margin)
          assert.equal(row.margin, row.chosenReward - row.rejectedReward)
          if (preference.pairs === 'correctness')
            assert.deepEqual([chosen.verdict, rejected.verdict], ['equal', 'different'])
        },
      ),
      { numRuns: 1000 },
    )
  })
})
