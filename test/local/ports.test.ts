import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, it } from 'node:test'
import { choosePort, freePort, isPortFree } from '../../local/ports.ts'
import { UsageFault } from '../../schemas/failure.ts'

describe('ports', () => {
  it('tells taken from free, refuses a wanted one that is taken, moves a remembered one', async () => {
    const other = createServer().listen(await freePort(), '127.0.0.1')
    await once(other, 'listening')
    const { port: taken } = other.address() as { port: number }
    const moves: [number, number][] = []
    const choose = (wanted?: number, last?: number): Promise<number> =>
      choosePort({ service: 'a test', wanted, last, onMove: (from, to) => moves.push([from, to]) })
    try {
      assert.equal(await isPortFree(taken), false)
      await assert.rejects(
        choose(taken),
        (error) => error instanceof UsageFault && error.message.includes(`Port ${taken} for a test`),
      )
      const moved = await choose(undefined, taken)
      assert.notEqual(moved, taken)
      assert.deepEqual(moves, [[taken, moved]])
      assert.equal(await choose(undefined, moved), moved)
      assert.equal(await choose(moved, taken), moved)
      assert.notEqual(await choose(), taken)
      assert.equal(moves.length, 1)
    } finally {
      other.close()
    }
  })
})
