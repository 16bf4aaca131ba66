// Two processes and one embedded database: readers go through the owner while it lives, and open the directory
// themselves when it has gone, however it went.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Failure, UsageFault } from '../../../schemas/failure.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import { openDatabase } from '../../../sinks/clickhouse/database.ts'
import { inFolder } from '../../support/rows.ts'

const program = join(import.meta.dirname, 'owner-process.ts')

async function startOwner(folder: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [program, folder], { stdio: ['pipe', 'pipe', 'inherit'] })
  await saying(child, 'ready')
  return child
}

async function saying(child: ChildProcess, word: string): Promise<void> {
  let said = ''
  for await (const chunk of child.stdout!.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    said += String(chunk)
    if (said.includes(word)) return
  }
  assert.fail(`the owner ended without saying ${word}: ${said}`)
}

const open = (folder: string, role: 'owner' | 'sharer' | 'reader', patienceMs?: number) =>
  openDatabase({
    url: '',
    stateDir: folder,
    role,
    log: silentLogger,
    ...(patienceMs === undefined ? {} : { patienceMs }),
  })

const COUNT = 'SELECT count() AS c FROM t FINAL'

describe('an embedded database in two processes', () => {
  it('is read through its owner, then by itself', () =>
    inFolder(async (folder) => {
      const owner = await startOwner(folder)
      try {
        const reader = await open(folder, 'reader')
        assert.match(reader.where, /^http:\/\/127\.0\.0\.1:\d+$/)
        assert.deepEqual(await reader.rows(COUNT), [{ c: 5 }])
        assert.deepEqual(await reader.rows('SELECT {n:UInt32} + 1 AS n, {s:String} AS s', { n: 1, s: "a'\n\tb" }), [
          { n: 2, s: "a'\n\tb" },
        ])
        assert.equal(await reader.query('SELECT 1 AS x', { format: 'CSV', readOnly: true }), '1\n')
        const parquet = await reader.bytes('SELECT n FROM t', { format: 'Parquet', readOnly: true })
        assert.equal(parquet.subarray(0, 4).toString(), 'PAR1')
        // Whatever the reader asks with, the owner only reads.
        await assert.rejects(reader.query('DROP TABLE t'), /DROP is not allowed/)
        await assert.rejects(reader.insert('t', [{ id: 'x', n: 1 }]), /INSERT is not allowed/)
        await assert.rejects(reader.query("SELECT file('/etc/passwd')"), /file/)
        await assert.rejects(reader.query('SELECT x FROM t'), { code: 'clickhouse-47', retry: 'permanent' })
        await reader.close()

        await assert.rejects(
          open(folder, 'owner'),
          (error) => error instanceof UsageFault && error.message.includes(String(owner.pid)),
        )

        owner.stdin?.write('close\n')
        await once(owner, 'exit')
        const later = await open(folder, 'reader')
        assert.equal(later.where, join(folder, 'clickhouse'))
        assert.deepEqual(await later.rows(COUNT), [{ c: 5 }])
        await later.close()
      } finally {
        owner.kill('SIGKILL')
      }
    }))

  it('takes rows of a guest, who owns it when the owner has been killed', () =>
    inFolder(async (folder) => {
      const owner = await startOwner(folder)
      const guest = await open(folder, 'sharer')
      try {
        await guest.ready?.()
        await guest.insert('t', [{ id: 'of the guest', n: 9 }])
        assert.deepEqual(await guest.rows(COUNT), [{ c: 6 }])
        await assert.rejects(guest.insert('t', [{ id: 'x', n: 'no number' }]), { retry: 'permanent' })
        await assert.rejects(guest.insert('t; DROP TABLE t', [{ id: 'x' }]), { code: 'wrong-request' })
        await assert.rejects(guest.command('DROP TABLE t'), { code: 'clickhouse-guest' })

        owner.kill('SIGKILL')
        await once(owner, 'exit')
        for (let tries = 1; ; tries += 1) {
          try {
            await guest.insert('t', [{ id: 'of the owner', n: 10 }])
            break
          } catch (error) {
            if (!(error instanceof Failure) || error.retry !== 'transient' || tries === 50) throw error
          }
        }
        assert.deepEqual(await guest.rows(COUNT), [{ c: 7 }])
        const next = await open(folder, 'sharer')
        await next.insert('t', [{ id: 'of the next guest', n: 11 }])
        assert.deepEqual(await next.rows(COUNT), [{ c: 8 }])
        await next.close()
      } finally {
        owner.kill('SIGKILL')
        await guest.close()
      }
    }))

  it('keeps strangers out of the owner’s port', () =>
    inFolder(async (folder) => {
      const owner = await startOwner(folder)
      try {
        const note = JSON.parse(readFileSync(join(folder, 'clickhouse', 'owner.json'), 'utf8')) as {
          url: string
          token: string
        }
        for (const headers of [
          {},
          { authorization: 'Basic bWFncGllOndyb25n' },
          { authorization: `Bearer ${note.token}` },
        ]) {
          const response = await fetch(`${note.url}/?query=SELECT+1`, { headers })
          assert.equal(response.status, 401)
          assert.doesNotMatch(await response.text(), /^1/)
        }
        const headers = { authorization: `Basic ${Buffer.from(`magpie:${note.token}`).toString('base64')}` }
        assert.equal(await (await fetch(`${note.url}/?query=SELECT+1`, { headers })).text(), '1\n1\n')
        // Even with the token: a name that was made to point here, and a page of another origin.
        for (const more of [{ host: 'evil.example' }, { host: 'localhost:1' }, { origin: 'https://evil.example' }]) {
          const asked = request(`${note.url}/?query=SELECT+1`, { headers: { ...headers, ...more } }).end()
          const [response] = (await once(asked, 'response')) as [IncomingMessage]
          response.resume()
          assert.equal(response.statusCode, 403)
        }
        assert.equal(statSync(join(folder, 'clickhouse', 'owner.json')).mode & 0o777, 0o600)
        assert.equal(statSync(join(folder, 'clickhouse')).mode & 0o077, 0)
      } finally {
        owner.kill('SIGKILL')
      }
    }))

  it('stops a query whose reader has gone', () =>
    inFolder(async (folder) => {
      const owner = await startOwner(folder)
      try {
        const reader = await open(folder, 'reader')
        const leave = new AbortController()
        const left = assert.rejects(
          reader.query('SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))', {
            signal: leave.signal,
          }),
        )
        const running = async () => {
          const rows = await reader.rows<{ c: number }>(
            "SELECT count() AS c FROM system.processes WHERE query LIKE '%sipHash64(number)%' AND query NOT LIKE '%processes%'",
          )
          return rows[0]?.c
        }
        while ((await running()) !== 1);
        leave.abort(new Error('gone'))
        await left
        while ((await running()) !== 0);
        await reader.close()
      } finally {
        owner.kill('SIGKILL')
      }
    }))

  it('is opened by the next one after kill -9, with every acknowledged row', () =>
    inFolder(async (folder) => {
      const first = await startOwner(folder)
      first.kill('SIGKILL')
      await once(first, 'exit')
      assert.ok(existsSync(join(folder, 'clickhouse', 'owner.json')), 'the kill left the note behind')
      const reader = await open(folder, 'reader')
      assert.deepEqual(await reader.rows(COUNT), [{ c: 5 }])
      await reader.close()

      const second = await startOwner(folder)
      second.kill('SIGKILL')
      await once(second, 'exit')
      const owner = await open(folder, 'owner')
      assert.deepEqual(await owner.rows(COUNT), [{ c: 5 }])
      await owner.close()
    }))

  it('is not fooled by a note of a process that lives but is no owner', () =>
    inFolder(async (folder) => {
      const owner = await startOwner(folder)
      owner.stdin?.write('close\n')
      await once(owner, 'exit')
      const note = { pid: process.pid, url: 'http://127.0.0.1:1', token: 'x'.repeat(48) }
      writeFileSync(join(folder, 'clickhouse', 'owner.json'), JSON.stringify(note))
      const reader = await open(folder, 'reader')
      assert.deepEqual(await reader.rows(COUNT), [{ c: 5 }])
      await reader.close()
    }))

  it('waits for a reader that has the directory open, and says so when that takes too long', () =>
    inFolder(async (folder) => {
      const owner = await startOwner(folder)
      owner.stdin?.write('close\n')
      await once(owner, 'exit')
      const reader = await open(folder, 'reader')
      const second = spawn(process.execPath, [program, folder], { stdio: ['pipe', 'pipe', 'inherit'] })
      const ready = saying(second, 'ready')
      try {
        await reader.close()
        await ready
      } finally {
        second.kill('SIGKILL')
        await once(second, 'exit')
      }
      writeFileSync(join(folder, 'clickhouse', 'status'), `PID: ${process.ppid}\n`)
      await assert.rejects(open(folder, 'reader', 0), (error: Error & { code?: string }) => {
        assert.match(error.message, new RegExp(`in use by process ${process.ppid}`))
        return error.code === 'database-locked'
      })
    }))
})
