// The ledger under random deliveries, completions, crashes and rebalances, held to a plain model.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { decodeDoneSet, encodeDoneSet, MAX_METADATA_BYTES, MAX_SPREAD } from '../../stream/done-set.ts'
import { createLedger, type Ledger, type Position } from '../../stream/ledger.ts'

const offsets = (maximum: number, count: number) =>
  fc
    .uniqueArray(fc.nat(maximum), { maxLength: count, size: 'max' })
    .map((list) => list.sort((one, other) => one - other))

describe('done set', () => {
  it('reads back what it wrote, at any place of the log', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 45), offsets(MAX_SPREAD - 1, 400), (watermark, relative) => {
        const done = relative.map((each) => watermark + each)
        assert.deepEqual(decodeDoneSet(watermark, encodeDoneSet(watermark, done)), done)
      }),
    )
  })

  it('fits a commit whatever is done within the spread', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.nat(), (stride, seed) => {
        // Every stride-th offset, with some taken out: long and irregular, the hardest case for both forms.
        const done: number[] = []
        for (let each = 0; each < MAX_SPREAD; each += 1)
          if ((each * 2654435761 + seed) % 97 > 13 && each % stride === 0) done.push(each)
        const text = encodeDoneSet(0, done)
        assert.ok(Buffer.byteLength(text) <= MAX_METADATA_BYTES, `${text.length} bytes`)
        assert.deepEqual(decodeDoneSet(0, text), done)
      }),
      { numRuns: 30 },
    )
    const worst = Array.from({ length: MAX_SPREAD / 2 }, (_, index) => index * 2 + 1)
    assert.ok(encodeDoneSet(0, worst).length <= MAX_METADATA_BYTES)
  })

  it('does not take foreign text for a set', () => {
    for (const text of [
      'hello',
      'r1hello',
      'b1***',
      'r1',
      'x1AAAA',
      `b1${Buffer.alloc(4000, 255).toString('base64')}`,
    ]) {
      const read = decodeDoneSet(0, text)
      assert.ok(
        read === null || (text === 'r1' && read.length === 0),
        `${text.slice(0, 10)}: ${JSON.stringify(read).slice(0, 40)}`,
      )
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const each of decodeDoneSet(0, text) ?? []) assert.ok(each >= 0 && each < MAX_SPREAD)
      }),
    )
  })
})

/** What happens to one partition: the log has gaps, records start and end in any order, the process dies, the group rebalances. */
type Step =
  | { kind: 'deliver'; count: number; isPassed: boolean }
  | { kind: 'finish'; pick: number }
  | { kind: 'commit' }
  | { kind: 'crash' }
  | { kind: 'rebalance' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('deliver' as const), count: fc.nat(9), isPassed: fc.boolean() }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('finish' as const), pick: fc.nat(1000) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('commit' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rebalance' as const) }) },
)

const log = fc
  .tuple(
    fc.nat(2 ** 40),
    fc.array(
      fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.integer({ min: 2, max: 400 }) }),
      { minLength: 1, maxLength: 150, size: 'max' },
    ),
  )
  .map(([first, gaps]) => gaps.reduce<number[]>((all, gap) => [...all, all.at(-1)! + gap], [first]))

describe('ledger', () => {
  it('never commits past unfinished work, never hands out what a commit calls done', () => {
    fc.assert(
      fc.property(log, fc.array(step, { maxLength: 120, size: 'max' }), (records, steps) => {
        let ledger: Ledger = createLedger(null)
        let committed: Position | null = null
        /** Finished, as the model knows it: in this life, and as of the last commit. */
        let finished = new Set<number>()
        let finishedAtCommit = new Set<number>()
        let running: number[] = []
        let next = 0

        const fetchFrom = (position: Position | null) => {
          next = position === null ? 0 : records.findIndex((each) => each >= position.offset)
          if (next < 0) next = records.length
        }

        for (const each of steps) {
          switch (each.kind) {
            case 'deliver':
              for (let count = 0; count < each.count && next < records.length; count += 1, next += 1) {
                const offset = records[next]!
                const fate = ledger.deliver(offset)
                assert.equal(fate, finished.has(offset) ? 'done' : running.includes(offset) ? 'known' : 'new')
                if (fate === 'new') running.push(offset)
              }
              // What lies before the next record is for nobody.
              if (each.isPassed) ledger.passed((records[next] ?? records.at(-1)! + 10) - 1)
              break
            case 'finish': {
              const startable = running.filter((offset) => ledger.mayStart(offset))
              assert.ok(running.length === 0 || startable.length > 0, 'the lowest open record may always start')
              const offset = startable[each.pick % Math.max(startable.length, 1)]
              if (offset === undefined) break
              ledger.finish(offset)
              running = running.filter((other) => other !== offset)
              finished.add(offset)
              break
            }
            case 'commit':
              committed = ledger.position()
              finishedAtCommit = new Set(finished)
              break
            case 'crash':
              // Everything since the last commit is forgotten; the fetch begins at the committed offset.
              ledger = createLedger(committed)
              finished = new Set(finishedAtCommit)
              running = []
              fetchFrom(committed)
              break
            case 'rebalance':
              // The partition is kept: its ledger and its work go on, the fetch begins at the commit.
              fetchFrom(committed)
              break
          }
          const position = ledger.position()
          assert.equal(ledger.open(), running.length)
          if (position === null) continue
          assert.ok(Buffer.byteLength(position.metadata) <= MAX_METADATA_BYTES)
          const done = new Set(decodeDoneSet(position.offset, position.metadata))
          for (const offset of records) {
            if (offset < position.offset)
              assert.ok(finished.has(offset), `${offset} lies before the commit and is not finished`)
            else assert.equal(done.has(offset), finished.has(offset), `${offset} in the metadata`)
          }
        }
      }),
      { numRuns: 600 },
    )
  })

  it('keeps the done set within the spread while a slow record holds the watermark', () => {
    const ledger = createLedger(null)
    for (let offset = 0; offset < MAX_SPREAD * 2; offset += 1) assert.equal(ledger.deliver(offset), 'new')
    let finished = 0
    for (let offset = 1; offset < MAX_SPREAD * 2; offset += 2) {
      if (!ledger.mayStart(offset)) break
      ledger.finish(offset)
      finished += 1
    }
    assert.equal(finished, MAX_SPREAD / 2)
    assert.equal(ledger.spread(), MAX_SPREAD * 2)
    const position = ledger.position()!
    assert.equal(position.offset, 0)
    assert.ok(Buffer.byteLength(position.metadata) <= MAX_METADATA_BYTES)
    assert.equal(decodeDoneSet(0, position.metadata)?.length, finished)
    ledger.finish(0)
    assert.equal(ledger.position()?.offset, 2)
  })

  it('says nothing can be committed before the first record, and the end after the last', () => {
    const ledger = createLedger(null)
    assert.equal(ledger.position(), null)
    ledger.deliver(7)
    assert.deepEqual(ledger.position(), { offset: 7, metadata: '' })
    ledger.finish(7)
    assert.deepEqual(ledger.position(), { offset: 8, metadata: '' })
    ledger.finish(7)
    assert.equal(ledger.open(), 0)
  })

  it('goes past what is for nobody, and past no record that is open', () => {
    const ledger = createLedger({ offset: 5, metadata: '' })
    assert.equal(ledger.passed(3), false, 'below the commit')
    assert.equal(ledger.passed(6), true)
    assert.equal(ledger.position()?.offset, 7)
    ledger.deliver(7)
    assert.equal(ledger.passed(7), false)
    assert.equal(ledger.passed(9), true)
    assert.equal(ledger.position()?.offset, 7)
    ledger.finish(7)
    assert.equal(ledger.position()?.offset, 10)
  })

  it('does not take up again what lies below its commit', () => {
    assert.equal(createLedger({ offset: 5, metadata: '' }).deliver(3), 'done')
  })

  it('treats unreadable metadata as nothing done', () => {
    const ledger = createLedger({ offset: 5, metadata: 'written by another program' })
    assert.equal(ledger.deliver(5), 'new')
  })
})
