// The newest record of a problem, by its id: against a map, from a broker that fetches what it likes; and on Kafka.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { silentLogger } from '../../schemas/logger.ts'
import type { KafkaConnection } from '../../stream/kafka.ts'
import { createLookup } from '../../stream/lookup.ts'
import { createPieces } from '../../stream/pieces.ts'
import { REVISION_HEADER, RUN_HEADER, stamp } from '../../stream/outgoing.ts'
import { type Bench, openBench } from '../support/stream.ts'

const { signal } = new AbortController()
const TOPIC = 'rewarded'

interface Message {
  readonly partition: number
  readonly id: string
  readonly run: string
  readonly revision: string
}

/** A broker of one topic. Offsets begin at `first`; a fetch begins some records early and brings few. */
function createBroker(messages: readonly Message[], { first = 0, early = 0, atOnce = 3 } = {}) {
  const partitions = [0, 1].map((partition) =>
    messages
      .filter((each) => each.partition === partition)
      .map(({ id, run, revision }, index) => ({
        offset: String(first + index),
        timestamp: '0',
        key: Buffer.from(id),
        value: Buffer.from(`${partition}/${first + index}`),
        headers: { [RUN_HEADER]: Buffer.from(run), [REVISION_HEADER]: Buffer.from(revision) },
      })),
  )
  interface Asked {
    topics: { partitions: { partition: number; fetchOffset: string }[] }[]
  }
  let fetches = 0
  const broker = {
    fetch: ({ topics }: Asked) => {
      fetches += 1
      const answered = topics[0]!.partitions.map(({ partition, fetchOffset }) => {
        const at = Number(fetchOffset) - first
        return { partition, messages: partitions[partition]!.slice(Math.max(0, at - early), at + atOnce) }
      })
      return Promise.resolve({ responses: [{ topicName: TOPIC, partitions: answered }] })
    },
  }
  const cluster = {
    addTargetTopic: () => Promise.resolve(),
    refreshMetadataIfNecessary: () => Promise.resolve(),
    findLeaderForPartitions: (_: string, asked: number[]) => ({ 1: asked }),
    findBroker: () => Promise.resolve(broker),
  }
  const admin = {
    fetchTopicOffsets: () =>
      Promise.resolve(
        partitions.map((held, partition) => ({ partition, low: String(first), high: String(first + held.length) })),
      ),
  }
  const connection = {
    ...{ brokers: [], log: silentLogger, close: () => Promise.resolve() },
    ask: (_doing: string, question: (asked: typeof admin) => unknown) => Promise.resolve(question(admin)),
    cluster: () => Promise.resolve(cluster),
  } as unknown as KafkaConnection
  return { connection, partitions, fetches: () => fetches }
}

const IDS = Array.from({ length: 12 }, (_, index) => `00000000-0000-5000-8000-${String(index).padStart(12, '0')}`)

describe('the newest record of a problem', () => {
  it('is what a map of the run and revision has, whatever else lies there and however it is fetched', async () => {
    const message = fc
      .record({
        id: fc.constantFrom(...IDS),
        run: fc.constantFrom('ours', 'theirs'),
        revision: fc.constantFrom('main', 'strict'),
      })
      .map((each) => ({ ...each, partition: IDS.indexOf(each.id) % 2 }))
    const manner = fc.record({
      // Beyond 32 bits too.
      first: fc.constantFrom(0, 7, 2 ** 32 - 3, 2 ** 40),
      early: fc.nat(2),
      atOnce: fc.integer({ min: 1, max: 5 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 40 }), manner, async (messages, how) => {
        const { connection, partitions } = createBroker(messages, how)
        const lookup = createLookup({ connection, topic: TOPIC, runId: 'ours', revision: 'main', signal })
        const model = new Map<string, string>()
        for (const held of partitions)
          for (const { key, value, headers } of held)
            if (headers[RUN_HEADER].toString() === 'ours' && headers[REVISION_HEADER].toString() === 'main')
              model.set(key.toString(), value.toString())
        const found = await Promise.all(IDS.map(async (id) => (await lookup.get(id, signal))?.toString()))
        assert.deepEqual(
          found,
          IDS.map((id) => model.get(id)),
        )
        assert.equal(lookup.size, model.size)
      }),
      { numRuns: 200 },
    )
  })

  it('is none for what is no id', async () => {
    const { connection } = createBroker([])
    const lookup = createLookup({ connection, topic: TOPIC, runId: 'ours', revision: 'main', signal })
    assert.equal(await lookup.get('p1', signal), null)
  })

  it('is looked for again when it is missing, but not at once', async () => {
    const messages: Message[] = [{ partition: 0, id: IDS[0]!, run: 'ours', revision: 'main' }]
    const { connection, partitions, fetches } = createBroker(messages)
    let now = 0
    const lookup = createLookup({ connection, topic: TOPIC, runId: 'ours', revision: 'main', signal, now: () => now })
    assert.equal(await lookup.get(IDS[2]!, signal), null)
    const before = fetches()
    partitions[0]!.push({ ...partitions[0]![0]!, offset: '1', key: Buffer.from(IDS[2]!), value: Buffer.from('late') })
    now = 4999
    assert.equal(await lookup.get(IDS[2]!, signal), null)
    assert.equal(fetches(), before)
    now = 5000
    assert.equal((await lookup.get(IDS[2]!, signal))?.toString(), 'late')
  })
})

describe('pieces of a topic', () => {
  const messages = Array.from({ length: 20 }, (): Message => ({
    partition: 0,
    id: IDS[0]!,
    run: 'ours',
    revision: 'main',
  }))

  it('bring neighbours, so that those who ask together for them fetch once', async () => {
    const { connection, fetches } = createBroker(messages, { atOnce: 10 })
    const pieces = createPieces(connection, TOPIC)
    const values = await Promise.all([3, 4, 12, 5].map((offset) => pieces.read(0, offset, signal)))
    assert.deepEqual(values.map(String), ['0/3', '0/4', '0/12', '0/5'])
    assert.equal(fetches(), 1)
    assert.equal(String(await pieces.read(0, 13, signal)), '0/13')
    assert.equal(fetches(), 2)
  })

  it('are kept up to a bound, the one that was used last to the end', async () => {
    const { connection, fetches } = createBroker(messages, { atOnce: 1 })
    const pieces = createPieces(connection, TOPIC, { cacheBytes: 7 })
    for (const offset of [0, 1, 0, 2, 0]) await pieces.read(0, offset, signal)
    assert.equal(fetches(), 3)
    await pieces.read(0, 1, signal)
    assert.equal(fetches(), 4)
  })

  it('have nothing where the log has nothing any more', async () => {
    const { connection } = createBroker(messages)
    assert.equal(await createPieces(connection, TOPIC).read(0, 99, signal), null)
  })

  it('are asked for again where the broker had no answer', async () => {
    const { connection, partitions } = createBroker(messages)
    const held = partitions[0]!.splice(2)
    const pieces = createPieces(connection, TOPIC)
    assert.equal(await pieces.read(0, 3, signal), null)
    partitions[0]!.push(...held)
    assert.equal(String(await pieces.read(0, 3, signal)), '0/3')
  })

  it('leave others their fetch when one asker goes away', async () => {
    const { connection } = createBroker(messages, { atOnce: 1 })
    const pieces = createPieces(connection, TOPIC)
    const gone = AbortSignal.abort(new Error('gone'))
    const asked = [pieces.read(0, 1, gone), pieces.read(0, 2, signal)] as const
    await assert.rejects(asked[0], /gone/)
    assert.equal(String(await asked[1]), '0/2')
  })
})

describe('a lookup on Kafka', () => {
  let bench: Bench
  before(async () => {
    bench = await openBench()
  })
  after(async () => {
    await bench.close()
  })

  it('finds the newest of a thousand problems among those of other runs and revisions', async () => {
    const topic = await bench.topic(3, 'lookup')
    const [ours, theirs] = [bench.name('run'), bench.name('run')]
    const ids = Array.from({ length: 1000 }, () => randomUUID())
    const send = async (text: string, runId: string, revision: string, of: readonly string[]): Promise<void> => {
      const body = 'x'.repeat(2000)
      await bench.sender.send(
        of.map((id) => stamp({ topic, key: id, value: Buffer.from(`${text} ${id} ${body}`) }, { runId, revision })),
      )
    }
    await send('old', ours, 'main', ids)
    await send('new', ours, 'main', ids.slice(0, 300))
    await send('strict', ours, 'strict', ids)
    await send('theirs', theirs, 'main', ids)
    const lookup = createLookup({ connection: bench.connection, topic, runId: ours, revision: 'main', signal })
    const found = await Promise.all(
      ids.map(async (id) =>
        String(await lookup.get(id, signal))
          .split(' ')
          .slice(0, 2)
          .join(' '),
      ),
    )
    assert.deepEqual(
      found,
      ids.map((id, index) => `${index < 300 ? 'new' : 'old'} ${id}`),
    )
    assert.equal(lookup.size, ids.length)
    assert.equal(await lookup.get(randomUUID(), signal), null)
  })
})
