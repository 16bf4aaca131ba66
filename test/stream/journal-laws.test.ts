// Laws of the journal, over any interleaving of calls, answers, acknowledgements, ends, commits and crashes.

import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import fc from 'fast-check'
import type { CallMemory } from '../../schemas/call-memory.ts'
import { type Codec, createCodec } from '../../schemas/codec.ts'
import { silentLogger } from '../../schemas/logger.ts'
import type { Arrival } from '../../stream/arrival.ts'
import { createJournal, type StageJournal } from '../../stream/journal.ts'
import type { Position } from '../../stream/ledger.ts'
import type { Tenure } from '../../stream/tenure.ts'
import { commitOf, createMemoryJournal, type MemoryJournal, tenureAt } from '../support/memory-journal.ts'

const RECORDS = 3
const CALLS = 3
const place = { runId: 'a run', revision: 'main', stage: 'sample', from: 'answered' }
const { signal } = new AbortController()
const atOnce = (run: () => void) => {
  run()
}

let codec: Codec
before(async () => {
  codec = await createCodec()
})

interface AtWork {
  readonly arrival: Arrival
  readonly memory: CallMemory
  /** Keys of calls whose answer was on the log when this process began. */
  readonly known: ReadonlySet<string>
  /** Calls that wait for their answer, by index. */
  readonly open: Map<number, (answer: string) => void>
  readonly results: (string | undefined)[]
  begun: number
  /** Indexes in the order of their answers, of those that were made by this process. */
  readonly answered: number[]
}

/** A process that is at work on its records, until it crashes. */
interface Life {
  readonly journal: StageJournal
  readonly tenure: Tenure
  readonly work: Map<number, AtWork>
  readonly known: ReadonlySet<string>
}

/** What happens in a run, told by a number for each step. */
async function runThrough(steps: readonly number[]) {
  const memory = createMemoryJournal(1)
  /** Every answer that the engine gave, by record and call: the newest one. */
  const answers = new Map<string, string[]>()
  let committed: Position | null = null
  let life = await begin(memory, committed)

  async function crash(): Promise<void> {
    memory.crash()
    life = await begin(memory, committed)
  }

  const keyOf = (record: number, index: number) => `a run/main/sample/0/${record}/call ${index}`

  function beginCall(record: number): void {
    let at = life.work.get(record)
    if (at === undefined) {
      if (life.tenure.ledger.isFinished(record)) return
      const arrival = arrivalOf(life.tenure, record)
      const memory = life.journal.open(arrival, `p${record}`).memory()
      at = { arrival, memory, known: life.known, open: new Map(), results: [], begun: 0, answered: [] }
      life.work.set(record, at)
    }
    if (at.begun === CALLS) return
    const mine = at
    const index = mine.begun
    mine.begun += 1
    // Whatever was taken away since: no commit says that its record is done.
    const isKnown = mine.known.has(keyOf(record, index))
    let isMade = false
    void mine.memory
      .run(`call ${index}`, async () => {
        isMade = true
        return await new Promise<string>((answer) => mine.open.set(index, answer))
      })
      .then((result) => (mine.results[index] = result))
    assert.equal(isMade, !isKnown, `call ${index} of record ${record}: made only where its answer is not on the log`)
  }

  async function answer(record: number, choice: number): Promise<void> {
    const at = life.work.get(record)
    const [index] = [...(at?.open.keys() ?? [])].slice(choice % Math.max(1, at?.open.size ?? 0))
    if (at === undefined || index === undefined) return
    const name = `${record}/${index}`
    const all = answers.get(name) ?? []
    const text = `answer ${all.length} of ${name}`
    answers.set(name, [...all, text])
    at.open.get(index)!(text)
    at.open.delete(index)
    at.answered.push(index)
    await new Promise(setImmediate)
    // All but the newest answer are on their way while the record is at work.
    const sent = new Set([...memory.waiting().map(({ key }) => String(key)), ...memory.ever()])
    for (const each of at.answered.slice(0, -1))
      assert.ok(sent.has(keyOf(record, each)), `answer ${each} of record ${record} is sent`)
    if (at.open.size > 0) assert.ok(sent.has(keyOf(record, index)))
  }

  async function finish(record: number): Promise<void> {
    const at = life.work.get(record)
    await new Promise(setImmediate)
    if (at === undefined || at.begun < CALLS || at.open.size > 0) return
    for (let index = 0; index < CALLS; index += 1)
      assert.ok(answers.get(`${record}/${index}`)!.includes(at.results[index]!), 'the result is an answer to this call')
    life.tenure.ledger.finish(record)
    life.journal.finish(at.arrival)
    life.work.delete(record)
  }

  for (const step of steps) {
    const record = step % RECORDS
    const choice = Math.floor(step / (RECORDS * 16))
    switch (Math.floor(step / RECORDS) % 16) {
      case 0:
        await crash()
        break
      case 1:
      case 2:
        committed = commitOf(life.tenure)
        break
      case 3:
      case 4:
      case 5:
        await memory.acknowledge(choice % 8)
        break
      case 6:
      case 7:
        await finish(record)
        break
      case 8:
      case 9:
      case 10:
      case 11:
        await answer(record, choice)
        break
      default:
        beginCall(record)
    }
  }
  // To the end, undisturbed.
  for (let record = 0; record < RECORDS; record += 1) {
    for (let index = 0; index < CALLS; index += 1) beginCall(record)
    for (let index = 0; index < CALLS; index += 1) await answer(record, 0)
    await finish(record)
  }
  committed = commitOf(life.tenure)
  await memory.acknowledge()
  await memory.acknowledge()
  return { memory, committed, ledger: life.tenure.ledger }
}

async function begin(memory: MemoryJournal, committed: Position | null): Promise<Life> {
  const parts = { topic: memory.topic, sender: memory.sender, codec, log: silentLogger, now: () => 1, later: atOnce }
  const journal = createJournal(parts).forStage(place)
  const tenure = tenureAt(place.from, 0, committed)
  await journal.load([tenure], signal)
  for (let offset = 0; offset < RECORDS; offset += 1) tenure.ledger.deliver(offset)
  return { journal, tenure, work: new Map(), known: memory.ever() }
}

function arrivalOf(tenure: Tenure, offset: number): Arrival {
  return { tenure, offset, timestamp: 0, key: null, value: null, headers: {} }
}

describe('laws of the journal', () => {
  it('no call is made again whose answer is on the log; every result is an answer to its call; nothing is left over', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 16 * RECORDS * 64 - 1 }), { maxLength: 200, size: 'max' }),
        async (steps) => {
          const { memory, committed, ledger } = await runThrough(steps)
          for (let record = 0; record < RECORDS; record += 1) assert.ok(ledger.isFinished(record))
          // What a crash left of finished records goes with the next assignment at the latest.
          await begin(memory, committed)
          await memory.acknowledge()
          assert.deepEqual([...memory.live()], [])
        },
      ),
      { numRuns: 300 },
    )
  })
})
