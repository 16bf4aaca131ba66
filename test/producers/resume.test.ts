import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { producerRejection } from '../../producers/rejection.ts'
import { existingProblems } from '../../producers/resume.ts'
import { problemId } from '../../schemas/ids.ts'
import { streamOf } from '../support/drain.ts'
import { problem, RUN } from '../support/problems.ts'

describe('resuming', () => {
  it('counts the problems of the run once, and what its producers refused', async () => {
    const origin = { runId: RUN, revision: 'main', stage: 'magpie' as const, now: 1 }
    const existing = await existingProblems(
      RUN,
      streamOf([
        problem('a', { slot: 0 }),
        problem('a again', { slot: 0 }),
        problem('other', { slot: 5, runId: 'other' }),
      ]),
      streamOf([
        producerRejection(origin, problemId(RUN, 1, 0), 'bad-request', '', Buffer.alloc(0)),
        { ...producerRejection(origin, problemId(RUN, 2, 0), 'empty', '', Buffer.alloc(0)), stage: 'screen' },
        producerRejection({ ...origin, runId: 'other' }, problemId(RUN, 3, 0), 'bad-request', '', Buffer.alloc(0)),
      ]),
    )
    assert.deepEqual([existing.size, existing.brokenLines], [2, 0])
    assert.deepEqual(
      [0, 1, 2, 3, 5].map((slot) => existing.has(problemId(RUN, slot, 0))),
      [true, true, false, false, false],
    )
  })

  it('counts each line that an import refused once, however often it was delivered', async () => {
    const origin = { runId: RUN, revision: 'main', stage: 'jsonl' as const, now: 1 }
    const refused = (id: string) => producerRejection(origin, id, 'broken-line', '', Buffer.alloc(0))
    const [first, second] = [problemId(RUN, 1, 0), problemId(RUN, 2, 0)]
    const existing = await existingProblems(
      RUN,
      streamOf([problem('a', { slot: 0 })]),
      streamOf([refused(first), refused(second), refused(first), { ...refused(problemId(RUN, 3, 0)), runId: 'other' }]),
    )
    assert.deepEqual([existing.size, existing.brokenLines], [3, 2])
  })
})
