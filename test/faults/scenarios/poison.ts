// Records that nobody can take, put by a foreign producer into the topics of a run at work, in front of a stage that
// calls no model and of one that does: no Avro, an unknown schema, nothing, no value, 17 MiB (which a broker takes when
// it is compressed), odd headers. Each becomes a dead letter that says where it lay; the partition behind it goes on.

import assert from 'node:assert/strict'
import kafkajs from 'kafkajs'
import type { TopicName } from '../../../schemas/topics.ts'
import { DEAD_LETTER_HEADERS } from '../../../stream/dead-letters.ts'
import { RUN_HEADER } from '../../../stream/outgoing.ts'
import { messagesOf } from '../../support/end-to-end.ts'
import type { Ground } from '../ground.ts'
import type { Scenario } from '../scenario.ts'

const TOTAL = 40
const FRONTS = [
  ['problems', 'screen'],
  ['answered', 'sample'],
] as const satisfies readonly (readonly [TopicName, string])[]
const UNKNOWN_SCHEMA = 0x7fffff00

/** Name and value of each poison. */
const POISONS: readonly (readonly [string, Buffer | null])[] = [
  ['no-avro', Buffer.from('no Avro at all')],
  ['unknown-schema', framed(UNKNOWN_SCHEMA, Buffer.alloc(40, 7))],
  ['empty', Buffer.alloc(0)],
  ['null', null],
  ['large', Buffer.alloc(17 * 1024 * 1024, 'a')],
]

export const poison: Scenario = {
  fault: 'poison records of a foreign producer',
  form: 'both',
  broker: 'own',
  mayRepeat: false,
  async play(ground) {
    const runId = ground.name('poison')
    const simulator = await ground.simulator({ slots: 8, latencyMs: 100 })
    const worker = ground.run({ runId, total: TOTAL, simulator })
    await ground.answered(30, worker)
    await ground.strikes.note()
    await produce(ground, runId)
    await ground.strikes.over()
    await ground.ended(worker)

    const letters = await messagesOf(ground.workshop, runId, 'dead-letters')
    for (const [topic, stage] of FRONTS)
      for (const [name, value] of POISONS) {
        const letter = letters.find(
          ({ key, headers }) => key === `${topic}-${name}` && headers[DEAD_LETTER_HEADERS.stage] === stage,
        )
        assert.ok(letter !== undefined, `no dead letter of ${stage} for ${name}`)
        assert.equal(letter.headers[DEAD_LETTER_HEADERS.topic], topic)
        // What no letter can hold stays where it lies, headers and all; the letter says how large it is.
        const bytes = letter.headers['magpie.bytes']
        if (bytes !== undefined) assert.equal(Number(bytes), value?.length ?? 0)
        else {
          assert.equal(letter.headers['foreign'], 'a\tb', `${name} lost a header`)
          assert.equal(letter.value.compare(value ?? Buffer.alloc(0)), 0, `${name} lost bytes`)
        }
      }
    return { runId, total: TOTAL }
  },
}

async function produce({ workshop }: Ground, runId: string): Promise<void> {
  const kafka = new kafkajs.Kafka({ brokers: workshop.brokers.split(','), logLevel: kafkajs.logLevel.NOTHING })
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
  await producer.connect()
  try {
    for (const [topic] of FRONTS)
      for (const [name, value] of POISONS) {
        const headers = { [RUN_HEADER]: runId, foreign: 'a\tb', bytes: Buffer.from([0xff, 0xfe, 0]) }
        const messages = [{ key: `${topic}-${name}`, value, headers }]
        await producer.send({ topic, compression: kafkajs.CompressionTypes.GZIP, messages })
      }
  } finally {
    await producer.disconnect()
  }
}

/** In Confluent's framing: 0, the schema's id, the bytes. */
function framed(schema: number, bytes: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeInt32BE(schema, 1)
  return Buffer.concat([head, bytes])
}
