// A real broker through everything that befalls it: attach, two starters at once, kill -9, ports taken, stop.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Failure, UsageFault } from '../../schemas/failure.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { findKafka, startKafka, stopKafka, type LocalKafka } from '../../local/kafka.ts'
import { probeKafka } from '../../local/kafka-probe.ts'
import { freePort } from '../../local/ports.ts'
import { endProcess } from '../../local/process.ts'
import { processIsAlive } from '../../stream/process-alive.ts'
import type { LocalProgress } from '../../local/progress.ts'

const log = silentLogger

async function occupy(port: number): Promise<Server> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return server
}

async function clusterOf(kafka: LocalKafka): Promise<string | null> {
  return (await probeKafka(kafka.port))?.clusterId ?? null
}

describe('local Kafka', () => {
  let stateDir = ''

  before(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'magpie kafka '))
  })

  after(async () => {
    await stopKafka(stateDir)
    await rm(stateDir, { recursive: true, force: true })
  })

  it('starts once for two starters at once, and later ones attach', async () => {
    const seen: LocalProgress[] = []
    const start = async (): Promise<LocalKafka> =>
      await startKafka({ stateDir, log, onProgress: (progress) => seen.push(progress) })
    const both = await Promise.all([start(), start()])
    assert.equal(both[0].pid, both[1].pid)
    assert.deepEqual(both.map(({ attached }) => attached).sort(), [false, true])
    assert.equal(seen.filter(({ step }) => step === 'start').length, 1)
    assert.deepEqual((await probeKafka(both[0].port))?.brokers, [both[0].brokers])
    assert.deepEqual(await findKafka(stateDir), { pid: both[0].pid, port: both[0].port })
    assert.equal((await stat(join(stateDir, 'kafka', 'server.properties'))).mode & 0o777, 0o600)
  })

  it('tells that one which is stopped does not answer, where it is and what to do', async () => {
    const { pid, port, brokers } = await startKafka({ stateDir, log })
    process.kill(pid, 'SIGSTOP')
    try {
      const seen: LocalProgress[] = []
      const onProgress = (progress: LocalProgress): void => void seen.push(progress)
      await assert.rejects(startKafka({ stateDir, log, onProgress, timeoutMs: 5000 }), {
        code: 'kafka-start',
        message: new RegExp(`at ${brokers} \\(pid ${pid}\\) does not answer .*\\./magpie services down`),
      })
      assert.deepEqual(seen, [{ service: 'kafka', step: 'silent', port, pid }])
    } finally {
      process.kill(pid, 'SIGCONT')
    }
  })

  it('comes back on the same port with the same cluster after kill -9', async () => {
    const first = await startKafka({ stateDir, log })
    const cluster = await clusterOf(first)
    assert.equal(typeof cluster, 'string')
    process.kill(first.pid, 'SIGKILL')
    await endProcess(first.pid, 5000)
    assert.equal(await findKafka(stateDir), null)
    const second = await startKafka({ stateDir, log })
    assert.equal(second.attached, false)
    assert.equal(second.port, first.port)
    assert.equal(await clusterOf(second), cluster)
  })

  it('stops cleanly, and moves when its ports were taken meanwhile', async () => {
    const first = await startKafka({ stateDir, log })
    const cluster = await clusterOf(first)
    await first.stop()
    assert.equal(processIsAlive(first.pid), false)
    assert.equal(await stopKafka(stateDir), false)
    const ports = JSON.parse(await readFile(join(stateDir, 'kafka', 'ports.json'), 'utf8')) as {
      controllerPort: number
    }
    const others = await Promise.all([occupy(first.port), occupy(ports.controllerPort)])
    const seen: LocalProgress[] = []
    try {
      const second = await startKafka({ stateDir, log, onProgress: (progress) => seen.push(progress) })
      assert.notEqual(second.port, first.port)
      assert.deepEqual(
        seen.find(({ step }) => step === 'move'),
        { service: 'kafka', step: 'move', from: first.port, to: second.port },
      )
      assert.deepEqual(await probeKafka(second.port), { clusterId: cluster, brokers: [second.brokers] })
    } finally {
      for (const other of others) other.close()
    }
  })

  it('refuses a wanted port that is taken, or that is not the running one', async () => {
    const running = await startKafka({ stateDir, log })
    const wanted = await freePort()
    await assert.rejects(
      startKafka({ stateDir, log, port: wanted }),
      (error) => error instanceof UsageFault && error.message.includes(`port ${running.port}`),
    )
    await running.stop()
    const other = await occupy(wanted)
    try {
      await assert.rejects(
        startKafka({ stateDir, log, port: wanted }),
        (error) => error instanceof UsageFault && error.message.includes(`Port ${wanted}`),
      )
    } finally {
      other.close()
    }
    const started = await startKafka({ stateDir, log, port: wanted })
    assert.equal(started.brokers, `127.0.0.1:${wanted}`)
  })

  it('is not fooled by a stale lock or a half formatted folder', async () => {
    const half = await mkdtemp(join(tmpdir(), 'magpie-kafka-half-'))
    try {
      const probe = await startKafka({ stateDir: half, log })
      process.kill(probe.pid, 'SIGKILL')
      await endProcess(probe.pid, 5000)
      await rm(join(half, 'kafka', 'data', 'meta.properties'))
      await writeFile(join(half, 'kafka', 'lock.7'), JSON.stringify({ pid: probe.pid, mark: '1' }))
      const again = await startKafka({ stateDir: half, log })
      assert.equal((await probeKafka(again.port))?.brokers.length, 1)
    } finally {
      await stopKafka(half)
      await rm(half, { recursive: true, force: true })
    }
  })

  it('says with the end of the log why the broker does not come up', async () => {
    await stopKafka(stateDir)
    await assert.rejects(
      startKafka({ stateDir, log, heapMegabytes: 1 }),
      (error) =>
        error instanceof Failure &&
        error.code === 'kafka-start' &&
        /heap|memory/i.test(error.message.split('\n').slice(1).join()),
    )
    assert.equal(await findKafka(stateDir), null)
  })
})

describe('missing tools', () => {
  const keep = { PATH: process.env.PATH, JAVA_HOME: process.env.JAVA_HOME, XDG_CACHE_HOME: process.env.XDG_CACHE_HOME }
  let folder = ''

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'magpie-tools-'))
  })

  after(async () => {
    for (const [name, value] of Object.entries(keep)) {
      if (value === undefined) Reflect.deleteProperty(process.env, name)
      else process.env[name] = value
    }
    await rm(folder, { recursive: true, force: true })
  })

  async function tool(name: string, output: string): Promise<void> {
    await writeFile(join(folder, name), `#!/bin/sh\necho '${output}' >&2\n`, { mode: 0o755 })
  }

  async function fault(): Promise<string> {
    process.env.PATH = folder
    delete process.env.JAVA_HOME
    process.env.XDG_CACHE_HOME = folder
    try {
      await startKafka({ stateDir: folder, log })
    } catch (error) {
      if (error instanceof UsageFault) return error.message
      throw error
    } finally {
      process.env.PATH = keep.PATH
    }
    throw new Error('it started')
  }

  it('names Java, what to install and KAFKA_BROKERS', async () => {
    assert.match(await fault(), /no java on the PATH.*openjdk-17.*KAFKA_BROKERS/)
  })

  it('names the version of a Java that is too old', async () => {
    await tool('java', 'openjdk version "1.8.0_292"')
    assert.match(await fault(), /is Java 8: install a newer.*KAFKA_BROKERS/)
  })

  it('names Maven', async () => {
    await tool('java', 'openjdk version "21.0.1" 2023-10-17')
    assert.match(await fault(), /no mvn on the PATH.*apt install maven.*KAFKA_BROKERS/)
  })

  it('shows the last lines of a Maven that fails, and leaves no half download', async () => {
    await writeFile(join(folder, 'mvn'), '#!/bin/sh\necho "[ERROR] no such host"\nexit 1\n', { mode: 0o755 })
    await assert.rejects(
      fault(),
      (error) => error instanceof Failure && error.code === 'kafka-download' && error.message.includes('no such host'),
    )
    const { readdir } = await import('node:fs/promises')
    assert.deepEqual(await readdir(join(folder, 'magpie-reasoning')), [])
  })
})
