// A ClickHouse server behind TLS and a login: what gets there, and what is told when it does not.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Failure, UsageFault } from '../../../schemas/failure.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import { resolveServer, serverConfig } from '../../../sinks/clickhouse/address.ts'
import { openDatabase } from '../../../sinks/clickhouse/database.ts'
import { openServer } from '../../../sinks/clickhouse/server.ts'
import { makeCertificates } from '../../support/certificates.ts'
import type { Certificates } from '../../support/certificates.ts'
import { startTestServer } from '../../support/clickhouse-server.ts'
import type { TestServer } from '../../support/clickhouse-server.ts'
import { startTlsProxy } from '../../support/tls-proxy.ts'
import type { TlsProxy } from '../../support/tls-proxy.ts'

const PASSWORD = 'planted-click-pass'

describe('a ClickHouse server', () => {
  let folder = ''
  let certificates: Certificates
  let server: TestServer
  let url = ''
  const proxies: TlsProxy[] = []
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'magpie-server-'))
    certificates = makeCertificates(folder)
    server = await startTestServer({ users: [{ name: 'magpie', password: PASSWORD, grants: [] }] })
    url = new URL(server.url).origin
  })
  after(async () => {
    for (const proxy of proxies) proxy.close()
    await server.close()
    await rm(folder, { recursive: true, force: true })
  })

  const proxied = async (name: 'server' | 'expired', isMutual = false): Promise<string> => {
    const { cert, key } = certificates[name]
    const asking = isMutual ? { requestCert: true, ca: readFileSync(certificates.ca) } : {}
    const proxy = await startTlsProxy(url, { cert: readFileSync(cert), key: readFileSync(key), ...asking })
    proxies.push(proxy)
    return proxy.url
  }
  const open = (environment: Record<string, string>) => {
    const address = resolveServer(undefined, environment)
    assert.ok(address)
    return openServer(address)
  }
  const login = { CLICKHOUSE_USER: 'magpie', CLICKHOUSE_PASSWORD: PASSWORD }

  it('is reached by TLS with user, password and a certificate of our own', async () => {
    const { ca, client } = certificates
    const files = { CLICKHOUSE_CA: ca, CLICKHOUSE_CERT: client.cert, CLICKHOUSE_KEY: client.key }
    for (const environment of [{ CLICKHOUSE_URL: await proxied('server', true), ...files }, { CLICKHOUSE_URL: url }]) {
      const database = open({ ...login, ...environment })
      assert.deepEqual(await database.rows('SELECT currentUser() AS user'), [{ user: 'magpie' }])
      await database.close()
    }
  })

  it('tells what is wrong with certificates, as a state that passes: rows wait for it', async () => {
    const cases: [string, Record<string, string>, RegExp][] = [
      [await proxied('server'), { CLICKHOUSE_CA: certificates.otherCa }, /not signed by an authority/],
      [await proxied('server'), {}, /not signed by an authority/],
      [await proxied('expired'), { CLICKHOUSE_CA: certificates.ca }, /has expired/],
      [url.replace('http:', 'https:'), { CLICKHOUSE_CA: certificates.ca }, /speaks no TLS/],
    ]
    for (const [address, files, saying] of cases) {
      const database = open({ CLICKHOUSE_URL: address, ...files, ...login })
      await assert.rejects(
        database.query('SELECT 1'),
        (error) =>
          error instanceof Failure &&
          error.code === 'clickhouse-tls' &&
          error.retry === 'transient' &&
          saying.test(error.message),
      )
      await database.close()
    }
  })

  it('that refuses at the start is a fault of the config, told without the password', async () => {
    const secret = 'wrong-click-pass'
    const withPassword = url.replace('//', `//magpie:${secret}@`)
    const opening = openDatabase({ url: withPassword, stateDir: folder, role: 'reader', log: silentLogger })
    await assert.rejects(opening, (error) => {
      assert.ok(error instanceof UsageFault)
      assert.match(error.message, /refuses the login: .*set CLICKHOUSE_USER and CLICKHOUSE_PASSWORD/)
      assert.ok(!error.message.includes(secret), error.message)
      assert.ok(!error.message.includes(Buffer.from(`magpie:${secret}`).toString('base64').replace(/=+$/, '')))
      return true
    })
    const strange = openDatabase({
      ...{ url: await proxied('server'), stateDir: folder, role: 'owner', log: silentLogger },
    })
    await assert.rejects(strange, (error) => error instanceof UsageFault && /CLICKHOUSE_CA/.test(error.message))
  })

  it('is named by the environment first, then by the config; secrets by the names of their variables', () => {
    const config = serverConfig.parse({ url: 'https://a:8443/db', userEnv: 'ME', passwordEnv: 'MINE' })
    const found = resolveServer(config, { ME: 'u', MINE: 'p' })
    assert.deepEqual(found, { url: 'https://a:8443/db', user: 'u', password: 'p', tls: undefined })
    assert.equal(resolveServer(config, { CLICKHOUSE_URL: 'http://b:8123' })?.url, 'http://b:8123')
    assert.equal(resolveServer(undefined, {}), null)
    assert.ok(!serverConfig.safeParse({ password: 'p' }).success)
    assert.ok(!serverConfig.safeParse({ url: 'tcp://a:9000' }).success)
    assert.throws(
      () => resolveServer(undefined, { CLICKHOUSE_URL: 'me:hunter2@a' }),
      (error) => {
        assert.ok(error instanceof UsageFault && !error.message.includes('hunter2'))
        return true
      },
    )
    const files = { CLICKHOUSE_URL: 'https://a', CLICKHOUSE_CA: '/not/there' }
    assert.throws(() => resolveServer(undefined, files), /CLICKHOUSE_CA: \/not\/there cannot be read/)
  })
})
