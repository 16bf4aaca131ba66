import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRecordCalls } from '../../stream/record-calls.ts'

const nothing: ReadonlyMap<string, unknown> = new Map()

/** Calls of one record that answer when they are told to. */
function setUp(known = nothing) {
  const written: [string, unknown][] = []
  const made: string[] = []
  const calls = createRecordCalls(known, (name, result) => {
    written.push([name, result])
  })
  const memory = calls.memory()
  const call = (name: string, from = memory) => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const ended = from.run(name, async () => {
      made.push(name)
      return await promise
    })
    return {
      ended,
      async answer(result: unknown) {
        resolve(result)
        assert.equal(await ended, result)
      },
      async fail() {
        reject(new Error('no answer'))
        await assert.rejects(ended, /no answer/)
      },
    }
  }
  return { written, made, calls, call }
}

describe('calls of a record', () => {
  it('writes nothing of a single call', async () => {
    const { written, call } = setUp()
    await call('a').answer(1)
    assert.deepEqual(written, [])
  })

  it('writes each answer of many calls at once, but the last one, whose record ends with it', async () => {
    const { written, call } = setUp()
    const begun = Array.from({ length: 64 }, (_, index) => call(`sample ${index}`))
    for (const [index, each] of begun.entries()) {
      await each.answer({ index })
      assert.equal(written.length, Math.min(index + 1, 63))
    }
    assert.deepEqual(written[5], ['sample 5', { index: 5 }])
  })

  it('writes an answer when the next call begins, of calls one after another', async () => {
    const { written, call } = setUp()
    await call('question').answer('q')
    const second = call('answer')
    assert.deepEqual(written, [['question', 'q']])
    await second.answer('a')
    assert.deepEqual(written, [['question', 'q']])
  })

  it('writes the newest answer too, once, of a record that is left before its end', async () => {
    const { written, calls, call } = setUp()
    calls.leave()
    await call('a').answer(1)
    calls.leave()
    calls.leave()
    assert.deepEqual(written, [['a', 1]])
  })

  it('does not keep what failed, and counts it as open no more', async () => {
    const { written, call } = setUp()
    const [one, other] = [call('one'), call('other')]
    await one.fail()
    await other.answer(2)
    assert.deepEqual(written, [])
  })

  it('gives what is known without a call, and only for that question', async () => {
    const { written, made, call } = setUp(new Map([['a', { text: 'kept' }]]))
    assert.deepEqual(await call('a').ended, { text: 'kept' })
    await call('b').answer(2)
    assert.deepEqual(made, ['b'])
    assert.deepEqual(written, [])
  })

  it('keeps a result of its own for each time that the same is asked', async () => {
    const first = setUp()
    const begun = [first.call('a'), first.call('a'), first.call('a')]
    for (const [index, each] of begun.entries()) await each.answer(index)
    assert.deepEqual(first.written, [
      ['a', 0],
      ['a/1', 1],
    ])
    const second = setUp(new Map(first.written))
    assert.deepEqual(await Promise.all([second.call('a').ended, second.call('a').ended]), [0, 1])
    await second.call('a').answer('new')
    assert.deepEqual(second.made, ['a'])
  })

  it('counts the same questions anew in a further try', async () => {
    const { calls, made } = setUp(new Map([['a', 'kept']]))
    for (let tries = 0; tries < 2; tries += 1) {
      const memory = calls.memory()
      assert.equal(await memory.run('a', () => Promise.reject(new Error('asked'))), 'kept')
    }
    assert.deepEqual(made, [])
  })

  it('tells a result that is null from none', async () => {
    const { made, call } = setUp(new Map([['a', null]]))
    assert.equal(await call('a').ended, null)
    assert.deepEqual(made, [])
  })
})
