// The journal over a topic in memory: what a crash repeats, what is taken away, how much is read back.

import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'

import { type Codec, createCodec } from '../../schemas/codec.ts'
import { silentLogger } from '../../schemas/logger.ts'
import type { Arrival } from '../../stream/arrival.ts'
import { encodeDoneSet, MAX_METADATA_BYTES, MAX_SPREAD } from '../../stream/done-set.ts'
import { createJournal, type StageJournal } from '../../stream/journal.ts'
import { splitJournalMark, withJournalMark } from '../../stream/journal-mark.ts'
import type { Position } from '../../stream/ledger.ts'
import type { RecordCalls } from '../../stream/record-calls.ts'
import type { Tenure } from '../../stream/tenure.ts'
import { commitOf, createMemoryJournal, type MemoryJournal, tenureAt } from '../support/memory-journal.ts'

const place = { runId: 'a run', revision: 'main', stage: 'sample', from: 'answered' }
const { signal } = new AbortController()
const atOnce = (run: () => void) => {
  run()
}
const never = () => Promise.reject(new Error('this call was to be known'))

let codec: Codec
before(async () => {
  codec = await createCodec()
})

/** A process: its journal, and what its stage does with it. */
function startProcess(memory: MemoryJournal, at = place) {
  const parts = { topic: memory.topic, sender: memory.sender, codec, log: silentLogger, now: () => 1, later: atOnce }
  return createJournal(parts).forStage(at)
}

/** A partition at a committed position, its journal loaded. */
async function assign(journal: StageJournal, committed: Position | null, partition = 0): Promise<Tenure> {
  const tenure = tenureAt(place.from, partition, committed)
  await journal.load([tenure], signal)
  return tenure
}

function arrive(tenure: Tenure, offset: number): Arrival {
  tenure.ledger.deliver(offset)
  return { tenure, offset, timestamp: 0, key: null, value: null, headers: {} }
}

/** Makes all calls of a record at once. */
function callAll(calls: RecordCalls, count: number, make: (index: number) => Promise<unknown>): Promise<unknown>[] {
  const memory = calls.memory()
  return Array.from({ length: count }, (_, index) => memory.run(`call ${index}`, () => make(index)))
}

describe('mark of the journal in a commit', () => {
  it('comes back as it was, with any set of finished offsets, and always fits', () => {
    const worst = encodeDoneSet(
      0,
      [...Array(MAX_SPREAD / 2).keys()].map((each) => 2 * each + 1),
    )
    for (const from of [0, 35, 36, Number.MAX_SAFE_INTEGER]) {
      for (const rest of ['', worst, `${worst};p1AAAA`]) {
        const metadata = withJournalMark(rest, from)
        assert.deepEqual(splitJournalMark(metadata), { from, rest })
        assert.ok(metadata.length <= MAX_METADATA_BYTES)
      }
    }
    assert.equal(withJournalMark(worst, null), worst)
    for (const foreign of ['', 'j', 'jX.', 'b1j1.', worst]) assert.deepEqual(splitJournalMark(foreign).from, null)
  })
})

describe('journal', () => {
  it('repeats after a crash only what had no answer on the log', async () => {
    const memory = createMemoryJournal(1)
    const first = startProcess(memory)
    const tenure = await assign(first, null)
    const answers = Array.from({ length: 64 }, () => Promise.withResolvers<unknown>())
    void callAll(first.open(arrive(tenure, 7), 'p7'), 64, (index) => answers[index]!.promise)
    for (const [index, { resolve }] of answers.slice(0, 40).entries()) resolve({ text: `sample ${index}` })
    await new Promise(setImmediate)
    await memory.acknowledge(38)
    memory.crash()

    const second = startProcess(memory)
    const made: number[] = []
    const results = await Promise.all(
      callAll(second.open(arrive(await assign(second, null), 7), 'p7'), 64, (index) => {
        made.push(index)
        return Promise.resolve('made again')
      }),
    )
    assert.deepEqual(made, [...Array(64).keys()].slice(38))
    assert.deepEqual(results[3], { text: 'sample 3' })
  })

  it('writes nothing of a record that is done a moment later, and at once what a drain interrupts', async () => {
    const memory = createMemoryJournal(1)
    const waiting: (() => void)[] = []
    const parts = { topic: memory.topic, sender: memory.sender, codec, log: silentLogger, now: () => 1 }
    const journal = createJournal({ ...parts, later: (run) => waiting.push(run) }).forStage(place)
    const tenure = await assign(journal, null)
    const fast = arrive(tenure, 0)
    await Promise.all(callAll(journal.open(fast, 'p0'), 8, (index) => Promise.resolve(index)))
    tenure.ledger.finish(0)
    journal.finish(fast)
    assert.equal(waiting.length, 1)
    waiting[0]!()
    assert.deepEqual(memory.waiting(), [])
    const cutOff = arrive(tenure, 1)
    await Promise.all(callAll(journal.open(cutOff, 'p1'), 8, (index) => Promise.resolve(index)))
    assert.deepEqual(memory.waiting(), [])
    tenure.end(new Error('drained'))
    assert.equal(memory.waiting().length, 7)
    // The record's output did not get through, so its newest answer is of use too.
    journal.leave(cutOff)
    journal.leave(fast)
    assert.equal(memory.waiting().length, 8)
  })

  it('takes calls away when a commit says that their record is done, and not before', async () => {
    const memory = createMemoryJournal(1)
    const first = startProcess(memory)
    const tenure = await assign(first, null)
    const arrival = arrive(tenure, 0)
    await Promise.all(callAll(first.open(arrival, 'p0'), 3, (index) => Promise.resolve(index)))
    await memory.acknowledge()
    assert.equal(memory.live().size, 2)
    tenure.ledger.finish(0)
    first.finish(arrival)
    assert.deepEqual(memory.waiting(), [], 'a crash now brings the record again')
    commitOf(tenure)
    await memory.acknowledge()
    assert.equal(memory.live().size, 0)
  })

  it('takes away at the next assignment what a crash left of finished records', async () => {
    const memory = createMemoryJournal(1)
    const first = startProcess(memory)
    const tenure = await assign(first, null)
    for (const offset of [0, 1, 2]) {
      const arrival = arrive(tenure, offset)
      await Promise.all(callAll(first.open(arrival, `p${offset}`), 3, (index) => Promise.resolve(index)))
      if (offset === 1) continue
      tenure.ledger.finish(offset)
      first.finish(arrival)
    }
    await memory.acknowledge()
    const position = commitOf(tenure)
    memory.crash()
    assert.equal(memory.live().size, 6)

    const second = startProcess(memory)
    const again = await assign(second, position)
    await memory.acknowledge()
    assert.deepEqual(
      [...memory.live()].map((key) => key.split('/').slice(4)),
      [
        ['1', 'call 0'],
        ['1', 'call 1'],
      ],
    )
    const arrival = arrive(again, 1)
    await Promise.all(callAll(second.open(arrival, 'p1'), 2, never))
    again.ledger.finish(1)
    second.finish(arrival)
    commitOf(again)
    await memory.acknowledge()
    assert.equal(memory.live().size, 0)
  })

  it('reads back from where something may be open, and all where no commit says', async () => {
    const memory = createMemoryJournal(2)
    const first = startProcess(memory)
    const tenure = await assign(first, null, 1)
    const slow = arrive(tenure, 0)
    const run = async (offset: number) => {
      const arrival = arrive(tenure, offset)
      await Promise.all(callAll(first.open(arrival, `p${offset}`), 3, (index) => Promise.resolve(index)))
      await memory.acknowledge()
      tenure.ledger.finish(offset)
      first.finish(arrival)
      const position = commitOf(tenure)
      await memory.acknowledge()
      return position
    }
    for (let offset = 1; offset < 10; offset += 1) await run(offset)
    const opened = first.open(slow, 'p0')
    void callAll(opened, 2, (index) => (index === 0 ? Promise.resolve(index) : new Promise(() => undefined)))
    await memory.acknowledge()
    const before = (await memory.topic.ends())[1]!.high
    let position = await run(10)
    for (let offset = 11; offset < 30; offset += 1) position = await run(offset)

    await assign(startProcess(memory), position, 1)
    await assign(startProcess(memory), null, 1)
    const [, bounded, whole] = memory.readFrom.map((from) => [...from])
    assert.deepEqual(whole, [[1, 0]])
    assert.ok(
      bounded![0]![1] > 0 && bounded![0]![1] < before,
      `from ${bounded![0]![1]}, the open call is before ${before}`,
    )
    const again = startProcess(memory)
    await Promise.all(callAll(again.open(arrive(await assign(again, position, 1), 0), 'p0'), 1, never))
  })

  it('keeps runs, revisions and stages apart', async () => {
    const memory = createMemoryJournal(1)
    for (const other of [{ runId: 'a' }, { revision: 'strict' }, { stage: 'reward' }, { runId: 'a run/main' }]) {
      const first = startProcess(memory, { ...place, ...other })
      await Promise.all(
        callAll(first.open(arrive(await assign(first, null), 0), 'p0'), 2, () => Promise.resolve('foreign')),
      )
    }
    await memory.acknowledge()
    const own = startProcess(memory)
    const results = callAll(own.open(arrive(await assign(own, null), 0), 'p0'), 2, () => Promise.resolve('own'))
    assert.deepEqual(await Promise.all(results), ['own', 'own'])
  })

  it('passes over what it cannot read, and what is about another topic', async () => {
    const memory = createMemoryJournal(1)
    const key = (name: string) => `a run/main/sample/0/0/${name}`
    const entry = { runId: 'a run', revision: 'main', createdAt: 1, stage: 'sample', problemId: 'p0', offset: 0 }
    const call = (name: string, topic: string, result: string) =>
      codec.encode('Call', { ...entry, id: key(name), topic, call: name, result })
    const values = {
      'call 0': Buffer.from('no record at all'),
      'call 1': call('call 1', 'answered', 'no JSON'),
      'call 2': call('call 2', 'tagged', '"of another topic"'),
      'call 3': call('call 3', 'answered', '"kept"'),
    }
    for (const [name, value] of Object.entries(values))
      memory.append({ topic: 'calls', partition: 0, key: key(name), value })
    const journal = startProcess(memory)
    const tenure = await assign(journal, null)
    const arrival = arrive(tenure, 0)
    const results = await Promise.all(callAll(journal.open(arrival, 'p0'), 4, () => Promise.resolve('made')))
    assert.deepEqual(results, ['made', 'made', 'made', 'kept'])
    tenure.ledger.finish(0)
    journal.finish(arrival)
    commitOf(tenure)
    await memory.acknowledge()
    assert.equal(memory.live().size, 0, 'nothing stays for ever')
  })

  it('makes calls without keeping them where the topic lacks the partition', async () => {
    const memory = createMemoryJournal(1)
    const journal = startProcess(memory)
    const arrival = arrive(await assign(journal, null, 5), 0)
    await Promise.all(callAll(journal.open(arrival, 'p0'), 3, (index) => Promise.resolve(index)))
    journal.finish(arrival)
    assert.deepEqual(memory.waiting(), [])
  })
})
