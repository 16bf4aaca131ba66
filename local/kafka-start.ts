// How a broker is brought up in its folder: ports, settings, format, process. local/kafka.ts holds the lock.
import { readFile, rm } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { permanent } from '../schemas/failure.ts'
import type { Logger } from '../schemas/logger.ts'
import { startDetached, type Readiness } from './detached.ts'
import { readJson, writePrivate } from './folders.ts'
import { findJava, kafkaJars } from './kafka-jars.ts'
import { probeKafka } from './kafka-probe.ts'
import { brokerProperties } from './kafka-properties.ts'
import { choosePort, freePort, isPortFree } from './ports.ts'
import type { OnLocalProgress } from './progress.ts'
import { runTool, runToolOrFail } from './tool.ts'

export interface StartKafkaOptions {
  stateDir: string
  log: Logger
  onProgress?: OnLocalProgress | undefined
  /** Wanted port; default: that of the last start, else a free one. */
  port?: number | undefined
  /** Java heap in MiB; default 1024 on machines with 8 GiB or more, else 512. */
  heapMegabytes?: number | undefined
  /** How long the broker may take to answer; default 60,000. After kill -9 it needs 10 s: its old session has to end. */
  timeoutMs?: number | undefined
  signal?: AbortSignal | undefined
}

export interface KafkaPorts {
  port: number
  controllerPort: number
}

/** Starts a broker in this folder and returns when it serves. */
export async function startBroker(folder: string, options: StartKafkaOptions): Promise<{ pid: number; port: number }> {
  const java = await findJava(options.signal)
  const classPath = join(await kafkaJars(options), '*')
  const ports = await choosePorts(folder, options)
  const properties = join(folder, 'server.properties')
  await writePrivate(properties, brokerProperties({ ...ports, dataFolder: join(folder, 'data') }))
  await writePrivate(join(folder, 'ports.json'), JSON.stringify(ports))
  const clusterId = await format(folder, java, classPath, properties, options)
  options.onProgress?.({ service: 'kafka', step: 'start' })
  const heap = options.heapMegabytes ?? (totalmem() >= 8 * 1024 ** 3 ? 1024 : 512)
  const words = [
    `-Xmx${heap}m`,
    `-Xms${Math.min(heap, 128)}m`,
    '-XX:+UseSerialGC',
    '-XX:+ExitOnOutOfMemoryError',
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    '-Dorg.slf4j.simpleLogger.showDateTime=true',
    '-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss',
    '-cp',
    classPath,
    'kafka.Kafka',
    properties,
  ]
  const pid = await startDetached(java, words, folder, kafkaReadiness(folder, ports.port, clusterId, options))
  return { pid, port: ports.port }
}

/** Ready: the port speaks Kafka, is this very cluster, and its broker has joined. */
export function kafkaReadiness(folder: string, port: number, clusterId: string, options: StartKafkaOptions): Readiness {
  return {
    name: 'The local Kafka',
    code: 'kafka-start',
    logPath: join(folder, 'kafka.log'),
    timeoutMs: options.timeoutMs ?? 60_000,
    signal: options.signal,
    isReady: async () => {
      const identity = await probeKafka(port)
      return identity?.clusterId === clusterId && identity.brokers.length > 0
    },
  }
}

/** The ports of the last start, or null. */
export async function readPorts(folder: string): Promise<KafkaPorts | null> {
  return (await readJson(join(folder, 'ports.json'))) as KafkaPorts | null
}

/** The cluster's id once the folder is formatted, else null. */
export async function readClusterId(folder: string): Promise<string | null> {
  const text = await readFile(join(folder, 'data', 'meta.properties'), 'utf8').catch(() => '')
  return /^cluster\.id=(.+)$/m.exec(text)?.[1] ?? null
}

async function choosePorts(folder: string, options: StartKafkaOptions): Promise<KafkaPorts> {
  const last = await readPorts(folder)
  const port = await choosePort({
    service: 'the local Kafka',
    wanted: options.port,
    last: last?.port,
    onMove: (from, to) => {
      options.log.warn({ from, to }, 'port of the local Kafka is taken by another program: moved')
      options.onProgress?.({ service: 'kafka', step: 'move', from, to })
    },
  })
  const kept = last !== null && last.controllerPort !== port && (await isPortFree(last.controllerPort))
  return { port, controllerPort: kept ? last.controllerPort : await freePort([port]) }
}

async function format(
  folder: string,
  java: string,
  classPath: string,
  properties: string,
  options: StartKafkaOptions,
): Promise<string> {
  const known = await readClusterId(folder)
  if (known !== null) return known
  options.onProgress?.({ service: 'kafka', step: 'format' })
  // Without meta.properties the folder was never a broker's: a format that broke off left it.
  await rm(join(folder, 'data'), { recursive: true, force: true })
  const storage = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', classPath, 'kafka.tools.StorageTool']
  const made = await runTool(java, [...storage, 'random-uuid'], { signal: options.signal })
  const id = made?.lines.findLast((line) => /^[\w-]{22}$/.test(line))
  if (id === undefined) {
    throw permanent('kafka-start', `Kafka's StorageTool gave no cluster id:\n${(made?.lines ?? []).join('\n')}`)
  }
  const words = [...storage, 'format', '--standalone', '-t', id, '-c', properties]
  await runToolOrFail('kafka-start', java, words, { signal: options.signal })
  return id
}
