// A real Kafka broker on this machine: one process, KRaft, all of it in STATE/kafka.
// Promises: one broker a state folder, shared by every command that uses the folder; it outlives the command
// that started it; a start after any end (clean, kill -9, half a format) works; ports of others are left alone.
import { join } from 'node:path'
import { permanent, UsageFault } from '../schemas/failure.ts'
import { untilReady } from './detached.ts'
import { findServiceFolder, serviceFolder } from './folders.ts'
import { kafkaReadiness, readClusterId, readPorts, startBroker } from './kafka-start.ts'
import type { StartKafkaOptions } from './kafka-start.ts'
import { withLock } from './lock.ts'
import { endProcess, findProcesses } from './process.ts'

export interface LocalKafka {
  /** For KAFKA_BROKERS: host:port. */
  brokers: string
  port: number
  pid: number
  /** True if the broker was running already. */
  attached: boolean
  /** Stops the broker cleanly, whoever started it. */
  stop(): Promise<void>
}

const GRACE_MS = 30_000

/**
 * Starts the broker of this state folder, or attaches to it when it runs; returns when it answers a Metadata
 * request. First use fetches jars (local/kafka-jars.ts). Throws UsageFault for missing tools and for a wanted
 * port that is taken, Failure permanent `kafka-start` with the log's last lines if the broker does not come up.
 */
export async function startKafka(options: StartKafkaOptions): Promise<LocalKafka> {
  const folder = await serviceFolder(options.stateDir, 'kafka')
  return await withLock(folder, async () => await attachOrStart(folder, options), {
    signal: options.signal,
    onWait: (pid) => options.onProgress?.({ service: 'kafka', step: 'wait', pid }),
  })
}

/** The broker that runs in this state folder, or null. */
export async function findKafka(stateDir: string): Promise<{ pid: number; port: number | null } | null> {
  const folder = await findServiceFolder(stateDir, 'kafka')
  const pid = folder === null ? null : await runningPid(folder)
  return folder === null || pid === null ? null : { pid, port: (await readPorts(folder))?.port ?? null }
}

/** Stops the broker of this state folder cleanly; false if none runs. */
export async function stopKafka(stateDir: string): Promise<boolean> {
  const folder = await findServiceFolder(stateDir, 'kafka')
  if (folder === null) return false
  return await withLock(folder, async () => {
    const pid = await runningPid(folder)
    if (pid !== null) await endProcess(pid, GRACE_MS)
    return pid !== null
  })
}

async function attachOrStart(folder: string, options: StartKafkaOptions): Promise<LocalKafka> {
  const running = await runningPid(folder)
  const { pid, port } = running === null ? await startBroker(folder, options) : await attach(folder, running, options)
  const attached = running !== null
  options.log.info({ pid, port, attached }, 'local Kafka is ready')
  options.onProgress?.({ service: 'kafka', step: 'ready', port, pid, attached })
  const stop = async (): Promise<void> => {
    await stopKafka(options.stateDir)
  }
  return { brokers: `127.0.0.1:${port}`, port, pid, attached, stop }
}

async function attach(folder: string, pid: number, options: StartKafkaOptions): Promise<{ pid: number; port: number }> {
  const ports = await readPorts(folder)
  const clusterId = await readClusterId(folder)
  if (ports === null || clusterId === null) {
    throw permanent(
      'kafka-start',
      `A Kafka (pid ${pid}) runs in ${folder}, but its ports are not known there: stop it with ./magpie services down and start again.`,
    )
  }
  if (options.port !== undefined && options.port !== ports.port) {
    throw new UsageFault(
      `Kafka of this state folder already runs on port ${ports.port}: leave out port ${options.port}, or stop it first with ./magpie services down.`,
    )
  }
  const { port } = ports
  await untilReady(pid, 0, {
    ...kafkaReadiness(folder, port, clusterId, options),
    name: `The local Kafka at 127.0.0.1:${port}`,
    advice: ': it is stopped or overloaded; end it with ./magpie services down and start again',
    onSilent: () => options.onProgress?.({ service: 'kafka', step: 'silent', port, pid }),
  })
  return { pid, port }
}

// The process table is the truth: a pid file may be stale, or be missing after a crash between start and write.
async function runningPid(folder: string): Promise<number | null> {
  const found = await findProcesses(['kafka.Kafka', join(folder, 'server.properties')])
  return found[0]?.pid ?? null
}
