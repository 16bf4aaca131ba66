// What the operating system tells about a process, asked about one that we know.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { endProcess, findProcesses, residentBytes, startMark, uptimeSeconds } from '../../local/process.ts'
import { processIsAlive } from '../../stream/process-alive.ts'

const STUBBORN = `process.on('SIGTERM', () => {}); process.stdout.write('up'); setInterval(() => {}, 1000)`

describe('processes', () => {
  it('finds a process by its arguments, tells about it, and ends it even if it does not want to', async () => {
    const word = `magpie-word-${process.pid}`
    const child = spawn(process.execPath, ['-e', STUBBORN, word], { stdio: ['ignore', 'pipe', 'inherit'] })
    const pid = child.pid!
    await once(child.stdout, 'data')
    assert.deepEqual(
      (await findProcesses([word, 'SIGTERM'])).map((found) => found.pid),
      [pid],
    )
    assert.deepEqual(await findProcesses([word, 'no such word']), [])
    assert.equal(processIsAlive(pid), true)
    assert.ok((await residentBytes(pid))! > 1024 * 1024)
    assert.ok((await uptimeSeconds(pid))! < 60)
    assert.equal(await startMark(pid), await startMark(pid))
    assert.notEqual(await startMark(pid), await startMark(process.ppid))
    const exit = once(child, 'exit')
    await endProcess(pid, 100)
    assert.deepEqual(await exit, [null, 'SIGKILL'])
    assert.equal(processIsAlive(pid), false)
  })

  it('says null of a process that is gone', async () => {
    const child = spawn(process.execPath, ['-e', ''])
    await once(child, 'exit')
    const pid = child.pid!
    assert.deepEqual(
      [processIsAlive(pid), await startMark(pid), await residentBytes(pid), await uptimeSeconds(pid)],
      [false, null, null, null],
    )
    await endProcess(pid, 1)
  })
})
