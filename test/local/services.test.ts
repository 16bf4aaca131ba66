// Both services of a state folder through the command line's functions, and two folders beside one another.
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { servicesDown, servicesStatus, servicesUp } from '../../local/services.ts'
import { silentLogger } from '../../schemas/logger.ts'

describe('services', () => {
  let first = ''
  let second = ''

  before(async () => {
    first = await mkdtemp(join(tmpdir(), 'magpie-services-'))
    second = await mkdtemp(join(tmpdir(), 'magpie-services-'))
  })

  after(async () => {
    for (const stateDir of [first, second]) {
      await servicesDown({ stateDir })
      await rm(stateDir, { recursive: true, force: true })
    }
  })

  it('looks without leaving a trace', async () => {
    const status = await servicesStatus({ stateDir: first })
    assert.deepEqual(
      status.map(({ service, state }) => `${service} ${state}`),
      ['kafka stopped', 'model stopped'],
    )
    assert.deepEqual(await servicesDown({ stateDir: first }), [])
    assert.deepEqual(await readdir(first), [])
  })

  it('starts, tells and stops those of one folder and leaves the other alone', async () => {
    const only = ['kafka'] as const
    const [one] = await servicesUp({ stateDir: first, only, log: silentLogger })
    const [other] = await servicesUp({ stateDir: second, only, log: silentLogger })
    assert.ok(one !== undefined && other !== undefined)
    assert.notEqual(one.pid, other.pid)
    assert.notEqual(one.port, other.port)
    assert.equal(one.state, 'running')
    assert.equal(one.address, `127.0.0.1:${one.port ?? 0}`)
    assert.ok(one.memory !== null && one.memory > 50 * 1024 ** 2)
    assert.ok(one.uptimeSeconds !== null)
    assert.deepEqual(await servicesDown({ stateDir: first }), ['kafka'])
    assert.equal((await servicesStatus({ stateDir: first, only }))[0]?.state, 'stopped')
    assert.equal((await servicesStatus({ stateDir: second, only }))[0]?.pid, other.pid)
  })
})
