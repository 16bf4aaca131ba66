// What a replay tells of itself while it reads: no total is told that is not true, whatever lies between its records.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { replayProgress } from '../../../pipeline/replay/lead.ts'
import type { PartitionLag } from '../../../stream/groups-admin.ts'

/** A group at an offset of a partition that holds 100 offsets. */
const at = (committed: number | null): PartitionLag => ({
  ...{ topic: 'sampled', partition: 0, low: 0, end: 100, committed, doneAbove: 0 },
  lag: 100 - (committed ?? 0),
})
const RANGE = { begin: { 0: 20 }, end: { 0: 80 }, selection: null }

describe('a replay that reads', () => {
  it('tells how much of its range is read, and a total only when all of it is', () => {
    let taken = 0
    const progress = replayProgress(RANGE, () => taken)
    assert.deepEqual([progress.total(), progress.read()], [null, null])
    assert.equal(progress.note([at(null)], true), false)
    assert.deepEqual([progress.total(), progress.read()], [null, 0])
    // Of 30 offsets 20 were of other runs, or marks, or compacted away.
    taken = 10
    assert.equal(progress.note([at(50)], true), false)
    assert.deepEqual([progress.total(), progress.read()], [null, 0.5])
    taken = 17
    assert.equal(progress.note([at(80)], true), true)
    assert.deepEqual([progress.total(), progress.read()], [17, 1])
  })

  it('tells how many were chosen, and at the end how many of them were there', () => {
    let taken = 4
    const progress = replayProgress({ ...RANGE, selection: { sql: 'x', problems: 9, sha256: '' } }, () => taken)
    progress.note([at(50)], true)
    assert.equal(progress.total(), 9)
    taken = 7
    progress.note([at(95)], true)
    assert.deepEqual([progress.total(), progress.read()], [7, 1])
  })

  it('tells no share and no total of a run that it follows, until that has ended', () => {
    const progress = replayProgress({ ...RANGE, end: null }, () => 12)
    assert.equal(progress.note([at(100)], false), false)
    assert.deepEqual([progress.total(), progress.read()], [null, null])
    assert.equal(progress.note([at(100)], true), true)
    assert.equal(progress.total(), 12)
  })
})
