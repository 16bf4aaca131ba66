// How much the stage runtime costs: records a second through a stage that does nothing, beside a bare kafkajs
// loop (eachBatch → sendBatch → commit) over the same records. Run: node bench/stream.ts [records] [bytes]
// KAFKA_BROKERS, else a broker of its own.

import kafkajs from 'kafkajs'
import { createCodec } from '../schemas/codec.ts'
import { silentLogger } from '../schemas/logger.ts'
import type { Problem } from '../schemas/records.ts'
import { connectKafka } from '../stream/kafka.ts'
import { createSender } from '../stream/sender.ts'
import { startStage } from '../stream/stage.ts'
import { startOwnKafka } from '../test/support/kafka.ts'
import { problemOf } from '../test/support/stream.ts'

const count = Number(process.argv[2] ?? 100_000)
const bytes = Number(process.argv[3] ?? 1024)
const given = process.env.KAFKA_BROKERS
const own = given === undefined ? await startOwnKafka() : null
const brokers = (given ?? own!.brokers).split(',')
const connection = connectKafka({ brokers, log: silentLogger })
const sender = await createSender(connection, silentLogger)
const codec = await createCodec()
const [from, to, bare, empty] = ['from', 'to', 'bare', 'empty'].map((name) => `bench-${name}-${process.pid}`) as [
  string,
  string,
  string,
  string,
]
await connection.ask(
  'creating topics',
  async (admin) =>
    await admin.createTopics({
      waitForLeaders: true,
      topics: [from, to, bare, empty].map((topic) => ({ topic, numPartitions: 12 })),
    }),
)

const runId = 'bench'
const padding = Array.from({ length: bytes / 8 }, (_, index) =>
  ((index * 2654435761) >>> 4).toString(36).slice(0, 7),
).join(' ')
const headers = { 'magpie.run': runId, 'magpie.revision': 'main' }
for (let first = 0; first < count; first += 2000) {
  await sender.send(
    Array.from({ length: Math.min(2000, count - first) }, (_, index) => {
      const problem = { ...problemOf(first + index, runId), text: `${first + index} ${padding}` }
      return { topic: from, key: problem.id, value: codec.encode('Problem', problem), headers }
    }),
  )
}

/** Records a second of a loop without bookkeeping: what the library itself can do. */
async function runBare(): Promise<number> {
  const consumer = connection.client.consumer({
    groupId: `bare-${process.pid}`,
    maxWaitTimeInMs: 300,
    maxBytes: 4 * 1024 * 1024,
    maxBytesPerPartition: 17 * 1024 * 1024,
  })
  const producer = connection.client.producer({
    idempotent: true,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  await consumer.connect()
  await consumer.subscribe({ topics: [from], fromBeginning: true })
  let seen = 0
  let start = 0
  const end = Promise.withResolvers<number>()
  await consumer.run({
    autoCommit: false,
    async eachBatch({ batch }) {
      start ||= performance.now()
      const messages = batch.messages.map(({ key, value }) => {
        const problem = codec.decode('Problem', value!)
        return { key, value: codec.encode('Problem', problem), headers }
      })
      await producer.sendBatch({
        acks: -1,
        compression: kafkajs.CompressionTypes.ZSTD,
        topicMessages: [{ topic: bare, messages }],
      })
      await consumer.commitOffsets([
        { topic: batch.topic, partition: batch.partition, offset: String(Number(batch.lastOffset()) + 1) },
      ])
      seen += messages.length
      if (seen >= count) end.resolve((count / (performance.now() - start)) * 1000)
    },
  })
  const rate = await end.promise
  await consumer.disconnect()
  await producer.disconnect()
  return rate
}

/** Records a second of a stage that hands its record on. */
async function runStage(): Promise<number> {
  let start = 0
  const stage = startStage<'Problem', Problem>({
    connection,
    sender,
    codec,
    name: 'bench',
    group: `stage-${process.pid}`,
    from,
    reads: 'Problem',
    runId,
    revision: 'main',
    inFlight: () => 2000,
    log: silentLogger,
    process(problem) {
      start ||= performance.now()
      return Promise.resolve({ emit: problem })
    },
    route: (problem) => [{ topic: to, key: problem.id, value: codec.encode('Problem', problem) }],
  })
  while (stage.state().emitted < count) await new Promise((resolve) => setTimeout(resolve, 5))
  const rate = (count / (performance.now() - start)) * 1000
  await stage.drain(1000)
  return rate
}

const plain = await runBare()
const staged = await runStage()
const idleStart = process.cpuUsage()
const idle = Array.from({ length: 10 }, (_, index) =>
  startStage<'Problem', Problem>({
    connection,
    sender,
    codec,
    name: `idle-${index}`,
    group: `idle-${index}-${process.pid}`,
    from: empty,
    reads: 'Problem',
    runId: 'nobody',
    revision: 'main',
    inFlight: () => 1,
    log: silentLogger,
    process: (problem) => Promise.resolve({ emit: problem }),
    route: () => [],
  }),
)
while (idle.some((stage) => stage.state().lastError !== null)) await new Promise((resolve) => setTimeout(resolve, 50))
await new Promise((resolve) => setTimeout(resolve, 5000))
const before = process.cpuUsage()
await new Promise((resolve) => setTimeout(resolve, 5000))
const { user, system } = process.cpuUsage(before)
const round = (value: number) => Math.round(value).toLocaleString('en')
process.stdout.write(
  [
    `records: ${round(count)} of about ${round(bytes)} bytes`,
    `bare kafkajs: ${round(plain)} records/s`,
    `stage: ${round(staged)} records/s, ${(staged / plain).toFixed(2)} of it`,
    `ten idle stages: ${((user + system) / 5000).toFixed(1)} ms CPU a second`,
    `(joining took ${round((before.user - idleStart.user) / 1000)} ms CPU)`,
    '',
  ].join('\n'),
)
await Promise.all(
  idle.map(async (stage) => {
    await stage.drain(0)
  }),
)
await sender.close()
await connection.close()
await own?.stop()
