// What a restart takes as ended, under any interleaving of sends, lost answers, commits and crashes; and the parts that
// this rests on: places in a commit's metadata, parts of a record, repeats.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { MAX_METADATA_BYTES, MAX_SPREAD } from '../../stream/done-set.ts'
import { createLedger, type Ledger } from '../../stream/ledger.ts'
import { createLookBack, type LookBack } from '../../stream/look-back.ts'
import {
  decodePlaces,
  type OutputPlaces,
  raisedPlaces,
  reachablePartitions,
  splitMetadata,
  withPlaces,
} from '../../stream/output-places.ts'
import { createRepeats } from '../../stream/repeats.ts'
import { collectEnds } from '../../stream/sent-before.ts'

const TOPICS = ['one', 'two'] as const
const RECORDS = 40

interface Message {
  readonly offset: number
  readonly part: string
  readonly life: number
}

/** A process dies at any of these and begins anew at its last commit. */
type Step =
  | { readonly kind: 'send'; readonly pick: number; readonly parts: number }
  | { readonly kind: 'request'; readonly count: number }
  | { readonly kind: 'append' | 'answer' | 'lose' | 'lookAgain' | 'finish' | 'commit' | 'others' | 'crash' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      pick: fc.nat(1000),
      parts: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('request' as const), count: fc.integer({ min: 1, max: 4 }) }),
  },
  ...(['append', 'answer', 'finish'] as const).map((kind) => ({ weight: 4, arbitrary: fc.constant({ kind }) })),
  ...(['commit', 'others', 'crash', 'lose', 'lookAgain'] as const).map((kind) => ({
    weight: 2,
    arbitrary: fc.constant({ kind }),
  })),
)

/** One input partition, two output topics of one partition, one sender with one request outstanding. */
function createWorld() {
  const logs = TOPICS.map((): (Message | null)[] => [])
  let commit = { offset: 0, metadata: '' }
  let life = 0
  let ledger: Ledger
  let lookBack: LookBack
  let acknowledged = new Map<string, number>()
  let unsent: number[] = []
  let queue: { offset: number; parts: number; end: () => void }[] = []
  let answered: typeof queue = []
  let unclear: typeof queue = []
  let request: { batch: typeof queue; bases: (number | null)[] | null } | null = null

  const filled = (): OutputPlaces =>
    TOPICS.map((topic, index) => ({ topic, partitions: 1, next: new Map([[0, logs[index]!.length]]) }))

  /** As sentBefore does: from the places of the last commit to the end. */
  function look() {
    const { doneSet, places: text } = splitMetadata(commit.metadata)
    const places = decodePlaces(text, TOPICS)
    const ends = collectEnds()
    for (const [index, log] of logs.entries())
      for (const message of log.slice(places?.[index]?.next.get(0) ?? 0))
        if (message !== null) ends.note(message.offset, message.part)
    return { doneSet, places, ended: ends.ended() }
  }

  function begin(): void {
    life += 1
    acknowledged = new Map()
    queue = []
    answered = []
    unclear = []
    request = null
    const { doneSet, places, ended } = look()
    ledger = createLedger({ offset: commit.offset, metadata: doneSet })
    ledger.found(ended)
    const read = filled()
    lookBack = createLookBack(places, () => raisedPlaces(read, (topic) => acknowledged.get(topic) ?? null))
    unsent = []
    for (let offset = commit.offset; offset < RECORDS; offset += 1)
      if (ledger.deliver(offset) === 'new') unsent.push(offset)
  }

  /** All parts of each record are in one request, as the sender sees to. */
  function append(): void {
    if (request === null || request.bases !== null) return
    const { batch } = request
    request.bases = logs.map((log, index) => {
      const base = log.length
      for (const { offset, parts } of batch)
        for (let part = 1; part <= parts; part += 1)
          if ((offset + part) % TOPICS.length === index) log.push({ offset, part: `${part}/${parts}`, life })
      return log.length > base ? base : null
    })
  }

  function answer(): void {
    if (request?.bases == null) return
    for (const [index, base] of request.bases.entries()) if (base !== null) acknowledged.set(TOPICS[index]!, base)
    answered.push(...request.batch)
    request = null
  }

  /** The broker may have the messages or not; the sender sends others. */
  function lose(): void {
    unclear.push(...(request?.batch ?? []))
    request = null
  }

  function lookAgain(): void {
    if (unclear.length === 0) return
    ledger.found(look().ended)
    for (const each of unclear.splice(0)) {
      if (ledger.isFinished(each.offset)) each.end()
      else queue.push(each)
    }
  }

  function finish(): void {
    const first = answered.shift()
    if (first === undefined) return
    ledger.finish(first.offset)
    first.end()
  }

  const actions = {
    send({ pick, parts }: { pick: number; parts: number }) {
      if (unsent.length === 0) return
      const [offset] = unsent.splice(pick % unsent.length, 1)
      queue.push({ offset: offset!, parts, end: lookBack.begin() })
    },
    request(count: number) {
      if (request === null && queue.length > 0) request = { batch: queue.splice(0, count), bases: null }
    },
    append,
    answer,
    lose,
    lookAgain,
    finish,
    commit() {
      const position = ledger.position()
      if (position === null) return
      const metadata = withPlaces(position.metadata, lookBack.places(ledger.isWhole()))
      assert.ok(metadata.length <= MAX_METADATA_BYTES)
      commit = { offset: position.offset, metadata }
    },
    others() {
      for (const log of logs) log.push(null)
    },
    crash: begin,
    finishAll() {
      for (let turn = 0; turn < 3 * RECORDS; turn += 1) {
        actions.send({ pick: 0, parts: 2 })
        actions.request(4)
        append()
        answer()
        finish()
        lookAgain()
      }
      while (answered.length > 0) finish()
    },
    isOpen: () => unsent.length + queue.length + unclear.length > 0 || request !== null,
    messages: () => logs.flat().filter((each) => each !== null),
  }
  begin()
  return actions
}

describe('what was sent before', () => {
  it('is not sent again, and what was not is, whenever the process dies', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => {
        const world = createWorld()
        for (const each of steps) {
          if (each.kind === 'send') world.send(each)
          else if (each.kind === 'request') world.request(each.count)
          else world[each.kind]()
        }
        world.finishAll()
        assert.ok(!world.isOpen())
        const found = new Map<number, Message[]>()
        for (const message of world.messages())
          found.set(message.offset, [...(found.get(message.offset) ?? []), message])
        assert.equal(found.size, RECORDS, 'every record has an end')
        for (const [offset, messages] of found) {
          const [{ part, life }] = messages as [Message]
          assert.equal(messages.length, Number(part.split('/')[1]), `record ${offset} has ended once`)
          assert.ok(messages.every((each) => each.life === life))
        }
      }),
      { numRuns: 500 },
    )
  })

  it('is all parts of a record, or it is nothing', () => {
    const ends = collectEnds()
    ends.note(7, '2/3')
    ends.note(5, undefined)
    ends.note(7, '1/3')
    ends.note(7, '1/3')
    ends.note(9, '1/2')
    assert.deepEqual(ends.ended(), [5])
    ends.note(7, '3/3')
    assert.deepEqual(ends.ended(), [5, 7])
  })
})

describe('places in the outputs', () => {
  it('are read as they were written, beside any done set', () => {
    const offsets = fc.array(fc.nat(2 ** 45), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(
        fc.array(offsets, { minLength: 1, maxLength: 4 }),
        fc.constantFrom('', 'r1AQE=', 'b1/w=='),
        (all, done) => {
          const topics = all.map((_, index) => `topic-${index}`)
          const places = all.map((each, index) => ({
            topic: topics[index]!,
            partitions: each.length,
            next: new Map(each.map((offset, partition) => [partition, offset])),
          }))
          const { doneSet, places: text } = splitMetadata(withPlaces(done, places))
          assert.equal(doneSet, done)
          assert.deepEqual(decodePlaces(text, topics), places)
          assert.equal(decodePlaces(text, [...topics, 'one more']), null)
        },
      ),
    )
  })

  it('are left out where they do not fit, and not found in older commits or foreign text', () => {
    const next = new Map(Array.from({ length: 40 }, (_, partition) => [partition, 2 ** 34 - 1]))
    const worst = 'x'.repeat(2 + 4 * Math.ceil(MAX_SPREAD / 8 / 3))
    const fits = withPlaces(worst, [{ topic: 'a', partitions: 40, next }])
    assert.ok(fits.length > worst.length && fits.length <= MAX_METADATA_BYTES)
    const many = new Map(Array.from({ length: 100 }, (_, partition) => [partition, 2 ** 34 - 1]))
    assert.equal(withPlaces(worst, [{ topic: 'a', partitions: 100, next: many }]), worst)
    assert.deepEqual(splitMetadata('r1AQE='), { doneSet: 'r1AQE=', places: null })
    fc.assert(
      fc.property(fc.string(), (text) => {
        const read = decodePlaces(text, TOPICS)
        assert.ok(read === null || read.length === TOPICS.length)
      }),
    )
  })

  it('lie where the same key goes, whatever the numbers of partitions', () => {
    const hash = fc.nat(2 ** 31 - 1)
    const partitions = fc.integer({ min: 1, max: 40 })
    fc.assert(
      fc.property(hash, partitions, partitions, (key, inputs, outputs) => {
        assert.ok(reachablePartitions(key % inputs, inputs, outputs).includes(key % outputs))
      }),
    )
    assert.deepEqual(reachablePartitions(7, 12, 12), [7])
    assert.deepEqual(reachablePartitions(0, 1, 3), [0, 1, 2])
    assert.deepEqual(reachablePartitions(5, 12, 4), [1])
  })
})

describe('a ledger', () => {
  it('takes what is found as done, delivered or not, and says when a position cannot name it', () => {
    const ledger = createLedger({ offset: 10, metadata: '' })
    assert.equal(ledger.deliver(10), 'new')
    assert.equal(ledger.deliver(11), 'new')
    ledger.found([4, 10, 13, 10 + 2 * MAX_SPREAD])
    assert.deepEqual([ledger.isFinished(10), ledger.isFinished(11)], [true, false])
    assert.equal(ledger.isWhole(), false)
    assert.deepEqual([ledger.deliver(12), ledger.deliver(13), ledger.open()], ['new', 'done', 2])
    ledger.finish(11)
    ledger.finish(12)
    assert.equal(ledger.position()?.offset, 14)
    assert.equal(ledger.deliver(10 + 2 * MAX_SPREAD), 'done')
    assert.equal(ledger.isWhole(), true)
  })
})

describe('repeats', () => {
  it('are known among the last ids', () => {
    const isRepeat = createRepeats(3)
    assert.deepEqual(['a', 'b', 'a', 'c', 'd', 'e', 'a', 'f', 'g', 'h', 'b'].map(isRepeat), [
      ...[false, false, true, false, false, false, true],
      ...[false, false, false, false],
    ])
  })
})
