// The dashboard's server as clients meet it: the registry by our own client, hostile text, hostile requests.

import assert from 'node:assert/strict'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { codecOf } from '../../schemas/codec.ts'
import { permanent, UsageFault } from '../../schemas/failure.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { readRegistryFile } from '../../schemas/registry.ts'
import type { RegisteredSchema } from '../../schemas/registry.ts'
import type { DashboardData } from '../../web/api.ts'
import { guardOf } from '../../web/guard.ts'
import { startDashboard } from '../../web/server.ts'
import type { Dashboard } from '../../web/server.ts'
import { problem } from '../support/rows.ts'

const HOSTILE = '</script><script>alert(1)</script>\u0000\u001b[31m'

const data: DashboardData = {
  runs: () => Promise.resolve([{ id: 'r/main', run: HOSTILE, revision: 'main', state: 'running' }]),
  report: ({ run }) =>
    run === 'there' ? Promise.resolve({ run }) : Promise.reject(new UsageFault(`there is no run ${run ?? ''}`)),
  sql: (query) =>
    query.startsWith('SELECT')
      ? Promise.resolve({ columns: ['text'], rows: [[HOSTILE]] })
      : Promise.reject(permanent('sql-refused', 'only reading statements')),
}

describe('the dashboard', () => {
  let dashboard: Dashboard
  const start = (port = 0) =>
    startDashboard({ host: '127.0.0.1', port, guard: guardOf('127.0.0.1', null, 'T', []), data, log: silentLogger })
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(dashboard.url + path, init)
    return { status: response.status, headers: response.headers, body: await response.text() }
  }
  const json = async (path: string) => JSON.parse((await ask(path)).body) as unknown
  const sql = (body: string, headers: Record<string, string> = {}) =>
    ask('/api/sql', { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })

  before(async () => {
    dashboard = await start()
  })
  after(async () => {
    await dashboard.close()
  })

  it('gives schemas by which records are read as our own codec reads them', async () => {
    const subjects = (await json('/subjects')) as string[]
    const entries: RegisteredSchema[] = []
    for (const subject of subjects) {
      for (const version of (await json(`/subjects/${subject}/versions`)) as number[]) {
        const entry = (await json(`/subjects/${subject}/versions/${version}`)) as { id: number; schema: string }
        const byId = (await json(`/schemas/ids/${entry.id}`)) as { schema: string }
        assert.equal(byId.schema, entry.schema)
        assert.deepEqual(await json(`/schemas/ids/${entry.id}/versions`), [{ subject, version }])
        entries.push({ id: entry.id, subject, version, schema: JSON.parse(entry.schema) as RegisteredSchema['schema'] })
      }
    }
    assert.equal(entries.length, readRegistryFile().length)
    const ours = codecOf(readRegistryFile())
    const theirs = codecOf(entries)
    assert.deepEqual(theirs.decode('Problem', ours.encode('Problem', problem(0))).id, problem(0).id)
    const latest = (await json('/subjects/magpie.Problem/versions/latest')) as { version: number }
    assert.deepEqual([latest.version], ((await json('/subjects/magpie.Problem/versions')) as number[]).slice(-1))
  })

  it('says what a registry says of what is not there', async () => {
    for (const [path, code] of [
      ['/subjects/nothing/versions', 40401],
      ['/subjects/magpie.Problem/versions/99', 40402],
      ['/schemas/ids/999999', 40403],
      ['/schemas/ids/__proto__', 40403],
    ] as const) {
      const { status, body } = await ask(path)
      assert.deepEqual([status, (JSON.parse(body) as { error_code: number }).error_code], [404, code])
    }
  })

  it('gives the page its files under a policy that runs nothing else', async () => {
    for (const path of ['/', '/page.js', '/page.css', '/preact.js']) {
      const { status, headers, body } = await ask(path)
      assert.equal(status, 200)
      assert.ok(body.length > 100)
      const policy = headers.get('content-security-policy') ?? ''
      assert.match(policy, /default-src 'none'; script-src 'self'/)
      assert.doesNotMatch(policy, /unsafe/)
      assert.equal(headers.get('x-content-type-options'), 'nosniff')
    }
    assert.doesNotMatch((await ask('/')).body, /<script>|\son\w+=/)
    assert.equal((await ask('/page/../server.ts')).status, 404)
    assert.equal((await ask('/%2e%2e/package.json')).status, 404)
  })

  it('gives text of models as JSON, and nothing that a browser takes for a page', async () => {
    const { headers, body } = await sql(JSON.stringify({ query: 'SELECT 1' }))
    assert.match(headers.get('content-type') ?? '', /^application\/json/)
    assert.deepEqual(JSON.parse(body), { columns: ['text'], rows: [[HOSTILE]] })
    const missing = await ask(`/api/report?run=${encodeURIComponent(HOSTILE)}`)
    assert.equal(missing.status, 404)
    assert.match(missing.headers.get('content-type') ?? '', /^application\/json/)
    assert.deepEqual(await json('/api/report?run=there'), { run: 'there' })
  })

  it('says what is wrong with a request', async () => {
    assert.equal((await sql(JSON.stringify({ query: 'DROP TABLE sft' }))).status, 400)
    assert.equal((await sql('{"query": 7}')).status, 404)
    assert.equal((await sql('{')).status, 400)
    assert.equal((await sql(JSON.stringify({ query: 'x'.repeat(300_000) }))).status, 413)
    // A form of another site can be sent without being asked whether it may; it has no JSON type.
    assert.equal((await sql('query=SELECT', { 'content-type': 'application/x-www-form-urlencoded' })).status, 415)
    assert.equal((await ask('/nothing')).status, 404)
  })

  it('gives nothing to a name that was bound to this machine, nor to pages of other sites', async () => {
    const { hostname, port } = new URL(dashboard.url)
    for (const [headers, status] of [
      [{ host: 'evil.example' }, 421],
      [{ host: `127.0.0.1:${port}`, origin: 'https://evil.example' }, 403],
    ] as const) {
      for (const path of ['/', '/api/runs', '/subjects']) {
        const answered = await new Promise<number>((resolve, reject) => {
          request({ hostname, port, path, headers }, (response) => {
            text(response).then(() => {
              resolve(response.statusCode ?? 0)
            }, reject)
          })
            .on('error', reject)
            .end()
        })
        assert.equal(answered, status, `${path} ${JSON.stringify(headers)}`)
      }
    }
  })

  it('names a port that is taken', async () => {
    const port = Number(new URL(dashboard.url).port)
    await assert.rejects(start(port), (error) => error instanceof UsageFault && error.message.includes(String(port)))
  })
})
