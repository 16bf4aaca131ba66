import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { problemSeed } from '../../llm/seeds.ts'
import { createSample } from '../../processors/sample.ts'
import { permanent } from '../../schemas/failure.ts'
import { createFakeLlm, untilAborted } from '../support/fake-llm.ts'
import { context, problem, screened } from '../support/problems.ts'

const role = { system: 'Be brief.', prompt: '{problem}\nAnswer in \\boxed{}.' }
const record = screened(problem('What is $1+1$?', { referenceAnswer: '2' }))

describe('sample', () => {
  it('asks n requests of one at once, with reserved seeds, and keeps their order', async () => {
    const waiting: (() => void)[] = []
    const llm = createFakeLlm(async (request) => {
      await new Promise<void>((resolve) => waiting.push(resolve))
      return [`seed ${request.seed}`]
    })
    const stage = createSample({ llm, config: { n: 8, choices: 8 }, role, now: () => 7 })
    const running = stage({ ...record, tags: null, answer: null }, context())
    await new Promise(setImmediate)
    assert.equal(waiting.length, 8, 'all are under way together')
    for (const finish of waiting.toReversed()) finish()
    const outcome = await running
    assert.ok('emit' in outcome)
    const base = problemSeed('sample', record.id)
    assert.deepEqual(
      outcome.emit.samples.map(({ id, index, text }) => [id, index, text]),
      Array.from({ length: 8 }, (_, index) => [`${record.id}/sample/${index}`, index, `seed ${base + index}`]),
    )
    assert.ok(llm.completions.every(({ request, context: call }) => (request.n ?? 1) === 1 && call.role === 'sampler'))
    assert.equal(outcome.emit.answer, null)
  })

  it('asks for several in one request where the role says so: the same ids and seeds', async () => {
    const texts = (n: number, seed: number): string[] => Array.from({ length: n }, (_, index) => `seed ${seed + index}`)
    const llm = createFakeLlm(({ n, seed }) => texts(n ?? 1, seed))
    const ask = async (fanOut: 'n' | 'single'): Promise<unknown> => {
      const outcome = await createSample({
        llm,
        config: { n: 7, choices: 3 },
        role: { ...role, fanOut },
        now: () => 7,
      })(record, context())
      assert.ok('emit' in outcome)
      return outcome.emit.samples
    }
    const single = await ask('single')
    const calls = llm.completions.length
    assert.equal(calls, 7)
    assert.deepEqual(await ask('n'), single)
    const base = problemSeed('sample', record.id)
    assert.deepEqual(
      llm.completions.slice(calls).map(({ request }) => [request.seed, request.n]),
      [
        [base, 3],
        [base + 3, 3],
        [base + 6, 1],
      ],
    )
  })

  it('aborts the other calls when one is refused for ever', async () => {
    let calls = 0
    const aborted: number[] = []
    const llm = createFakeLlm(async (_, { signal }) => {
      const number = calls++
      if (number === 2) throw permanent('context-length', 'too long')
      signal.addEventListener('abort', () => aborted.push(number))
      return untilAborted(signal)
    })
    const stage = createSample({ llm, config: { n: 4, choices: 8 }, role, now: () => 7 })
    await assert.rejects(stage(record, context()), { code: 'context-length' })
    assert.deepEqual(aborted, [0, 1, 3])
  })

  it('gives up with the reason of the signal', async () => {
    const stop = new AbortController()
    const llm = createFakeLlm((_, { signal }) => untilAborted(signal))
    const running = createSample({ llm, config: { n: 2, choices: 8 }, role, now: () => 7 })(
      record,
      context(stop.signal),
    )
    stop.abort(new Error('the drain is over'))
    await assert.rejects(running, /the drain is over/)
  })
})
