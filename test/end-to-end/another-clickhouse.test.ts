// Two ClickHouse servers and one run: a worker and a later start that name the other one are refused before they take a
// row; a run that is moved has all its rows where it is now.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Running, Workshop } from '../support/end-to-end.ts'
import { openWorkshop, query, recordsOf, root, runName, simulatedConfig } from '../support/end-to-end.ts'
import { until } from '../support/stream.ts'

const TOTAL = '60'

describe('a run and two ClickHouse servers', () => {
  let workshop: Workshop
  const servers: ChildProcess[] = []
  before(async () => {
    workshop = await openWorkshop()
  })
  after(async () => {
    for (const server of servers) {
      server.kill('SIGKILL')
      await once(server, 'close')
    }
    await workshop.close()
  })

  /** Starts one, and gives its address. */
  const serveClickhouse = async (name: string): Promise<string> => {
    const folder = join(workshop.folder, name)
    await mkdir(folder)
    const standIn = join(root, 'test/faults/clickhouse-server.ts')
    const server = spawn(process.execPath, [standIn, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    servers.push(server)
    const [line] = (await once(server.stdout, 'data')) as [Buffer]
    return /ready at (\S+)/.exec(line.toString())![1]!
  }

  it('writes to one of them alone, and is whole in the other once it is moved', async () => {
    const run = runName('two-servers')
    const [first, second] = [await serveClickhouse('first'), await serveClickhouse('second')]
    const front = await workshop.serve({ slots: 8, medianMs: 200, sigma: 0.3 })
    const { port } = new URL(front.url)
    const start = (url: string, ...words: string[]): Running =>
      workshop.magpie(['run', '-c', simulatedConfig, '--run', run, '--total', TOTAL, '--out', run, ...words], {
        SIMULATOR_PORT: port,
        CLICKHOUSE_URL: url,
      })
    const refused = async (running: Running, text: string): Promise<void> => {
      const { code, error } = await running.ended
      assert.equal(code, 2, error)
      assert.ok(error.includes(text), error)
      assert.ok(error.includes(first) && error.includes(second), error)
    }
    const rowsIn = async (url: string): Promise<number | undefined> => {
      const sql = `SELECT toUInt32(count()) AS rows FROM sft FINAL WHERE run_id = '${run}'`
      return (await query<{ rows: number }>(workshop, sql, undefined, { CLICKHOUSE_URL: url }))[0]?.rows
    }
    const leader = start(first)
    await leader.says(new RegExp(`${TOTAL} problems wanted`))
    await until(
      async () => (await recordsOf(workshop, run, 'sft', 'SftRecord')).length > 0,
      () => leader.said(),
      120,
    )
    // It does not end before the others have come.
    front.hang()
    await refused(start(second, '--stages', 'clickhouse'), 'writes the rows of run')
    leader.signal('SIGKILL')
    await leader.ended
    await front.revive()
    await refused(start(second), '--move-clickhouse')

    const moved = await start(second, '--move-clickhouse').ended
    assert.equal(moved.code, 0, moved.error)
    assert.ok(moved.error.includes(`The rows so far are in ${first}; from now on they are in ${second}.`), moved.error)
    const ids = new Set((await recordsOf(workshop, run, 'sft', 'SftRecord')).map(({ id }) => id))
    assert.ok(ids.size > 0)
    assert.equal(await rowsIn(second), ids.size)
    assert.ok((await rowsIn(first))! < ids.size, 'it was killed in the middle')
  })
})
