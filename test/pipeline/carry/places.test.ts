// Old places and new ones, without a Kafka: what a group's commit says of a carried run, borders of replays, and what a
// message that names places becomes.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { configSchema } from '../../../configs/schema.ts'
import { createGroupPlaces } from '../../../pipeline/carry/group-places.ts'
import { endedCheck, rangesOf } from '../../../pipeline/carry/manifest.ts'
import { createPlaces } from '../../../pipeline/carry/places.ts'
import type { DumpedRecord } from '../../../pipeline/carry/read-dump.ts'
import { placesNamed, withPlacesOf } from '../../../pipeline/carry/references.ts'
import { nameBorders, withBorders } from '../../../pipeline/carry/replay-borders.ts'
import { codecOf } from '../../../schemas/codec.ts'
import type { RunRecord } from '../../../schemas/records.ts'
import { readRegistryFile } from '../../../schemas/registry.ts'
import { MAX_SPREAD } from '../../../stream/done-set.ts'
import { headerText } from '../../../stream/outgoing.ts'

const codec = codecOf(readRegistryFile())
const TOPIC = 'problems'

describe('what had ended', () => {
  it('is the same set of records in new offsets, whatever lies between them on either side', () => {
    const gaps = fc.array(fc.record({ before: fc.nat(3), after: fc.nat(3), hasEnded: fc.boolean() }), { maxLength: 60 })
    fc.assert(
      fc.property(gaps, fc.nat(60), (records, watermark) => {
        let [old, now] = [0, 0]
        const moved = records.map(({ before, after, hasEnded }, index) => {
          old += before
          now += after
          const each = { old, now, hasEnded: index < watermark || hasEnded }
          old += 1
          now += 1
          return each
        })
        const next = moved.find((each, index) => index >= watermark && !each.hasEnded)?.old ?? old
        const above = rangesOf(moved.filter((each) => each.hasEnded && each.old >= next).map((each) => each.old))
        const position = { topic: TOPIC, partition: 0, next, above }
        const groups = createGroupPlaces([{ part: 'screen', revision: 'main', writes: [], positions: [position] }])
        for (const each of moved) groups.landed({ topic: TOPIC, partition: 0, offset: each.old }, each.now)
        const end = now + 5
        const [group] = groups.all(new Map([[TOPIC, [{ partition: 0, low: 0, high: end }]]]))
        const [place] = group!.places
        const hasEnded = (offset: number): boolean => offset < place!.offset || place!.done.includes(offset)
        assert.deepEqual(
          moved.map((each) => hasEnded(each.now)),
          moved.map((each) => each.hasEnded),
        )
        assert.equal(group!.again, 0)
        assert.ok(place!.offset <= end)
      }),
    )
  })

  it('is said as far as a commit reaches, and the rest is counted', () => {
    const position = { topic: TOPIC, partition: 0, next: 0, above: [[1, 2]] as [number, number][] }
    const groups = createGroupPlaces([{ part: 'tag', revision: 'main', writes: [], positions: [position] }])
    for (const [old, now] of [
      [0, 100],
      [1, 101],
      [2, 101 + MAX_SPREAD],
    ] as const)
      groups.landed({ topic: TOPIC, partition: 0, offset: old }, now)
    const [group] = groups.all(new Map())
    assert.deepEqual(group!.places, [{ topic: TOPIC, partition: 0, offset: 100, done: [101] }])
    assert.equal(group!.again, 1)
  })

  it('is nothing where a group had no position', () => {
    assert.equal(endedCheck(undefined)(7), false)
  })
})

describe('borders of a replay', () => {
  const record = (begin: object, end: object | null): DumpedRecord => {
    const replay = { of: 'main', from: 'sampled', begin, end, selection: null, keep: [], into: null }
    const config = JSON.stringify({ ...configSchema.parse({ name: 'a-run' }), replay })
    const word: RunRecord = {
      ...{ id: 'a-run/strict', runId: 'a-run', revision: 'strict', createdAt: 1, state: 'stopped', config },
      ...{ configHash: 'ab', startedAt: 1, finishedAt: null, host: 'h', pid: 1, version: '1', endedBy: null },
    }
    const value = codec.encode('RunRecord', word)
    return { name: 'runs', partition: 0, offset: 0, timestamp: 1, key: null, headers: {}, value }
  }

  it('lie before the first record that lay at or behind them, or at the end', () => {
    const places = createPlaces()
    const start = record({ '0': 4, '1': 9 }, { '0': 8, '1': 9 })
    nameBorders(start, codec, places)
    for (const [old, now] of [
      [2, 50],
      [5, 60],
      [9, 61],
    ] as const)
      places.landed({ topic: 'sampled', partition: 0, offset: old }, now)
    const ends = [
      { partition: 0, low: 0, high: 70 },
      { partition: 1, low: 0, high: 33 },
    ]
    const moved = withBorders(start, codec, places, new Map([['sampled', ends]]))
    const { config, configHash } = codec.decode('RunRecord', moved.value!)
    const { replay } = JSON.parse(config) as { replay: { begin: object; end: object } }
    assert.deepEqual(replay.begin, { '0': 60, '1': 33 })
    assert.deepEqual(replay.end, { '0': 61, '1': 33 })
    assert.equal(configHash, 'ab')
    const follows = withBorders(record({ '0': 4 }, null), codec, places, new Map([['sampled', ends]]))
    const read = JSON.parse(codec.decode('RunRecord', follows.value!).config) as { replay: { end: null } }
    assert.equal(read.replay.end, null)
  })
})

describe('a message that names places', () => {
  const letter = {
    ...{ name: 'dead-letters' as const, partition: 2, timestamp: 1, key: Buffer.from('p1'), value: Buffer.from('x') },
    headers: {
      '__connect.errors.topic': ['sampled', "the record's own"],
      '__connect.errors.partition': '3',
      '__connect.errors.offset': ['40', "the record's own"],
      'magpie.redriven-from': '2/5',
      'magpie.from': 'sampled/3/40',
    },
  }

  it('gets the new ones, keeps what was the record’s own, and loses what it came of', () => {
    assert.deepEqual(placesNamed(letter, codec), [
      { topic: 'dead-letters', partition: 2, offset: 5 },
      { topic: 'sampled', partition: 3, offset: 40 },
    ])
    const { headers } = withPlacesOf(letter, codec, ({ offset }) => offset + 1000)
    assert.deepEqual(headers['__connect.errors.offset'], ['1040', "the record's own"])
    assert.equal(headerText(headers, 'magpie.redriven-from'), '2/1005')
    assert.equal(headers['magpie.from'], undefined)
  })

  it('is left alone where it names none', () => {
    const plain = { ...letter, name: 'sampled' as const, headers: { 'magpie.run': 'r' } }
    assert.deepEqual(placesNamed(plain, codec), [])
    assert.deepEqual(
      withPlacesOf(plain, codec, () => -1),
      plain,
    )
  })
})
