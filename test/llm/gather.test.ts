import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createGatherer } from '../../llm/gather.ts'

const signal = new AbortController().signal

describe('gathering', () => {
  it('keeps each answer with its question, and a failure for all that went together', async () => {
    const sent: (readonly number[])[] = []
    const ask = createGatherer<number, number>(3, (questions) => {
      sent.push(questions)
      return questions.includes(6) ? Promise.reject(new Error('six')) : Promise.resolve(questions.map((each) => -each))
    })
    const answers = await Promise.allSettled([0, 1, 2, 3, 4, 5, 6].map((each) => ask(each, signal)))
    assert.deepEqual(sent, [[0, 1, 2], [3, 4, 5], [6]])
    assert.deepEqual(
      answers.map((each) => (each.status === 'fulfilled' ? each.value : 'failed')),
      [-0, -1, -2, -3, -4, -5, 'failed'],
    )
  })

  it('gives a request up with its last asker, and sends none for those who left before', async () => {
    const signals: AbortSignal[] = []
    const ask = createGatherer<string, string>(8, (_questions, given) => {
      signals.push(given)
      return new Promise((_, reject) => {
        given.addEventListener('abort', () => {
          reject(given.reason as Error)
        })
      })
    })
    const askers = Array.from({ length: 3 }, () => new AbortController())
    const asked = Promise.allSettled(askers.map((asker, at) => ask(String(at), asker.signal)))
    askers[2]!.abort(new Error('left before'))
    await new Promise(setImmediate)
    assert.equal(signals.length, 1)
    askers[0]!.abort(new Error('left'))
    assert.equal(signals[0]!.aborted, false)
    askers[1]!.abort(new Error('left last'))
    assert.equal(signals[0]!.aborted, true)
    assert.deepEqual(
      (await asked).map((each) => (each.status === 'rejected' ? String(each.reason) : '')),
      ['Error: left', 'Error: left last', 'Error: left before'],
    )
  })
})
