// Who waits for a slot: the line against a plain sorted list, and the server whose queue goes by priority.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createWaitingLine } from '../../../local/engine/front-line.ts'
import type { Waiting } from '../../../local/engine/front-line.ts'
import { createSlots } from '../../../local/engine/front-slots.ts'
import { createFakeClock } from '../../llm/fake-clock.ts'
import { post, start } from './at-work.ts'

const never = new AbortController().signal

describe('a line', () => {
  it('has the lowest priority first, then who was inside before (the last loser first), then who came first', () => {
    const come = fc.record({ priority: fc.integer({ min: -2, max: 2 }), isReturning: fc.boolean() })
    const step = fc.oneof(come, fc.record({ leaves: fc.nat() }))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const line = createWaitingLine()
        let model: { waiting: Waiting; order: number }[] = []
        for (const [at, each] of steps.entries()) {
          if ('leaves' in each) {
            const gone = model[each.leaves % Math.max(1, model.length)]
            if (gone !== undefined) line.leave(gone.waiting)
            model = model.filter((other) => other !== gone)
          } else {
            const waiting = { ...each, enter: () => undefined }
            line.join(waiting)
            model.push({ waiting, order: each.isReturning ? -at : at })
          }
          const [first] = [...model].sort(
            (one, other) =>
              one.waiting.priority - other.waiting.priority ||
              Number(other.waiting.isReturning) - Number(one.waiting.isReturning) ||
              one.order - other.order,
          )
          assert.equal(line.first(), first?.waiting)
          assert.equal(line.size, model.length)
        }
      }),
    )
  })

  it('that goes by priority: a cache that is too small loses the youngest of the last, who comes back behind the first', async () => {
    const slots = createSlots({ size: 3, kvSlots: 2, clock: createFakeClock(0) })
    const lost: string[] = []
    const enter = async (name: string, priority: number) => {
      const seat = await slots.acquire(never, priority)
      seat.onLost = () => lost.push(name)
      return seat
    }
    const behind = await enter('behind', 10)
    const [first, second] = [await enter('first', 0), await enter('second', 0)]
    slots.grow()
    assert.deepEqual(lost, ['behind'])
    const order: string[] = []
    const back = slots.regain(behind, never).then(() => order.push('behind'))
    // A slot is free: who runs before the loser takes it, though the loser waits for more.
    const third = slots.acquire(never, 0).then(() => order.push('third'))
    await third
    slots.release(first)
    assert.deepEqual([slots.running, slots.waiting, order], [2, 1, ['third']])
    slots.release(second)
    await back
    assert.deepEqual(order, ['third', 'behind'])
  })
})

describe('a server without that policy', () => {
  const body = { prompt: 'a', max_tokens: 2 }

  it('passes over a priority, as vLLM 0.32 does, or refuses it, as older releases do', async () => {
    const [silent, old] = [await start(), await start({ protocol: { refusesPriority: true } })]
    for (const [path, more] of [
      ['/v1/completions', body],
      ['/v1/chat/completions', { messages: [{ role: 'user', content: 'a' }], max_tokens: 2 }],
      ['/pooling', { model: 'rm', input: 'a' }],
      ['/v1/embeddings', { model: 'e5', input: 'a' }],
    ] as const) {
      assert.equal((await post(silent, path, { ...more, priority: 5 })).status, 200, path)
      const refused = await post(old, path, { ...more, priority: 5 })
      assert.deepEqual(
        [refused.status, refused.body['error']],
        [
          400,
          {
            message: 'Got priority 5 but Priority scheduling is not enabled.',
            type: 'BadRequestError',
            param: null,
            code: 400,
          },
        ],
        path,
      )
      assert.equal((await post(old, path, { ...more, priority: 0 })).status, 200, path)
    }
  })

  it('takes whole numbers alone', async () => {
    const front = await start()
    const { status, body: reply } = await post(front, '/v1/completions', { ...body, priority: 1.5 })
    assert.equal(status, 400)
    assert.match(JSON.stringify(reply), /int_from_float.*body\.priority/)
  })
})
