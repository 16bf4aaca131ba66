// The lock between processes: one at a time, also when holders are killed.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { withLock } from '../../local/lock.ts'

// Reads a number, waits, writes it one higher: two at once would lose a step. The first of them is killed inside.
const WORKER = `
import { readFile, writeFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { withLock } from ${JSON.stringify(join(import.meta.dirname, '../../local/lock.ts'))}
const [folder, file, kind] = process.argv.slice(1)
const times = kind === 'killed' ? 1 : 5
for (let time = 0; time < times; time += 1) {
  await withLock(folder, async () => {
    if (kind === 'killed') process.kill(process.pid, 'SIGKILL')
    const count = Number(await readFile(file, 'utf8'))
    await wait(5)
    await writeFile(file, String(count + 1))
  })
}
`

async function work(folder: string, file: string, kind: string): Promise<number | string | null> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', WORKER, folder, file, kind], { stdio: 'inherit' })
  return await new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(signal ?? code)
    })
  })
}

describe('withLock', () => {
  let folder = ''

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'magpie-lock-'))
  })

  after(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  it('lets one process in at a time, after a holder was killed too, and leaves nothing behind', async () => {
    const file = join(folder, 'count')
    await writeFile(file, '0')
    assert.equal(await work(folder, file, 'killed'), 'SIGKILL')
    assert.deepEqual(await readdir(folder), ['count', 'lock.1'])
    assert.deepEqual(await Promise.all([1, 2, 3].map(() => work(folder, file, 'counts'))), [0, 0, 0])
    assert.equal(await readFile(file, 'utf8'), '15')
    assert.deepEqual(await readdir(folder), ['count'])
  })

  it('tells whom it waits for, gives up when told to, and is free after a failure', async () => {
    const away = new AbortController()
    await withLock(folder, async () => {
      const pids: number[] = []
      const waiting = withLock(folder, () => Promise.resolve('in'), {
        signal: away.signal,
        onWait: (pid) => {
          pids.push(pid)
          away.abort(new Error('enough'))
        },
      })
      await assert.rejects(waiting)
      assert.deepEqual(pids, [process.pid])
    })
    await assert.rejects(
      withLock(folder, () => Promise.reject(new Error('failed'))),
      /failed/,
    )
    assert.equal(await withLock(folder, () => Promise.resolve('in')), 'in')
  })
})
