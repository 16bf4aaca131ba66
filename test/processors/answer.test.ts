import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { problemSeed } from '../../llm/seeds.ts'
import { createAnswer } from '../../processors/answer.ts'
import { askProblem } from '../../processors/ask.ts'
import { permanent } from '../../schemas/failure.ts'
import { createFakeLlm } from '../support/fake-llm.ts'
import { context, problem, screened } from '../support/problems.ts'

const role = { system: 'Be brief.', prompt: '{problem}\nAnswer in \\boxed{}.' }
const record = screened(problem('What is $1+1$?', { referenceAnswer: '2' }))

describe('answer', () => {
  it('asks the answerer once and keeps what it said untouched', async () => {
    const llm = createFakeLlm(() => ['  raw \n<think>'])
    const outcome = await createAnswer({ llm, role, now: () => 99 })(record, context())
    assert.ok('emit' in outcome)
    assert.equal(llm.completions.length, 1)
    const { request, context: call } = llm.completions[0]!
    assert.deepEqual(request.input, {
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'What is $1+1$?\nAnswer in \\boxed{}.' },
      ],
    })
    assert.equal(request.seed, problemSeed('answer', record.id))
    assert.deepEqual([call.role, call.rank], ['answerer', 2])
    assert.equal(outcome.emit.answer?.text, '  raw \n<think>')
    assert.equal(outcome.emit.answer.id, `${record.id}/answer`)
    assert.deepEqual(
      { id: outcome.emit.id, runId: outcome.emit.runId, createdAt: outcome.emit.createdAt, tags: outcome.emit.tags },
      { id: record.id, runId: record.runId, createdAt: 99, tags: null },
    )
    assert.deepEqual(outcome.emit.problem, record.problem)
  })

  it('lets a permanent failure through', async () => {
    const llm = createFakeLlm(() => Promise.reject(permanent('context-length', 'too long')))
    await assert.rejects(createAnswer({ llm, role, now: () => 0 })(record, context()), { code: 'context-length' })
  })
})

describe('the question', () => {
  it('holds the problem as it is, whatever signs it has', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('$', '&', '{', '}', '1', 'problem', '{problem}', '`', "'") }),
        (text) => {
          assert.equal(askProblem({ prompt: 'a {problem} b' }, text)[0]!.content, `a ${text} b`)
        },
      ),
    )
  })
})
