// A process that says that it drops a revision, or takes its topics and says that it is done. Arguments: brokers, run,
// revision, begins or ends.

import { hostname } from 'node:os'
import { publishRunRecord } from '../../pipeline/run-records.ts'
import { createCodec } from '../../schemas/codec.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { TOPIC_NAMES, topicFor } from '../../schemas/topics.ts'
import { connectKafka } from '../../stream/kafka.ts'
import { createSender } from '../../stream/sender.ts'
import { deleteTopics, topicNames } from '../../stream/topics-admin.ts'
import { NOW } from './run-bench.ts'

const [brokers = '', runId = '', revision = '', way = ''] = process.argv.slice(2)
const connection = connectKafka({ brokers: brokers.split(','), log: silentLogger })
const sender = await createSender(connection, silentLogger)
if (way === 'ends') {
  const own = TOPIC_NAMES.map((name) => topicFor(name, revision)).filter((topic) => topic.endsWith(`.${revision}`))
  await deleteTopics(connection, own)
  while ((await topicNames(connection)).some((topic) => own.includes(topic)));
}
await publishRunRecord(sender, await createCodec(), {
  ...{ id: `${runId}/${revision}`, runId, revision, createdAt: NOW, state: way === 'ends' ? 'dropped' : 'dropping' },
  ...{ config: '{}', configHash: '', startedAt: NOW, finishedAt: null, version: '', endedBy: null },
  ...{ host: hostname(), pid: process.pid },
})
await sender.close()
await connection.close()
