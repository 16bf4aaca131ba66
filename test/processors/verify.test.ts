import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createVerify, verifyConfig } from '../../processors/verify.ts'
import type { Sampled, Verification } from '../../schemas/records.ts'
import { plainMath } from '../support/plain-math.ts'
import { context, problem, response, sampled, screened } from '../support/problems.ts'

const boxed = (answer: string): string => `So it is $\\boxed{${answer}}$.`

async function verified(record: Sampled, settings: object = {}): Promise<Verification> {
  const stage = createVerify({ math: plainMath, config: verifyConfig.parse(settings), now: () => 3 })
  const outcome = await stage(record, context())
  assert.ok('emit' in outcome)
  return outcome.emit.verification
}

/** answers: of the cool answer first (null: none), then of the samples. */
const record = (answer: string | null, samples: readonly string[], reference: string | null = null): Sampled =>
  sampled(
    problem('How many?', { referenceAnswer: reference }),
    answer === null ? null : boxed(answer),
    samples.map(boxed),
  )

const told = ({ verdicts }: Verification): string[] =>
  verdicts.map(({ verdict, reason }) => `${verdict} ${reason ?? ''}`)

describe('verify', () => {
  it('compares with the reference answer where there is one, whatever the vote says', async () => {
    const found = await verified(record('5', ['5', '5', '6', '?'], '6'))
    assert.equal(found.against, 'reference')
    assert.equal(found.referenceAnswer, '6')
    assert.deepEqual(told(found), [
      'different exact',
      'different exact',
      'different exact',
      'equal exact',
      'unknown parse-failed',
    ])
    assert.deepEqual(found.classes, [
      { answer: '5', size: 3 },
      { answer: '6', size: 1 },
      { answer: '?', size: 1 },
    ])
    assert.deepEqual([found.winningAnswer, found.winningShare, found.passRate], ['5', 0.6, 0.25])
  })

  it('reads the box of a reference that is a worked solution', async () => {
    assert.equal((await verified(record('5', [], 'We add, and get \\boxed{5}.'))).referenceAnswer, '5')
    assert.equal((await verified(record('5', [], 'We add 2 + 3 = <<2+3=5>>5.\n#### 5'))).referenceAnswer, '5')
  })

  it('else compares with the winner of the vote', async () => {
    const found = await verified(record('5', ['5', '5', '6', '?']))
    assert.equal(found.against, 'vote')
    assert.deepEqual(told(found), ['equal vote', 'equal vote', 'equal vote', 'different exact', 'unknown parse-failed'])
    assert.deepEqual(
      found.verdicts.map(({ answerClass, voteShare }) => [answerClass, voteShare]),
      [
        [0, 0.6],
        [0, 0.6],
        [0, 0.6],
        [1, 0.2],
        [2, 0.2],
      ],
    )
    assert.equal(found.passRate, 0.5)
  })

  it('calls a class unknown that the checker finds equal to the winner after all', async () => {
    assert.deepEqual(told(await verified(record('5', ['5', '~5']))), [
      'equal vote',
      'equal vote',
      'unknown ambiguous-class',
    ])
  })

  for (const [what, samples, winner] of [
    ['a tie', ['5', '5', '6', '6'], null],
    ['one voter alone', ['5'], '5'],
    ['as many answers as voters', ['5', '6', '7'], null],
  ] as const) {
    it(`decides nothing on ${what}`, async () => {
      const found = await verified(record(null, samples))
      assert.deepEqual([found.against, found.winningAnswer, found.passRate], ['none', winner, null])
      assert.ok(found.verdicts.every(({ verdict, reason }) => verdict === 'unknown' && reason === 'no-majority'))
    })
  }

  it('lets samples alone vote where the config says so, and still judges the answer', async () => {
    const found = await verified(record('6', ['5', '5', '6']), { voters: 'samples' })
    assert.deepEqual([found.winningAnswer, found.winningShare], ['5', 2 / 3])
    assert.deepEqual(told(found), ['different exact', 'equal vote', 'equal vote', 'different exact'])
    assert.equal((await verified(record('6', ['5', '5', '6', '6']), { voters: 'samples' })).against, 'none')
  })

  it('never lets an incomplete response vote, nor be right', async () => {
    const cut = record(null, ['5', '5'], '5')
    const samples = [
      ...cut.samples,
      response(cut.id, 'sample', 2, boxed('5'), { finishReason: 'length' }),
      response(cut.id, 'sample', 3, '<think>It is \\boxed{5}, no,', { finishReason: 'stop' }),
      response(cut.id, 'sample', 4, 'I do not know.'),
    ]
    const found = await verified({ ...cut, samples })
    assert.deepEqual(told(found).slice(2), ['unknown incomplete', 'unknown incomplete', 'unknown no-answer'])
    assert.deepEqual(
      found.verdicts
        .slice(2)
        .map(({ complete, finalAnswer, answerClass, voteShare }) => [complete, finalAnswer, answerClass, voteShare]),
      [
        [false, null, -1, 0],
        [false, null, -1, 0],
        [true, null, -1, 0],
      ],
    )
    assert.deepEqual([found.winningShare, found.passRate], [1, 0.4])
  })

  it('splits the thought from the solution, and takes the answer from the solution', async () => {
    const thought = sampled(
      problem('How many?', { referenceAnswer: '5' }),
      `Perhaps \\boxed{7}?\n</think>\n\n${boxed('5')}`,
      [],
    )
    const [verdict] = (await verified(thought)).verdicts
    assert.deepEqual(
      [verdict!.reasoning, verdict!.solution, verdict!.finalAnswer, verdict!.verdict],
      ['Perhaps \\boxed{7}?', boxed('5'), '5', 'equal'],
    )
    assert.equal((await verified(record('5', [], '5'), { expectsThought: true })).verdicts[0]!.complete, false)
  })

  it('takes answers from no weaker place than the config allows', async () => {
    const loose = sampled(problem('How many?', { referenceAnswer: '5' }), 'We count 2 and 3, then 5 in all', [])
    assert.equal((await verified(loose)).verdicts[0]!.finalAnswer, '5')
    assert.equal((await verified(loose, { weakestAnswer: 'phrase' })).verdicts[0]!.finalAnswer, null)
  })

  it('takes records in which earlier stages left nothing', async () => {
    const outcome = await createVerify({ math: plainMath, config: verifyConfig.parse({}), now: () => 3 })(
      screened(problem('How many?')),
      context(),
    )
    assert.ok('emit' in outcome)
    const { answer, samples, tags, verification } = outcome.emit
    assert.deepEqual(
      [answer, samples, tags, verification.verdicts, verification.against, verification.winningShare],
      [null, [], null, [], 'none', 0],
    )
  })
})
