// Holds cli/changed-settings.ts: the settings in which two starts of a run differ.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { changedParts, changedSettings } from '../../cli/changed-settings.ts'
import { configSchema } from '../../configs/schema.ts'

const changed = (before: unknown, after: unknown, limit?: number) =>
  changedSettings(JSON.stringify(before), JSON.stringify(after), limit)

describe('changedSettings', () => {
  it('names what has another value, what came and what went, by its path', () => {
    const before = { total: 5, roles: { sampler: { model: 'a', stop: ['x'] } }, gone: true }
    const after = { total: 6, roles: { sampler: { model: 'a', stop: ['x', 'y'] } }, come: null }
    assert.deepEqual(changed(before, after), ['come', 'gone', 'roles.sampler.stop.1', 'total'])
  })

  it('tells values of different kinds apart', () => {
    assert.deepEqual(changed({ a: 1, b: null, c: 'x' }, { a: '1', b: 'null', c: 'x' }), ['a', 'b'])
  })

  it('finds nothing between two spellings of the same', () => {
    assert.deepEqual(changed({ a: 1, b: { c: 2, d: [3] } }, { b: { d: [3], c: 2 }, a: 1 }), [])
  })

  it('names the first ones of many and counts the others', () => {
    const settings = (value: number) =>
      Object.fromEntries(Array.from({ length: 11 }, (_, place) => [`s${place}`, value]))
    const paths = changed(settings(1), settings(2))
    assert.deepEqual([paths.length, paths[0], paths.at(-1)], [9, 's0', '+3'])
    assert.deepEqual(changed(settings(1), settings(2), 11).length, 11)
  })

  it('has the same answer from either side, and none for a config and itself', () => {
    fc.assert(
      fc.property(fc.object({ maxDepth: 3 }), fc.object({ maxDepth: 3 }), (one, other) => {
        assert.deepEqual(changed(one, one), [])
        assert.deepEqual(changed(one, other, 1000), changed(other, one, 1000))
      }),
    )
  })
})

describe('changedParts', () => {
  const config = configSchema.parse({
    name: 'a',
    stages: { tag: { enabled: true }, converse: { enabled: true } },
  })
  const done = { screen: 100, tag: 90, answer: 60, sample: 50 }
  const passed = { screen: 90, tag: 85, answer: 58, sample: 50 }
  const work = { made: 100, total: 120, spent: { done, passed }, config }

  it('says of each part how many records have the old settings and how many may still get the new ones', () => {
    const parts = changedParts(['roles.answerer.sampling.temperature', 'stages.verify.votes', 'producer.seed'], work)
    assert.deepEqual(
      parts.map(({ part, done: old, left }) => [part, old, left]),
      [
        ['produce', 100, 20],
        // 100 made, 10 ended in screen, 5 in tag, 60 answered.
        ['answer', 60, 25],
        ['verify', 0, 83],
        ['converse', 0, 83],
      ],
    )
    assert.deepEqual(parts[1]?.settings, ['roles.answerer.sampling.temperature'])
  })

  it('leaves out what is for no part, and stages that are switched off', () => {
    const off = { ...work, config: configSchema.parse({ name: 'a' }) }
    const paths = ['accept.sft', 'drain.seconds', 'out', 'roles.tagger.model', 'total']
    assert.deepEqual(changedParts(paths, off), [])
  })

  it('does not guess where a process has not counted what it passed on', () => {
    const [answer] = changedParts(['stages.answer.seed'], { ...work, spent: { done, passed: { screen: 90 } } })
    assert.deepEqual([answer?.done, answer?.left], [60, null])
  })
})
