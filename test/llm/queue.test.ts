// The priority queue against a plain sorted list, over random work.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createPriorityQueue, goesBefore, type Ranked } from '../../llm/queue.ts'

type Step =
  { kind: 'add'; rank: number } | { kind: 'take' } | { kind: 'remove'; pick: number } | { kind: 'back'; pick: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.nat(4).map((rank): Step => ({ kind: 'add', rank })) },
  { weight: 2, arbitrary: fc.constant<Step>({ kind: 'take' }) },
  { weight: 2, arbitrary: fc.nat().map((pick): Step => ({ kind: 'remove', pick })) },
  { weight: 1, arbitrary: fc.nat().map((pick): Step => ({ kind: 'back', pick })) },
)

test('the first entry is always the lowest rank, then the oldest, whatever left or came back before', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const queue = createPriorityQueue<Ranked>()
      let model: Ranked[] = []
      const left: Ranked[] = []
      let age = 0
      const leave = (entry: Ranked): void => {
        assert.equal(queue.remove(entry), true)
        assert.equal(queue.remove(entry), false)
        model = model.filter((other) => other !== entry)
        left.push(entry)
      }
      for (const each of steps) {
        switch (each.kind) {
          case 'add': {
            age += 1
            const entry = { rank: each.rank, age }
            queue.add(entry)
            model.push(entry)
            break
          }
          case 'take': {
            const first = queue.first()
            if (first !== undefined) leave(first)
            break
          }
          case 'remove': {
            const entry = model[each.pick % Math.max(1, model.length)]
            if (entry !== undefined) leave(entry)
            break
          }
          case 'back': {
            const entry = left.splice(each.pick % Math.max(1, left.length), 1)[0]
            if (entry !== undefined) {
              queue.add(entry)
              model.push(entry)
            }
            break
          }
        }
        const expected = model.toSorted((a, b) => (goesBefore(a, b) ? -1 : 1))[0]
        assert.equal(queue.first(), expected)
        assert.equal(queue.size(), model.length)
      }
    }),
  )
})

test('an entry waits once', () => {
  const queue = createPriorityQueue<Ranked>()
  const entry = { rank: 0, age: 1 }
  queue.add(entry)
  assert.throws(() => {
    queue.add(entry)
  }, /once/)
})
