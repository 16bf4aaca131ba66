// The Confluent registry's door: a login by the environment, and refusals that end the command and keep the password.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { Failure, UsageFault } from '../../schemas/failure.ts'
import { readConfluentRegistry } from '../../schemas/registry.ts'

const PASSWORD = 'planted-registry-pass'

describe('a schema registry', () => {
  const asked: IncomingMessage[] = []
  let status = 500
  const server = createServer((request, response) => {
    asked.push(request)
    request.resume()
    response.writeHead(status).end(`you said ${String(request.headers.authorization)} and ${PASSWORD}`)
  })
  let url = ''
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(() => server.close())

  const refusal = async (address: string, environment: Record<string, string> = {}): Promise<Error> => {
    let caught: unknown
    await readConfluentRegistry(address, environment).catch((error: unknown) => {
      caught = error
    })
    assert.ok(caught instanceof Error)
    assert.ok(!caught.message.includes(PASSWORD), caught.message)
    assert.ok(!caught.message.includes(Buffer.from(`me:${PASSWORD}`).toString('base64').replace(/=+$/, '')))
    return caught
  }

  it('gets the login of the environment, else that of the URL', async () => {
    const header = `Basic ${Buffer.from(`me:${PASSWORD}`).toString('base64')}`
    const failure = await refusal(url, { SCHEMA_REGISTRY_USER: 'me', SCHEMA_REGISTRY_PASSWORD: PASSWORD })
    assert.ok(failure instanceof Failure && failure.retry === 'transient')
    assert.match(failure.message, /you said Basic \[redacted\] and \[redacted\]/)
    await refusal(url.replace('//', `//me:${PASSWORD}@`))
    assert.deepEqual(
      asked.map(({ headers }) => headers.authorization),
      [header, header],
    )
  })

  it('that refuses the login ends the command', async () => {
    status = 401
    const fault = await refusal(url, { SCHEMA_REGISTRY_USER: 'me', SCHEMA_REGISTRY_PASSWORD: PASSWORD })
    assert.ok(fault instanceof UsageFault)
    assert.match(fault.message, /refuses the login \(401\); set SCHEMA_REGISTRY_USER/)
  })

  it('that is no URL is not repeated', async () => {
    const fault = await refusal(`me:${PASSWORD}@registry`)
    assert.ok(fault instanceof UsageFault)
  })
})
