// Holds cli/prepare.ts: nothing is started on this machine where the servers are named.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { prepareKafka, prepareModel } from '../../cli/prepare.ts'
import type { Preparing } from '../../cli/prepare.ts'
import { messagesIn } from '../../cli/messages/choose.ts'
import { configSchema } from '../../configs/schema.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { kafkaConfig } from '../../stream/config.ts'

/** Preparations that fail as soon as they would show or start anything. */
const parts: Preparing = {
  stateDir: join(tmpdir(), `magpie-prepare-${process.pid}`),
  display: {
    say: (line) => assert.fail(line),
    show: () => assert.fail('a view was shown'),
    step: (line) => assert.fail(line),
    close: () => undefined,
  },
  messages: messagesIn('en'),
  log: silentLogger,
  signal: AbortSignal.abort(new Error('something was started')),
}

describe('prepareKafka', () => {
  const { KAFKA_BROKERS: given } = process.env
  beforeEach(() => {
    delete process.env['KAFKA_BROKERS']
  })
  afterEach(() => {
    if (given === undefined) delete process.env['KAFKA_BROKERS']
    else process.env['KAFKA_BROKERS'] = given
    assert.equal(existsSync(parts.stateDir), false)
  })

  it('takes the brokers of KAFKA_BROKERS, before those of the config', async () => {
    process.env['KAFKA_BROKERS'] = 'one:9092, two:9093'
    const { brokers } = await prepareKafka(kafkaConfig.parse({ brokers: ['three:9094'] }), parts)
    assert.deepEqual(brokers, ['one:9092', 'two:9093'])
  })

  it('takes the brokers of the config, with how to log in there', async () => {
    const address = await prepareKafka(kafkaConfig.parse({ brokers: ['three:9094'], clientId: 'me', ssl: true }), parts)
    assert.deepEqual(address, { brokers: ['three:9094'], clientId: 'me', ssl: true, sasl: null })
  })

  it('refuses a KAFKA_BROKERS that names no broker', async () => {
    process.env['KAFKA_BROKERS'] = 'http://one'
    await assert.rejects(prepareKafka(kafkaConfig.parse({}), parts), { name: 'UsageFault', message: /KAFKA_BROKERS/ })
  })
})

describe('prepareModel', () => {
  it('starts nothing where no endpoint is `local`, and leaves the config as it is', async () => {
    const answerer = { endpoints: [{ url: 'http://a:1' }], model: 'some/model' }
    const config = configSchema.parse({ name: 'a-run', roles: { answerer } })
    const loaded = { config, file: 'a.yaml', hash: '', json: '{}' }
    assert.equal(await prepareModel(loaded, parts), loaded)
    assert.equal(existsSync(parts.stateDir), false)
  })
})
