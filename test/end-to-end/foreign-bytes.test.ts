// Bytes on the topics that are no records, of somebody who wrote there by mistake: a run starts and finishes all the
// same, and what carries its name becomes a dead letter. On a broker of its own: other runs would meet the bytes too.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { silentLogger } from '../../schemas/logger.ts'
import { TOPIC_NAMES } from '../../schemas/topics.ts'
import { DEAD_LETTER_HEADERS } from '../../stream/dead-letters.ts'
import { RUN_HEADER, stamp } from '../../stream/outgoing.ts'
import { createSender } from '../../stream/sender.ts'
import type { Sender } from '../../stream/sender.ts'
import { ensureTopics } from '../../stream/topics-admin.ts'
import type { Workshop } from '../support/end-to-end.ts'
import { messagesOf, openWorkshop, recordsOf, runName, simulatedConfig } from '../support/end-to-end.ts'
import { startOwnKafka } from '../support/kafka.ts'

const TOTAL = 20
const GARBAGE = Buffer.from('no Avro at all')

describe('bytes that are no records', () => {
  let workshop: Workshop
  let sender: Sender
  before(async () => {
    workshop = await openWorkshop(await startOwnKafka())
    sender = await createSender(workshop.connection, silentLogger)
    const topics = Object.fromEntries(TOPIC_NAMES.map((name) => [name, { partitions: 2 }]))
    await ensureTopics(workshop.connection, { revision: 'main', topics })
    await sender.send(
      (['problems', 'screened', 'runs'] as const).flatMap((topic) => [
        { topic, key: 'a', value: GARBAGE },
        { topic, key: 'b', value: Buffer.alloc(0) },
        { topic, key: 'c', value: Buffer.alloc(300, 0xff) },
      ]),
    )
  })
  after(async () => {
    await sender.close()
    await workshop.close()
  })

  it('do not keep a run from starting and finishing; its own become dead letters', async () => {
    const name = runName('foreign-bytes')
    const front = await workshop.serve({ slots: 16, medianMs: 200 })
    const command = workshop.magpie(
      ['run', '-c', simulatedConfig, '--run', name, '--total', String(TOTAL), '--out', name],
      { SIMULATOR_PORT: new URL(front.url).port },
    )
    await command.says(/20 problems wanted/)
    await sender.send([
      stamp({ topic: 'problems', key: 'mine', value: GARBAGE }, { runId: name, revision: 'main' }),
      // Of nobody: the run's readers of every kind meet it while they work.
      { topic: 'runs', key: 'nobody', value: GARBAGE },
    ])
    const { code, error } = await command.ended
    assert.equal(code, 0, error)

    const byStage = new Map(
      (await messagesOf(workshop, name, 'dead-letters'))
        .filter(({ key }) => key === 'mine')
        .map((message) => [message.headers[DEAD_LETTER_HEADERS.stage], message]),
    )
    const dead = byStage.get('screen')
    assert.ok(dead !== undefined, `dead letters of ${[...byStage.keys()].join(', ')}`)
    assert.deepEqual(dead.value, GARBAGE)
    assert.equal(dead.headers[RUN_HEADER], name)
    assert.equal(dead.headers[DEAD_LETTER_HEADERS.code], 'undecodable')
    assert.equal(dead.headers[DEAD_LETTER_HEADERS.topic], 'problems')

    // Every problem has its one end all the same.
    const rejections = await recordsOf(workshop, name, 'rejections', 'Rejection')
    const ends = new Set(rejections.map(({ problemId }) => problemId))
    for (const topic of ['sft', 'preferences'] as const)
      for (const { key } of await messagesOf(workshop, name, topic)) ends.add(key)
    assert.equal(ends.size, TOTAL)
  })
})
