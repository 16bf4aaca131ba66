// The doors of a real broker: TLS, a client's certificate, logins. The right way is let in; each wrong one is told at
// once what to change, as a fault of the config, and never with the password.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { Failure, UsageFault } from '../../schemas/failure.ts'
import { silentLogger } from '../../schemas/logger.ts'
import type { KafkaAddress } from '../../stream/config.ts'
import { connectKafka } from '../../stream/kafka.ts'
import { createSender } from '../../stream/sender.ts'
import { readTopic } from '../../stream/read-topic.ts'
import { startSecureKafka } from '../support/secure-kafka.ts'
import type { Listener, SecureKafka } from '../support/secure-kafka.ts'

const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const
const WRONG = 'wrong-pass-word'

describe('the doors of a broker', () => {
  let kafka: SecureKafka
  before(async () => {
    kafka = await startSecureKafka()
  })
  after(async () => {
    await kafka.stop()
  })

  const text = (path: string): string => readFileSync(path, 'utf8')
  const tls = () => ({ ca: text(kafka.certificates.ca), rejectUnauthorized: true })
  const mutual = () => {
    const { cert, key } = kafka.certificates.client
    return { ...tls(), cert: text(cert), key: text(key) }
  }
  const login = (mechanism: (typeof MECHANISMS)[number], password = kafka.password) => ({
    mechanism,
    username: kafka.user,
    password,
  })
  type Way = Partial<Pick<KafkaAddress, 'ssl' | 'sasl'>>
  const knock = async (listener: Listener, way: Way): Promise<void> => {
    const connection = connectKafka({ brokers: [kafka.at[listener]], ...way, log: silentLogger })
    try {
      await connection.ask('listing topics', (admin) => admin.listTopics())
    } finally {
      await connection.close()
    }
  }
  const refused = async (listener: Listener, way: Way, saying: RegExp): Promise<void> => {
    await assert.rejects(knock(listener, way), (error: Error) => {
      assert.ok(error instanceof UsageFault, error.stack)
      assert.match(error.message, saying)
      assert.ok(!error.message.includes(kafka.password) && !error.message.includes(WRONG))
      return true
    })
  }

  it('open to TLS with the right authority, and to the right certificate', async () => {
    await knock('tls', { ssl: tls() })
    await knock('mutual', { ssl: mutual() })
  })

  it('open to every kind of login, with TLS and without', async () => {
    for (const mechanism of MECHANISMS) {
      await knock('login', { ssl: tls(), sasl: login(mechanism) })
      await knock('plainlogin', { sasl: login(mechanism) })
    }
  })

  it('records go through TLS and a login, there and back', async () => {
    const connection = connectKafka({
      brokers: [kafka.at.login],
      ssl: tls(),
      sasl: login('scram-sha-512'),
      log: silentLogger,
    })
    const topics = [{ topic: 'safe', numPartitions: 1 }]
    await connection.ask('creating', (admin) => admin.createTopics({ waitForLeaders: true, topics }))
    const sender = await createSender(connection, silentLogger)
    await sender.send([{ topic: 'safe', key: Buffer.from('k'), value: Buffer.from('v') }])
    const found: string[] = []
    for await (const { value } of readTopic(connection, { topic: 'safe', signal: AbortSignal.timeout(30_000) }))
      found.push(String(value))
    assert.deepEqual(found, ['v'])
    await sender.close()
    await connection.close()
  })

  for (const mechanism of MECHANISMS) {
    it(`closed to a wrong password by ${mechanism}`, async () => {
      await refused('login', { ssl: tls(), sasl: login(mechanism, WRONG) }, /^kafka\.sasl: .* refuses the login/)
    })
  }

  it('closed to an authority that did not sign, and to that of the system', async () => {
    const ca = text(kafka.certificates.otherCa)
    await refused('tls', { ssl: { ca, rejectUnauthorized: true } }, /kafka\.ssl: .* not signed by an authority .* ca /)
    await refused('tls', { ssl: true }, /kafka\.ssl: .* not signed by an authority/)
  })

  it('closed by a certificate that has expired', async () => {
    await refused('expired', { ssl: tls() }, /kafka\.ssl: .* has expired/)
  })

  it('closed to who speaks plain text to TLS, and TLS to plain text', async () => {
    await refused('tls', {}, /kafka\.ssl: .* speaks TLS, and the config does not/)
    await refused('login', { sasl: login('plain') }, /kafka\.ssl: .* speaks TLS/)
    await refused('open', { ssl: tls() }, /kafka\.ssl: .* speaks no TLS/)
  })

  it('closed to who has no certificate, or no login, where one is asked for', async () => {
    await refused('mutual', { ssl: tls() }, /kafka\.ssl: .* refuses our certificate, or misses one/)
    await refused('login', { ssl: tls() }, /kafka\.sasl: .* has not logged in/)
    await refused('plainlogin', {}, /kafka\.sasl: .* has not logged in/)
  })

  it('closed to a login where nobody asks for one', async () => {
    await refused('open', { sasl: login('plain') }, /kafka\.sasl: .* refuses the login/)
  })

  it('a broker that is away is an outage, and no fault of the config', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const connection = connectKafka({ brokers: [`127.0.0.1:${port}`], ssl: tls(), log: silentLogger })
    await assert.rejects(
      connection.ask('listing topics', (admin) => admin.listTopics()),
      (error) => error instanceof Failure && error.retry === 'transient',
    )
    await connection.close()
  })
})
