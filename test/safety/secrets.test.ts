// No secret in anything that a run writes. Secrets of every sort are planted in the environment of real commands: broker
// with a login, model servers that quote keys in their errors, a registry, dead letters, Ctrl-C, the debug log. Then
// everything is searched: the terminal, the state folder, the data sets, the topics through a consumer, the tables.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { silentLogger } from '../../schemas/logger.ts'
import { openDatabase } from '../../sinks/clickhouse/database.ts'
import { connectKafka } from '../../stream/kafka.ts'
import { readTopic } from '../../stream/read-topic.ts'
import { topicNames } from '../../stream/topics-admin.ts'
import { openWorkshop, query, simulatedConfig } from '../support/end-to-end.ts'
import type { Workshop } from '../support/end-to-end.ts'
import { startQuotingGateway } from '../support/quoting-gateway.ts'
import type { QuotingGateway } from '../support/quoting-gateway.ts'
import { startSchemaRegistry } from '../support/schema-registry.ts'
import type { TestRegistry } from '../support/schema-registry.ts'
import { startSecureKafka } from '../support/secure-kafka.ts'
import type { SecureKafka } from '../support/secure-kafka.ts'
import { until } from '../support/stream.ts'

const PLANTED = {
  endpoint: 'sk-planted-endpoint-7f3a9c51',
  header: 'planted-header-5d1e88b2',
  sasl: 'planted-sasl-2b9c44e7',
  clickhouse: 'planted-clickhouse-91ab02fd',
  huggingface: 'hf_plantedhuggingface30cc17',
  registry: 'planted-registry-c0ffee42',
}
/** As they are, and as Basic headers and SASL PLAIN carry them. */
const FORMS = Object.values(PLANTED).flatMap((secret) => [
  secret,
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  ...['alice', 'magpie', 'registrar'].map((user) =>
    Buffer.from(`${user}:${secret}`).toString('base64').replace(/=+$/, ''),
  ),
])

const TOTAL = 40

describe('the secrets of a run', () => {
  let kafka: SecureKafka
  let workshop: Workshop
  let gateway: QuotingGateway
  let registry: TestRegistry
  let environment: NodeJS.ProcessEnv
  const said: string[] = []

  before(async () => {
    kafka = await startSecureKafka(PLANTED.sasl)
    workshop = await openWorkshop({ brokers: kafka.at.open, stop: () => kafka.stop() })
    const front = await workshop.serve({ slots: 16, medianMs: 40 })
    gateway = await startQuotingGateway(front.url, 70)
    registry = await startSchemaRegistry('registrar', PLANTED.registry)
    environment = {
      KAFKA_BROKERS: kafka.at.login,
      MY_BROKER_USER: kafka.user,
      MY_BROKER_WORD: PLANTED.sasl,
      MY_MODEL: PLANTED.endpoint,
      MY_GATE: PLANTED.header,
      CLICKHOUSE_PASSWORD: PLANTED.clickhouse,
      HF_TOKEN: PLANTED.huggingface,
      SCHEMA_REGISTRY_URL: registry.url,
      MAGPIE_LOG_LEVEL: 'debug',
      SIMULATOR_PORT: new URL(gateway.url).port,
    }
    const access = 'keyEnv: MY_MODEL, headersEnv: { X-Gate: MY_GATE }'
    const config = readFileSync(simulatedConfig, 'utf8').replaceAll(/(\{ url: '[^']+') \}/g, `$1, ${access} }`)
    const login = '{ mechanism: scram-sha-512, usernameEnv: MY_BROKER_USER, passwordEnv: MY_BROKER_WORD }'
    const broker = `kafka:\n  ssl: { ca: ${kafka.certificates.ca} }\n  sasl: ${login}\n`
    writeFileSync(join(workshop.folder, 'safe.yaml'), `${config}\n${broker}`)
  })
  after(async () => {
    gateway.close()
    registry.close()
    await workshop.close()
  })

  const magpie = async (argv: readonly string[]): Promise<number | null> => {
    const { code, out, error } = await workshop.magpie(argv, environment).ended
    said.push(out, error)
    return code
  }
  const run = ['run', '-c', 'safe.yaml', '--run', 'safe', '--total', String(TOTAL)]
  const assertClean = (text: string, where: string): void => {
    for (const form of FORMS) {
      const at = text.indexOf(form)
      assert.equal(at, -1, `${where} holds ${form}: …${text.slice(Math.max(0, at - 200), at + 60)}`)
    }
  }

  it('are used by it', async () => {
    const first = workshop.magpie(run, environment)
    await until(
      () => gateway.quoted() > 2,
      () => first.said(),
      180,
    )
    first.signal('SIGINT')
    const { code, out, error } = await first.ended
    assert.equal(code, 130, error)
    said.push(out, error)
    assert.equal(await magpie(run), 0, said.at(-1))
    const dead = await query<{ message: string }>(workshop, 'SELECT message FROM dead_letters FINAL')
    assert.ok(dead.length > 0, 'errors that quote the key became dead letters')
    assert.ok(dead.some(({ message }) => message.includes('Incorrect API key provided: Bearer [redacted]')))
  })

  it('are not in what its commands say', async () => {
    assert.equal(await magpie(['report', '--json']), 0)
    assert.equal(await magpie(['report']), 0)
    for (const text of said) assertClean(text, 'the terminal')
  })

  it('are in no file of the state folder and the data sets', () => {
    let files = 0
    for (const name of readdirSync(workshop.folder, { recursive: true, encoding: 'utf8' })) {
      const path = join(workshop.folder, name)
      if (!statSync(path).isFile()) continue
      files += 1
      assertClean(readFileSync(path, 'latin1'), path)
    }
    assert.ok(files > 20, `only ${files} files`)
    const log = readFileSync(join(workshop.folder, '.magpie', 'logs', 'safe.jsonl'), 'utf8')
    assert.match(log, /"level":20/, 'the debug log is among them')
  })

  it('are in no row of any table', async () => {
    const stateDir = join(workshop.folder, '.magpie')
    const database = await openDatabase({ url: '', stateDir, role: 'reader', log: silentLogger })
    const tables = await database.rows<{ name: string }>('SHOW TABLES')
    assert.ok(tables.length > 10)
    for (const { name } of tables)
      assertClean(await database.query(`SELECT * FROM ${name}`, { format: 'JSONEachRow' }), `table ${name}`)
    await database.close()
  })

  it('are in no message of any topic: key, value or header', async () => {
    const connection = connectKafka({ brokers: [kafka.at.open], log: silentLogger })
    let messages = 0
    for (const topic of await topicNames(connection)) {
      for await (const message of readTopic(connection, { topic, signal: AbortSignal.timeout(180_000) })) {
        messages += 1
        assertClean(`${message.key} ${message.value.toString('latin1')} ${JSON.stringify(message.headers)}`, topic)
      }
    }
    await connection.close()
    assert.ok(messages > TOTAL)
  })

  it('are private: nobody else of the machine reads the state folder', () => {
    for (const name of ['.magpie', '.magpie/logs', '.magpie/clickhouse'])
      assert.equal(statSync(join(workshop.folder, name)).mode & 0o077, 0, name)
    assert.equal(statSync(join(workshop.folder, '.magpie/logs/safe.jsonl')).mode & 0o077, 0)
  })

  it('that are wrong end the command at once, with code 2', async () => {
    const wrong = { ...environment, MY_BROKER_WORD: 'not-the-password' }
    const { code, error } = await workshop.magpie([...run, '--run', 'wrong'], wrong).ended
    assert.equal(code, 2, error)
    assert.match(error, /kafka\.sasl: .* refuses the login by scram-sha-512/)
    assert.ok(!error.includes('not-the-password'))
  })

  it('are not repeated where a config or an option holds one', async () => {
    const text = readFileSync(join(workshop.folder, 'safe.yaml'), 'utf8')
    const literal = text.replaceAll('keyEnv: MY_MODEL', `key: ${PLANTED.endpoint}`)
    writeFileSync(join(workshop.folder, 'literal.yaml'), literal)
    const inUrl = `http://me:${PLANTED.endpoint}@127.0.0.1:1`
    for (const more of [
      ['-c', 'literal.yaml'],
      ['-c', 'safe.yaml', '--endpoint', inUrl],
      ['-c', 'safe.yaml', '--endpoint', `http://127.0.0.1:1/v1?api_key=${PLANTED.endpoint}`],
      [
        ...['-c', 'safe.yaml'],
        ...['--set', `kafka.brokers=["me:${PLANTED.sasl}@broker:9092"]`],
        ...['--set', `kafka.sasl.passwordEnv=${PLANTED.sasl}`],
        ...['--set', `roles.answerer.endpoints=[{ url: "${inUrl}"`],
        ...['--set', `sinks.clickhouse.server.url=https://me:${PLANTED.clickhouse}@host`],
      ],
    ]) {
      const { code, out, error } = await workshop.magpie(['run', ...more, '--total', '1'], environment).ended
      assert.equal(code, 2, `${more.join(' ')}: ${error}`)
      assertClean(out + error, more.join(' '))
    }
  })
})
