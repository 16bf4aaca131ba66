// The kafka section of the config, and what becomes of it with the environment.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UsageFault } from '../../schemas/failure.ts'
import { kafkaConfig, resolveKafka } from '../../stream/config.ts'

describe('kafka config', () => {
  it('is whole without a word', () => {
    assert.deepEqual(kafkaConfig.parse({}), { clientId: 'magpie', ssl: false, replicationFactor: -1, topics: {} })
  })

  it('refuses what it does not know', () => {
    assert.ok(!kafkaConfig.safeParse({ broker: 'a:1' }).success)
    assert.ok(!kafkaConfig.safeParse({ brokers: ['http://a:1'] }).success)
    assert.ok(!kafkaConfig.safeParse({ topics: { smapled: {} } }).success)
    assert.ok(!kafkaConfig.safeParse({ sasl: { mechanism: 'plain', username: 'u', password: 'p' } }).success)
    assert.deepEqual(kafkaConfig.parse({ topics: { sampled: { partitions: 3 } } }).topics, {
      sampled: { partitions: 3, retentionMs: -1 },
    })
  })

  it('takes brokers from the environment first, then from the config, else leaves them open', () => {
    const config = kafkaConfig.parse({ brokers: ['a:1'] })
    assert.deepEqual(resolveKafka(config, { KAFKA_BROKERS: 'b:2, c:3' }).brokers, ['b:2', 'c:3'])
    assert.deepEqual(resolveKafka(config, { KAFKA_BROKERS: '' }).brokers, ['a:1'])
    assert.equal(resolveKafka(kafkaConfig.parse({}), {}).brokers, null)
  })

  it('reads login and certificates, and says all that is wrong with them at once', () => {
    const config = kafkaConfig.parse({
      sasl: { mechanism: 'scram-sha-512', usernameEnv: 'KAFKA_USER', passwordEnv: 'KAFKA_PASSWORD' },
      ssl: { ca: import.meta.filename },
    })
    const found = resolveKafka(config, { KAFKA_USER: 'u', KAFKA_PASSWORD: 'p' })
    assert.deepEqual(found.sasl, { mechanism: 'scram-sha-512', username: 'u', password: 'p' })
    assert.match((found.ssl as { ca: string }).ca, /kafka section/)
    const broken = kafkaConfig.parse({ ...config, ssl: { ca: '/not/there' } })
    assert.throws(
      () => resolveKafka(broken, { KAFKA_BROKERS: 'nonsense' }),
      (error) =>
        error instanceof UsageFault &&
        error.faults.length === 4 &&
        error.faults.every((each) => /KAFKA_|\/not\/there/.test(each)),
    )
  })
})
