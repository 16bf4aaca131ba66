import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { processIsAlive } from '../../stream/process-alive.ts'

const noProc = process.platform === 'linux' ? false : 'zombies are told by /proc, which only Linux has'

describe('processIsAlive', () => {
  it('knows a process that is, one of another user, and one that was', async () => {
    assert.equal(processIsAlive(process.pid), true)
    assert.equal(processIsAlive(1), true)
    const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
    await once(child, 'exit')
    assert.equal(processIsAlive(child.pid!), false)
  })

  it('does not take a zombie for a process', { skip: noProc }, async () => {
    // The shell becomes a sleep that never asks for its ended child; the child ends only then, or the shell might ask.
    const script = '(until [ "$(cat /proc/$$/comm)" = sleep ]; do :; done) & echo $!; exec sleep 60'
    const parent = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] })
    try {
      const [line] = (await once(parent.stdout, 'data')) as [Buffer]
      const pid = Number(line.toString())
      while (!/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))) await turn()
      assert.equal(processIsAlive(pid), false)
    } finally {
      parent.kill('SIGKILL')
    }
  })
})
