// The kafka section of the config, and what becomes of it with the environment.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UsageFault } from '../../schemas/failure.ts'
import { kafkaConfig, resolveKafka } from '../../stream/config.ts'

describe('kafka config', () => {
  it('is whole without a word', () => {
    assert.deepEqual(kafkaConfig.parse({}), {
      clientId: 'magpie',
      ssl: false,
      replicationFactor: -1,
      journal: true,
      topics: {},
    })
  })

  it('refuses what it does not know', () => {
    assert.ok(!kafkaConfig.safeParse({ broker: 'a:1' }).success)
    assert.ok(!kafkaConfig.safeParse({ brokers: ['http://a:1'] }).success)
    assert.ok(!kafkaConfig.safeParse({ topics: { smapled: {} } }).success)
    assert.ok(!kafkaConfig.safeParse({ sasl: { mechanism: 'plain', username: 'u', password: 'p' } }).success)
    assert.deepEqual(kafkaConfig.parse({ topics: { sampled: { partitions: 3 } } }).topics, {
      sampled: { partitions: 3 },
    })
  })

  it('takes brokers from the environment first, then from the config, else leaves them open', () => {
    const config = kafkaConfig.parse({ brokers: ['a:1'] })
    assert.deepEqual(resolveKafka(config, { KAFKA_BROKERS: 'b:2, c:3' }).brokers, ['b:2', 'c:3'])
    assert.deepEqual(resolveKafka(config, { KAFKA_BROKERS: '' }).brokers, ['a:1'])
    assert.equal(resolveKafka(kafkaConfig.parse({}), {}).brokers, null)
    for (const wrong of ['b', 'b:', 'b:0', 'b:65536', 'b:9092x', 'u:p@b:9092']) {
      assert.throws(() => resolveKafka(config, { KAFKA_BROKERS: `c:65535,${wrong}` }), {
        message: /^KAFKA_BROKERS: .*: must be host:port, with a port from 1 to 65535;[^]*$/,
      })
      assert.ok(!kafkaConfig.safeParse({ brokers: [wrong] }).success, wrong)
    }
  })

  it('reads login and certificates, and says all that is wrong with them at once', () => {
    const config = kafkaConfig.parse({
      sasl: { mechanism: 'scram-sha-512', usernameEnv: 'KAFKA_USER', passwordEnv: 'KAFKA_PASSWORD' },
    })
    const found = resolveKafka(config, { KAFKA_USER: 'u', KAFKA_PASSWORD: 'p' })
    assert.deepEqual(found.sasl, { mechanism: 'scram-sha-512', username: 'u', password: 'p' })
    const broken = kafkaConfig.parse({ ...config, ssl: { ca: '/not/there' } })
    assert.throws(
      () => resolveKafka(broken, { KAFKA_BROKERS: 'nonsense' }),
      (error) =>
        error instanceof UsageFault &&
        error.faults.length === 4 &&
        error.faults.every((each) => /KAFKA_|\/not\/there/.test(each)),
    )
  })

  it('takes login and certificates from the environment where the config has none', () => {
    const config = kafkaConfig.parse({})
    const login = { KAFKA_SASL_MECHANISM: 'SCRAM-SHA-256', KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'p' }
    assert.deepEqual(resolveKafka(config, login).sasl, { mechanism: 'scram-sha-256', username: 'u', password: 'p' })
    assert.equal(resolveKafka(config, { KAFKA_SSL: 'true' }).ssl, true)
    assert.throws(
      () => resolveKafka(config, { KAFKA_SASL_MECHANISM: 'gssapi' }),
      /KAFKA_SASL_MECHANISM: must be one of/,
    )
    assert.throws(
      () => resolveKafka(config, { KAFKA_SSL_CA: '/not/there' }),
      /KAFKA_SSL_CA: \/not\/there cannot be read/,
    )
  })

  it('never repeats a name or password that stands before a host', () => {
    assert.throws(
      () => resolveKafka(kafkaConfig.parse({}), { KAFKA_BROKERS: 'me:hunter2@broker:9092' }),
      (error) => error instanceof UsageFault && !error.message.includes('hunter2') && /kafka\.sasl/.test(error.message),
    )
    assert.ok(!kafkaConfig.safeParse({ brokers: ['me:hunter2@broker:9092'] }).success)
  })
})
