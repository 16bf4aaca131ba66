// Topics and groups on a real broker: made, read, moved, counted.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import kafkajs from 'kafkajs'
import { silentLogger } from '../../schemas/logger.ts'
import type { Problem } from '../../schemas/records.ts'
import { TOPIC_NAMES, topicFor } from '../../schemas/topics.ts'
import { groupLags } from '../../stream/group-lags.ts'
import { deleteGroups, groupNames, groupPosition, moveGroup } from '../../stream/groups-admin.ts'
import { connectKafka } from '../../stream/kafka.ts'
import { topicEnds } from '../../stream/positions.ts'
import { readTopic } from '../../stream/read-topic.ts'
import { startStage } from '../../stream/stage.ts'
import { MAX_MESSAGE_BYTES } from '../../stream/keeping.ts'
import { deleteTopics, ensureTopics, topicNames } from '../../stream/topics-admin.ts'
import { type Bench, openBench, problemMessages, until } from '../support/stream.ts'

const signal = AbortSignal.timeout(550_000)

describe('topics', () => {
  let bench: Bench
  before(async () => {
    bench = await openBench()
  })
  after(async () => {
    await bench.close()
  })

  it('are made as the list and the config say, once, and differences are reported', async () => {
    const revision = bench.name('r')
    const first = await ensureTopics(bench.connection, {
      revision,
      topics: { sampled: { partitions: 3, retentionMs: 5000 }, problems: { partitions: 9, retentionMs: -1 } },
    })
    const made = new Map(first.map((each) => [each.topic, each]))
    assert.equal(first.length, TOPIC_NAMES.length)
    assert.deepEqual(made.get(`sampled.${revision}`), {
      topic: `sampled.${revision}`,
      created: true,
      partitions: 3,
      wanted: 3,
    })
    assert.equal(made.get(`problems.${revision}`)?.partitions, 1)
    assert.equal(made.get(`answered.${revision}`)?.partitions, 12)
    const second = await ensureTopics(bench.connection, { revision })
    assert.ok(second.every(({ created }) => !created))
    assert.deepEqual(
      second.find(({ topic }) => topic === `sampled.${revision}`),
      { topic: `sampled.${revision}`, created: false, partitions: 3, wanted: 12 },
    )

    const { resources } = await bench.connection.ask(
      'describing',
      async (admin) =>
        await admin.describeConfigs({
          includeSynonyms: false,
          resources: [`sampled.${revision}`, 'runs', 'calls'].map((name) => ({
            type: kafkajs.ConfigResourceTypes.TOPIC,
            name,
            configNames: ['max.message.bytes', 'retention.ms', 'cleanup.policy'],
          })),
        }),
    )
    const values = (index: number) =>
      Object.fromEntries(
        resources[index]!.configEntries.map(({ configName, configValue }) => [configName, configValue]),
      )
    assert.deepEqual(values(0), {
      'max.message.bytes': String(MAX_MESSAGE_BYTES),
      'retention.ms': '5000',
      'cleanup.policy': 'delete',
    })
    assert.deepEqual(values(1), {
      'max.message.bytes': String(MAX_MESSAGE_BYTES),
      'retention.ms': '-1',
      'cleanup.policy': 'compact',
    })
    assert.equal(values(2)['cleanup.policy'], 'compact,delete')

    await ensureTopics(bench.connection, { revision, names: ['calls'] })
    const calls = (await topicEnds(bench.connection, 'calls')).length
    await ensureTopics(bench.connection, {
      revision: `wide.${revision}`,
      names: ['tagged', 'calls'],
      topics: { tagged: { partitions: calls + 2, retentionMs: -1 } },
    })
    assert.equal(
      (await topicEnds(bench.connection, 'calls')).length,
      calls + 2,
      'the journal has room for every record',
    )

    const own = TOPIC_NAMES.map((name) => topicFor(name, revision)).filter((name) => name.endsWith(revision))
    await deleteTopics(bench.connection, [`tagged.wide.${revision}`, ...own, bench.name('missing')])
    await until(async () => {
      const left = await topicNames(bench.connection)
      return own.every((name) => !left.includes(name))
    })
  })

  it('are read from anywhere to the end of the moment, without a group', async () => {
    const topic = await bench.topic(3)
    await bench.sender.send(problemMessages(bench.codec, topic, 'r', 3000))
    const records = await bench.read(topic)
    assert.equal(new Set(records.map(({ key }) => key)).size, 3000)
    assert.equal(records.length, 3000)
    assert.equal(bench.codec.decode('Problem', records[0]!.value).id, records[0]!.key)

    const ends = await topicEnds(bench.connection, topic)
    // Other tests have groups too.
    const lags = await groupLags(bench.connection, await groupNames(bench.connection), new Map([[topic, ends]]))
    assert.deepEqual([...lags.values()].flat(), [], 'no group has committed for the topic')
    const from = new Map(ends.map(({ partition, high }) => [partition, high - 2]))
    const tail = []
    for await (const each of readTopic(bench.connection, { topic, from, signal }))
      tail.push([each.partition, Number(each.offset)])
    assert.deepEqual(
      tail.sort(),
      ends.flatMap(({ partition, high }) => [
        [partition, high - 2],
        [partition, high - 1],
      ]),
    )
    assert.deepEqual(await bench.read(await bench.topic(2)), [])

    const controller = new AbortController()
    await assert.rejects(async () => {
      for await (const each of readTopic(bench.connection, { topic, signal: controller.signal })) {
        assert.ok(each.key)
        controller.abort(new Error('enough'))
      }
    }, /enough/)
  })

  it('lag is counted exactly, and groups are moved to the end only while they are idle', async () => {
    const topic = await bench.topic(2)
    const group = bench.name('group')
    await bench.sender.send(problemMessages(bench.codec, topic, 'r', 10))
    const lag = async () =>
      (await groupPosition(bench.connection, group, [topic])).reduce((sum, each) => sum + each.lag, 0)
    assert.equal(await lag(), 10)
    await moveGroup(bench.connection, group, [topic])
    assert.equal(await lag(), 0)
    await bench.sender.send(problemMessages(bench.codec, topic, 'r', 4, 10))
    const seen: string[] = []
    const stage = startStage<'Problem', Problem>({
      connection: bench.connection,
      sender: bench.sender,
      codec: bench.codec,
      name: 'test',
      group,
      from: topic,
      reads: 'Problem',
      runId: 'r',
      revision: 'main',
      inFlight: () => 4,
      log: silentLogger,
      process: (problem) => {
        seen.push(problem.id)
        return Promise.resolve({ emit: problem })
      },
      route: () => [],
    })
    await until(
      () => stage.state().emitted === 4,
      () => JSON.stringify(stage.state()),
    )
    await assert.rejects(moveGroup(bench.connection, group, [topic]), { code: 'group-in-use' })
    await stage.drain(1000)
    assert.deepEqual(seen.sort(), ['p10', 'p11', 'p12', 'p13'])
    assert.equal(await lag(), 0)
    await deleteGroups(bench.connection, [group, bench.name('missing')])
    assert.ok(!(await groupNames(bench.connection)).includes(group))
    assert.equal(await lag(), 14)
  })
})

describe('a connection', () => {
  it('that is closed opens again, and answers nobody once it is ended', async () => {
    const bench = await openBench()
    const connection = connectKafka({ brokers: bench.connection.brokers, log: silentLogger })
    await topicNames(connection)
    await connection.close()
    const topic = await bench.topic(1)
    assert.ok((await topicNames(connection)).includes(topic))
    await connection.end()
    const closed = { code: 'kafka-closed', retry: 'permanent' }
    await assert.rejects(topicNames(connection), closed)
    await assert.rejects(connection.cluster(), closed)
    await bench.close()
  })
})

describe('a broker that is not there', () => {
  it('is a transient failure that names it', async () => {
    const connection = connectKafka({ brokers: ['127.0.0.1:1'], log: silentLogger })
    await assert.rejects(topicNames(connection), {
      code: 'kafka-unavailable',
      retry: 'transient',
      message: /127\.0\.0\.1:1/,
    })
    await connection.close()
  })
})
