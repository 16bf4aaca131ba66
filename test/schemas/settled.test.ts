// Symbols stand where they decided; the judge settles what they left open; shares and pass rate follow.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Judgement, Judging, JudgeVerdict, Verdict, VerdictName, Verification } from '../../schemas/records.ts'
import { judgementOf, settle } from '../../schemas/settled.ts'
import type { Settleable } from '../../schemas/settled.ts'
import { response } from '../support/problems.ts'

interface Said {
  readonly symbolic: VerdictName
  readonly judge: JudgeVerdict | 'unreadable' | null
  readonly answerClass?: number
  readonly voteShare?: number
}

const samples = (said: readonly Said[]) => said.map((_, index) => response('p', 'sample', index, 'text'))

function recordOf(said: readonly Said[], over: Partial<Verification> = {}): Settleable {
  const verdicts = said.map(({ symbolic, answerClass = 0, voteShare = 0.25 }, index): Verdict => ({
    responseId: `p/sample/${index}`,
    complete: true,
    thought: 'none',
    reasoning: null,
    solution: '',
    finalAnswer: 'x',
    answerClass,
    voteShare,
    verdict: symbolic,
    reason: 'a-reason',
  }))
  const judgements = said.flatMap(({ symbolic, judge }, index): Judgement[] =>
    judge === null
      ? []
      : [
          {
            responseIds: [`p/sample/${index}`],
            answer: 'x',
            reference: 'y',
            verdict: judge === 'unreadable' ? null : judge,
            explanation: null,
            symbolicVerdict: symbolic,
            symbolicReason: null,
            error: judge === 'unreadable' ? 'judge-unreadable' : null,
            detail: null,
            generation: null,
          },
        ],
  )
  const judging: Judging = { version: 'judge@1', against: 'vote', judgements }
  const right = verdicts.filter(({ verdict }) => verdict === 'equal').length
  return {
    samples: samples(said),
    verification: {
      version: 'verify@2',
      against: 'vote',
      referenceAnswer: null,
      verdicts,
      classes: [],
      winningAnswer: 'y',
      winningShare: 0.5,
      passRate: right / said.length,
      ...over,
    },
    judging,
  }
}

const settled = (said: readonly Said[]): string[] => settle(recordOf(said)).verdicts.map(({ verdict }) => verdict)

const anything: fc.Arbitrary<Said[]> = fc.array(
  fc.record({
    symbolic: fc.constantFrom<VerdictName>('equal', 'different', 'unknown'),
    judge: fc.constantFrom<Said['judge']>('equal', 'different', 'undecided', 'unreadable', null),
  }),
  { minLength: 1, maxLength: 8 },
)

describe('settle', () => {
  it('takes the judge at its word where symbols left it open', () => {
    const said = (['equal', 'different', 'undecided', 'unreadable', null] as const).map((judge): Said => ({
      symbolic: 'unknown',
      judge,
    }))
    assert.deepEqual(settled(said), ['equal', 'different', 'unknown', 'unknown', 'unknown'])
    const reasons = settle(recordOf(said)).verdicts.map(({ reason }) => reason)
    assert.deepEqual(reasons, ['judge', 'judge', 'a-reason', 'a-reason', 'a-reason'])
  })

  it('lets symbols stand wherever they decided, whatever the judge says', () => {
    fc.assert(
      fc.property(anything, (said) => {
        const verdicts = settle(recordOf(said)).verdicts
        said.forEach(({ symbolic, judge }, index) => {
          const { verdict } = verdicts[index]!
          if (symbolic !== 'unknown') assert.equal(verdict, symbolic)
          else assert.equal(verdict, judge === 'equal' || judge === 'different' ? judge : 'unknown')
        })
      }),
    )
  })

  it('changes nothing in the record, and nothing at all without a judge', () => {
    fc.assert(
      fc.property(anything, (said) => {
        const record = recordOf(said)
        const before = structuredClone(record)
        settle(record)
        assert.deepEqual(record, before)
        assert.equal(settle({ ...record, judging: null }), record.verification)
        const { samples, verification } = record
        assert.equal(settle({ samples, verification }), verification)
      }),
    )
  })

  it('counts the pass rate anew over the samples', () => {
    const record = recordOf([
      { symbolic: 'equal', judge: null },
      { symbolic: 'unknown', judge: 'equal' },
      { symbolic: 'unknown', judge: 'different' },
      { symbolic: 'different', judge: 'equal' },
    ])
    assert.equal(record.verification.passRate, 0.25)
    assert.equal(settle(record).passRate, 0.5)
    const answer = { ...record, samples: record.samples.slice(0, 2) }
    assert.equal(settle(answer).passRate, 1, 'the cool answer is no sample')
    const none = recordOf([{ symbolic: 'unknown', judge: 'equal' }], { passRate: null })
    assert.equal(settle(none).passRate, null)
  })

  it('lets equal answers vote together: each class once', () => {
    const record = recordOf([
      { symbolic: 'equal', judge: null, answerClass: 0, voteShare: 0.5 },
      { symbolic: 'equal', judge: null, answerClass: 0, voteShare: 0.5 },
      { symbolic: 'unknown', judge: 'equal', answerClass: 1, voteShare: 0.25 },
      { symbolic: 'unknown', judge: 'different', answerClass: 2, voteShare: 0.25 },
    ])
    const verification = settle(record)
    assert.deepEqual(
      verification.verdicts.map(({ voteShare }) => voteShare),
      [0.75, 0.75, 0.75, 0.25],
    )
    assert.equal(verification.winningShare, 0.75)
    const byReference = { ...record, verification: { ...record.verification, against: 'reference' as const } }
    assert.equal(settle(byReference).winningShare, 0.5, 'where a reference decides, the vote is what it was')
  })

  it('leaves shares alone where the judge found nothing equal', () => {
    const record = recordOf([
      { symbolic: 'equal', judge: null, answerClass: 0, voteShare: 0.5 },
      { symbolic: 'equal', judge: null, answerClass: 1, voteShare: 0.25 },
      { symbolic: 'unknown', judge: 'different', answerClass: 2, voteShare: 0.25 },
    ])
    assert.deepEqual(
      settle(record).verdicts.map(({ voteShare }) => voteShare),
      [0.5, 0.25, 0.25],
    )
  })
})

describe('judgementOf', () => {
  it('finds the judgement that a response shares', () => {
    const { judging } = recordOf([{ symbolic: 'unknown', judge: 'equal' }])
    assert.equal(judgementOf(judging, 'p/sample/0')?.verdict, 'equal')
    assert.equal(judgementOf(judging, 'p/sample/1'), null)
    assert.equal(judgementOf(null, 'p/sample/0'), null)
  })
})
