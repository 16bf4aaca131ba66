// Holds pipeline/standing.ts on a real log: where a new run begins, what waits before it, when it is through.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { configSchema } from '../../configs/schema.ts'
import { groupOf, planStages } from '../../pipeline.ts'
import { untilAnswered } from '../../pipeline/patience.ts'
import { beginRun, lagOf, positionsOf, plannedSinks, readingParts, throughCheck } from '../../pipeline/standing.ts'
import type { ReadingPart } from '../../pipeline/standing.ts'
import { topicFor } from '../../schemas/topics.ts'
import { moveGroup } from '../../stream/groups-admin.ts'
import { committedPositions } from '../../stream/positions.ts'
import { ensureTopics } from '../../stream/topics-admin.ts'
import { CONFIG, openRunBench } from './run-bench.ts'
import type { RunBench } from './run-bench.ts'

const SCREEN: ReadingPart = { part: 'screen', topics: ['problems'] }
const VERIFY: ReadingPart = { part: 'verify', topics: ['sampled'] }
const JSON_SINK: ReadingPart = { part: 'json', topics: ['sft', 'preferences'] }
const PARTS = [SCREEN, VERIFY, JSON_SINK]

let bench: RunBench
before(async () => {
  bench = await openRunBench()
  const { connection, revision } = bench
  const names = ['problems', 'sampled', 'sft', 'preferences', 'calls'] as const
  await ensureTopics(connection, { revision, names, topics: CONFIG.kafka.topics })
  // A broker that has never had a group takes a while to find a place for the first.
  await untilAnswered(() => lagOf(run('first'), JSON_SINK), AbortSignal.timeout(180_000))
})
after(async () => {
  await bench.close()
})

const run = (runId: string) => ({ ...bench, runId })

/** The part has finished all that its topics hold. */
async function finish(runId: string, { part, topics }: ReadingPart): Promise<void> {
  const { connection, revision } = bench
  const names = topics.map((topic) => topicFor(topic, revision))
  await moveGroup(connection, groupOf(runId, revision, part), names)
}

describe('plannedSinks', () => {
  const plan = (config: object): Record<string, readonly string[]> => {
    const parsed = configSchema.parse({ name: 'a-run', ...config })
    return Object.fromEntries(plannedSinks(planStages(parsed), parsed.sinks).map(({ part, topics }) => [part, topics]))
  }

  it('stores every end of a record in ClickHouse, and the data sets in files', () => {
    const { clickhouse = [], json } = plan({})
    for (const end of ['sft', 'preferences', 'rejections', 'dead-letters', 'runs', 'problems', 'rewarded']) {
      assert.ok(clickhouse.includes(end), end)
    }
    assert.deepEqual(json, ['sft', 'preferences'])
  })

  it('takes responses from what is judged last', () => {
    const { clickhouse = [] } = plan({ stages: { reward: { enabled: false } } })
    assert.deepEqual([clickhouse.includes('verified'), clickhouse.includes('rewarded')], [true, false])
  })

  it('leaves out what the config has off', () => {
    assert.deepEqual(Object.keys(plan({ sinks: { clickhouse: { enabled: false } } })), ['json'])
    assert.deepEqual(Object.keys(plan({ sinks: { json: { enabled: false } } })), ['clickhouse'])
    assert.deepEqual(plan({ sinks: { json: { enabled: false }, clickhouse: { enabled: false } } }), {})
  })
})

describe('readingParts', () => {
  it('are the stages in the data’s way, then the sinks', () => {
    const parts = readingParts(planStages(CONFIG), [JSON_SINK])
    assert.deepEqual(
      parts.map(({ part, topics }) => `${part}: ${topics.join(', ')}`),
      [
        'screen: problems',
        'answer: screened',
        'sample: answered',
        'verify: sampled',
        'reward: verified',
        'curate: rewarded',
        'json: sft, preferences',
      ],
    )
  })
})

describe('a run on the log', () => {
  it('has all of a topic before it while its group has committed nothing', async () => {
    await bench.fill('sft', 'old', [0, 1])
    await bench.fill('preferences', 'old', [0])
    assert.equal(await lagOf(run('unplaced'), JSON_SINK), 3)
  })

  it('begins at the ends: what older runs left is not its own', async () => {
    await bench.fill('problems', 'old', [0, 1, 2])
    await beginRun(run('young'), PARTS)
    for (const part of PARTS) assert.equal(await lagOf(run('young'), part), 0, part.part)
    assert.equal(await throughCheck(run('young'), PARTS)(), true)
    await bench.fill('problems', 'young', [3, 4])
    assert.equal(await lagOf(run('young'), SCREEN), 2)
    assert.equal(await lagOf(run('young'), VERIFY), 0)
  })

  it('begins at the end of the journal too, which all runs share', async () => {
    const { connection, revision, sender } = bench
    await sender.send([{ topic: 'calls', partition: 0, key: 'of another run', value: Buffer.from('kept') }])
    await beginRun(run('fresh'), [{ ...VERIFY, writes: ['sft'] }])
    const group = groupOf('fresh', revision, 'verify')
    const [placed] = await committedPositions(connection, group, [topicFor('sampled', revision)])
    assert.ok(placed!.journalFrom! > 0 && placed!.places !== null)
  })

  it('begins a replay where its range begins in the topic of the other revision', async () => {
    await bench.fill('sampled', 'source', [40, 41, 42])
    const reader: ReadingPart = { ...VERIFY, of: bench.revision }
    const replay = { ...run('source'), revision: 'another' }
    const [end] = await positionsOf(replay, reader)
    const begin = { [end!.partition]: end!.end - 2 }
    const section = { of: bench.revision, from: 'sampled' as const, stages: ['verify'], begin, end: null }
    await beginRun(replay, [reader], { replay: { ...section, selection: null, keep: [], into: null } })
    assert.equal(await lagOf(replay, reader), 2)
    assert.equal(await throughCheck(replay, [reader])(), false)
  })

  it('places what a killed leader had not placed, and leaves what it had', async () => {
    await bench.fill('problems', 'old', [30])
    await bench.fill('sampled', 'old', [30])
    await beginRun(run('cut'), [SCREEN])
    await bench.fill('problems', 'cut', [31])
    await beginRun(run('cut'), PARTS, { onlyUnplaced: true })
    assert.equal(await lagOf(run('cut'), SCREEN), 1, 'its record is not passed over')
    assert.equal(await lagOf(run('cut'), VERIFY), 0)
  })

  it('leaves a group that a worker has joined already, and places the others', async () => {
    const { connection, revision } = bench
    await bench.fill('problems', 'old', [20])
    await bench.fill('sampled', 'old', [20])
    const member = connection.client.consumer({ groupId: groupOf('joined', revision, 'screen') })
    const joined = new Promise((resolve) => member.on('consumer.group_join', resolve))
    await member.connect()
    await member.subscribe({ topics: [topicFor('problems', revision)], fromBeginning: true })
    await member.run({ autoCommit: false, eachBatch: () => Promise.resolve() })
    try {
      await joined
      await beginRun(run('joined'), PARTS)
      assert.ok((await lagOf(run('joined'), SCREEN)) > 0)
      assert.equal(await lagOf(run('joined'), VERIFY), 0)
    } finally {
      await member.disconnect()
    }
  })

  it('is through when nothing waits before any part, wherever it waits', async () => {
    await beginRun(run('through'), PARTS)
    for (const part of PARTS) {
      await bench.fill(part.topics.at(-1)!, 'through', [9])
      assert.equal(await throughCheck(run('through'), PARTS)(), false, part.part)
      await finish('through', part)
      assert.equal(await throughCheck(run('through'), PARTS)(), true, part.part)
    }
  })

  it('is not delayed by what other runs add later', async () => {
    await beginRun(run('mine'), [SCREEN])
    await bench.fill('problems', 'mine', [11])
    const isThrough = throughCheck(run('mine'), [SCREEN])
    assert.equal(await isThrough(), false)
    await finish('mine', SCREEN)
    await bench.fill('problems', 'busy', [12, 13])
    assert.ok((await lagOf(run('mine'), SCREEN)) > 0)
    assert.equal(await isThrough(), true)
  })

  it('looks in the data’s way and stops at the first part that has work', async () => {
    await beginRun(run('first'), [SCREEN])
    await bench.fill('problems', 'first', [5])
    const last: ReadingPart = {
      part: 'verify',
      get topics(): never {
        throw new Error('asked about the last part')
      },
    }
    assert.equal(await throughCheck(run('first'), [SCREEN, last])(), false)
    await finish('first', SCREEN)
    await assert.rejects(throughCheck(run('first'), [SCREEN, last])(), /asked about the last part/)
  })

  it('does not stand where another run or revision stands', async () => {
    await beginRun(run('here'), [SCREEN])
    await bench.fill('problems', 'here', [6])
    assert.equal(await lagOf(run('here'), SCREEN), 1)
    assert.ok((await lagOf(run('elsewhere'), SCREEN)) > 1)
  })
})
