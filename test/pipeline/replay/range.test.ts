// Holds pipeline/replay/range.ts and takes.ts: whatever is asked for, a replay takes what lies between, and nothing else.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { rangeOf } from '../../../pipeline/replay/range.ts'
import type { Range } from '../../../pipeline/replay/range.ts'
import { takesOf } from '../../../pipeline/replay/takes.ts'

const ENDS = [
  { partition: 0, low: 0, high: 10 },
  { partition: 1, low: 5, high: 8 },
]
const ALL = { topic: 'sampled', since: null, until: null, offsets: null, follow: false }

function range(asked: Partial<Parameters<typeof rangeOf>[1]>): Range {
  const found = rangeOf(ENDS, { ...ALL, ...asked })
  if ('faults' in found) assert.fail(found.faults.join())
  return found
}

describe('the range of a replay', () => {
  it('is all that the topic holds now, unless something else is asked for', () => {
    assert.deepEqual(range({}), { begin: { 0: 0, 1: 5 }, end: { 0: 10, 1: 8 } })
    assert.deepEqual(range({ follow: true }), { begin: { 0: 0, 1: 5 }, end: null })
    const since = new Map([
      [0, 4],
      [1, 8],
    ])
    assert.deepEqual(range({ since }), { begin: { 0: 4, 1: 8 }, end: { 0: 10, 1: 8 } })
    assert.deepEqual(range({ until: since }), { begin: { 0: 0, 1: 5 }, end: { 0: 4, 1: 8 } })
    assert.deepEqual(range({ offsets: 7 }), { begin: { 0: 7, 1: 7 }, end: { 0: 10, 1: 8 } })
    assert.deepEqual(range({ offsets: new Map([[1, 6]]) }), { begin: { 0: 0, 1: 6 }, end: { 0: 10, 1: 8 } })
  })

  it('is refused where nothing lies in it, or a partition does not exist', () => {
    const faults = (asked: Partial<Parameters<typeof rangeOf>[1]>): string => {
      const found = rangeOf(ENDS, { ...ALL, ...asked })
      return 'faults' in found ? found.faults.join() : 'none'
    }
    assert.match(faults({ offsets: 10 }), /no record in this range: it holds offsets 0 to 9/)
    assert.match(faults({ offsets: new Map([[7, 1]]) }), /partitions 0 to 1, and no 7/)
    assert.equal(faults({ offsets: 10, follow: true }), 'none')
  })

  it('lies within the log, begins before it ends, and two that meet at a time share nothing and leave nothing out', () => {
    const times = fc.array(fc.nat(20), { minLength: 3, maxLength: 3 })
    fc.assert(
      fc.property(times, times, times, fc.boolean(), (lows, sizes, middles, follow) => {
        const ends = lows.map((low, partition) => ({ partition, low, high: low + sizes[partition]! }))
        const middle = new Map(middles.map((offset, partition) => [partition, lows[partition]! + offset]))
        const early = rangeOf(ends, { ...ALL, until: middle })
        const late = rangeOf(ends, { ...ALL, since: middle, follow })
        const takes = (found: typeof early) => ('faults' in found ? () => false : takesOf(found, null))
        const [first, second] = [takes(early), takes(late)]
        for (const { partition, low, high } of ends)
          for (let offset = low; offset < high; offset += 1) {
            const place = { partition, offset, key: null }
            assert.equal(first(place), offset < middle.get(partition)!)
            assert.equal(second(place), offset >= middle.get(partition)!)
          }
        for (const found of [early, late]) {
          if ('faults' in found) continue
          for (const { partition, low, high } of ends) {
            const begin = found.begin[partition]!
            assert.ok(begin >= low && begin <= high && (found.end?.[partition] ?? high) >= begin)
          }
        }
      }),
    )
  })
})

describe('what a replay takes', () => {
  it('is of the range and of the chosen problems', () => {
    const takes = takesOf({ begin: { 0: 2 }, end: { 0: 4 } }, { has: (id) => id === 'mine' })
    const at = (offset: number, key: string | null, partition = 0) =>
      takes({ partition, offset, key: key === null ? null : Buffer.from(key) })
    assert.deepEqual(
      [at(1, 'mine'), at(2, 'mine'), at(3, 'other'), at(3, null), at(4, 'mine'), at(0, 'mine', 1)],
      [false, true, false, false, false, false],
    )
    assert.equal(takesOf({ begin: { 0: 2 }, end: null }, null)({ partition: 1, offset: 0, key: null }), true)
  })
})
