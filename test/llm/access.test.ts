// The ways into a model server: a key, headers, certificates. Against the simulator behind a TLS port of its own.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { readAccess } from '../../llm/access.ts'
import { checkEndpoints } from '../../llm/check-endpoints.ts'
import { systemClock } from '../../llm/clock.ts'
import { endpointConfig, roleConfig } from '../../llm/config.ts'
import { createEngineClient } from '../../llm/engine-client.ts'
import { EngineFailure } from '../../llm/engine-failure.ts'
import { createInvented } from '../../local/engine/invented.ts'
import { startFront } from '../../local/engine/front.ts'
import type { Front } from '../../local/engine/front.ts'
import { silentLogger } from '../../schemas/logger.ts'
import type { TlsConfig } from '../../schemas/tls.ts'
import { makeCertificates } from '../support/certificates.ts'
import type { Certificates } from '../support/certificates.ts'
import { startTlsProxy } from '../support/tls-proxy.ts'
import type { TlsProxy } from '../support/tls-proxy.ts'

const KEY = 'sk-planted-key-0123456789'
const { signal } = new AbortController()

describe('the way into a model server', () => {
  let folder = ''
  let certificates: Certificates
  let front: Front
  const proxies: TlsProxy[] = []
  const proxied = async (name: 'server' | 'expired', isMutual = false): Promise<string> => {
    const { cert, key } = certificates[name]
    const own = { cert: readFileSync(cert), key: readFileSync(key) }
    const asking = isMutual ? { requestCert: true, ca: readFileSync(certificates.ca) } : {}
    const proxy = await startTlsProxy(front.url, { ...own, ...asking })
    proxies.push(proxy)
    return proxy.url
  }
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'magpie-access-'))
    certificates = makeCertificates(folder)
    front = await startFront({
      ...{ engine: createInvented({}), port: 0, slots: 4, latency: { medianMs: 0, sigma: 0 } },
      ...{ log: silentLogger, anyModel: true, apiKey: KEY },
    })
  })
  after(async () => {
    for (const proxy of proxies) proxy.close()
    await front.close()
    await rm(folder, { recursive: true, force: true })
  })

  const check = async (url: string, tls?: Partial<TlsConfig>, key = KEY) => {
    const endpoint = endpointConfig.parse({ url, keyEnv: 'MY_KEY', tls })
    const roles = { answerer: roleConfig.parse({ model: 'any', endpoints: [endpoint] }) }
    const [found] = await checkEndpoints({ roles, rewarders: {}, signal, environment: { MY_KEY: key } })
    return found!
  }

  it('goes through TLS with the right authority, and with a certificate of our own', async () => {
    const { ca, client } = certificates
    assert.equal((await check(await proxied('server'), { ca })).error, null)
    const { cert, key } = client
    assert.equal((await check(await proxied('server', true), { ca, cert, key })).error, null)
  })

  it('says what is wrong with certificates', async () => {
    const { ca, otherCa } = certificates
    const cases: [string, Partial<TlsConfig> | undefined, RegExp][] = [
      [await proxied('server'), { ca: otherCa }, /not signed by an authority that is trusted here/],
      [await proxied('server'), undefined, /not signed by an authority that is trusted here/],
      [await proxied('expired'), { ca }, /has expired/],
      [front.url.replace('http:', 'https:'), { ca }, /speaks no TLS/],
    ]
    for (const [url, tls, saying] of cases) {
      const { error } = await check(url, tls)
      assert.equal(error?.code, 'tls', `${url}: ${error?.message ?? ''}`)
      assert.match(error.message, saying)
    }
  })

  it('tells a wrong key without repeating it', async () => {
    const { error } = await check(front.url, undefined, 'sk-another-key-987654321')
    assert.equal(error?.code, 'unauthorized')
    assert.ok(!error.message.includes('sk-another'))
  })

  it('sends headers by the names of their variables, and no answer that quotes a key keeps it', async () => {
    const seen: IncomingMessage['headers'][] = []
    const server = createServer((request, response) => {
      seen.push(request.headers)
      const said = `Incorrect API key provided: ${KEY}, header ${String(request.headers['x-gateway'])}`
      response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error: { message: said } }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const config = { keyEnv: 'MY_KEY', headersEnv: { 'X-Gateway': 'GATE' } }
    const { access, faults } = readAccess(config, { MY_KEY: KEY, GATE: 'open-sesame-123' })
    assert.deepEqual(faults, [])
    const client = createEngineClient({ url, ...access, clock: systemClock })
    await assert.rejects(client.models(signal), (error: Error) => {
      assert.ok(error instanceof EngineFailure)
      assert.match(error.message, /Incorrect API key provided: \[redacted\], header \[redacted\]/)
      return true
    })
    assert.equal(seen[0]?.['x-gateway'], 'open-sesame-123')
    assert.equal(seen[0].authorization, `Bearer ${KEY}`)
    await client.close()
    server.close()
  })

  it('refuses what no header can carry, and variables that are not set', () => {
    const { faults } = readAccess(
      { keyEnv: 'MY_KEY', headersEnv: { 'X-Gateway': 'NOT_THERE' }, tls: { ca: 'gone.pem', rejectUnauthorized: true } },
      { MY_KEY: `${KEY}\n` },
      folder,
    )
    assert.deepEqual(
      faults.map(({ path }) => path.join('.')),
      ['keyEnv', 'headersEnv.X-Gateway', 'tls.ca'],
    )
    assert.ok(faults.every(({ text }) => !text.includes(KEY)))
    assert.match(faults[2]!.text, new RegExp(join(folder, 'gone.pem')))
  })
})
