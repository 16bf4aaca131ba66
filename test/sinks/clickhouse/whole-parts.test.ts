// What the embedded ClickHouse acknowledges although the disk has cut it off: insert() says so, nothing of it stays, and
// what was there before is whole. The disk is cut by a limit on the size of files, which needs no right.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { silentLogger } from '../../../schemas/logger.ts'
import type { Database } from '../../../sinks/clickhouse/contract.ts'
import { openDatabase } from '../../../sinks/clickhouse/database.ts'
import { isCovered } from '../../../sinks/clickhouse/parts.ts'
import { noteRefill, owedTo } from '../../../sinks/clickhouse/refills.ts'

const RUN = { runId: 'r', revision: 'main' }
const noLimits = spawnSync('prlimit', ['--version']).status === 0 ? false : 'there is no prlimit here'

/** No file of this process grows over so many bytes. */
function limitFiles(bytes: number | 'unlimited'): void {
  const { status, stderr } = spawnSync('prlimit', ['--pid', `${process.pid}`, `--fsize=${bytes}:unlimited`])
  assert.equal(status, 0, String(stderr))
}

function rejections(name: string, count = 100): object[] {
  return Array.from({ length: count }, (_, index) => ({
    ...{
      id: `${name}-${index}`,
      run_id: 'r',
      revision: 'main',
      problem_id: `${index}`,
      stage: 'screen',
      reason: 'short',
    },
    ...{ detail: randomBytes(1500).toString('base64'), created_at: '2026-01-01 00:00:00.000', topic: 'rejections' },
    ...{ partition: 0, offset: `${index}`, version: 1 },
  }))
}

describe('an embedded database on a disk that cuts files off', () => {
  let folder = ''
  let database: Database
  const open = (): Promise<Database> => openDatabase({ url: '', stateDir: folder, role: 'owner', log: silentLogger })
  const ids = async (): Promise<number> => {
    const [row] = await database.rows<{ n: number }>('SELECT uniqExact(id) AS n FROM rejections FINAL')
    return row!.n
  }
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'magpie-whole-'))
    database = await open()
  })
  after(async () => {
    await database.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('does not acknowledge what was cut, keeps what was there, and takes it again', { skip: noLimits }, async () => {
    await database.insert('rejections', rejections('before'))
    limitFiles(40_000)
    try {
      await assert.rejects(database.insert('rejections', rejections('cut')), { code: 'disk-cut', retry: 'transient' })
    } finally {
      limitFiles('unlimited')
    }
    assert.equal(await ids(), 100)
    await database.insert('rejections', rejections('cut'))
    assert.equal(await ids(), 200)
    await database.close()
    database = await open()
    assert.equal(await ids(), 200)
    const broken = await database.rows("SELECT name FROM system.detached_parts WHERE table = 'rejections'")
    assert.deepEqual(broken, [])
  })

  it('owes a run what it does not have: all when it is new to it, and what a broken part took', async () => {
    assert.deepEqual(await owedTo(database, RUN), ['new'])
    await noteRefill(database, RUN, ['new'])
    assert.deepEqual(await owedTo(database, RUN), [])
    await database.command('OPTIMIZE TABLE rejections FINAL')
    const [part] = await database.rows<{ path: string }>(
      "SELECT path FROM system.parts WHERE table = 'rejections' AND active",
    )
    const old = await database.rows<{ path: string }>(
      "SELECT path FROM system.parts WHERE table = 'rejections' AND NOT active",
    )
    await database.close()
    const file = (await readdir(part!.path)).find((name) => name.endsWith('.bin'))!
    await truncate(join(part!.path, file), 10)
    // What it was merged from is gone as well, as after some minutes.
    for (const { path } of old) await rm(path, { recursive: true, force: true })
    database = await open()
    assert.equal((await owedTo(database, RUN)).length, 1)
    await noteRefill(database, RUN, await owedTo(database, RUN))
    await database.close()
    database = await open()
    assert.deepEqual(await owedTo(database, RUN), [])
  })
})

describe('isCovered', () => {
  const part = (from: number, to: number) => ({ name: `all_${from}_${to}_1`, from, to })
  it('wants each insert of the part in one of the others', () => {
    assert.equal(isCovered(part(3, 6), [part(5, 6), part(1, 3), part(4, 4)]), true)
    assert.equal(isCovered(part(3, 6), [part(3, 4), part(6, 9)]), false)
    assert.equal(isCovered(part(3, 6), []), false)
  })
})
