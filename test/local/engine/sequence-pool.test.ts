import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LlamaSequence } from '../../../local/engine/llama-library.ts'
import { sequencePool } from '../../../local/engine/sequence-pool.ts'

function sequence(contextTokens: number[]): LlamaSequence {
  const unused = (): never => {
    throw new Error('not used here')
  }
  return {
    nextTokenIndex: contextTokens.length,
    contextTokens,
    clearHistory: unused,
    adaptStateToTokens: unused,
    evaluate: unused,
  }
}

const never = new AbortController().signal

describe('sequencePool', () => {
  it('lends the sequence that holds most of the prompt', async () => {
    const [first, second] = [sequence([1, 2]), sequence([1, 2, 3])]
    const pool = sequencePool([first, second])
    assert.equal(await pool.use([1, 2, 3, 4], never, (lent) => Promise.resolve(lent)), second)
    assert.equal(await pool.use([1, 2, 9], never, (lent) => Promise.resolve(lent)), first)
  })

  it('lets the others wait in line, without those that went away, and is whole after a failure', async () => {
    const only = sequence([])
    const pool = sequencePool([only])
    const away = new AbortController()
    const done: string[] = []
    const begun = Promise.withResolvers<undefined>()
    const first = pool.use([1], never, async () => {
      await begun.promise
      done.push('first')
      throw new Error('failed')
    })
    const gone = pool.use([1], away.signal, () => {
      done.push('gone')
      return Promise.resolve()
    })
    const third = pool.use([1], never, () => {
      done.push('third')
      return Promise.resolve()
    })
    away.abort(new Error('left'))
    begun.resolve(undefined)
    await assert.rejects(gone, /left/)
    await assert.rejects(first, /failed/)
    await third
    assert.deepEqual(done, ['first', 'third'])
    assert.equal(await pool.use([1], never, (lent) => Promise.resolve(lent)), only)
    await assert.rejects(
      pool.use([1], away.signal, () => Promise.resolve()),
      /left/,
    )
  })
})
