// The local services of one state folder together: up, down, status.
// Promises: up attaches to what runs already; status asks the processes themselves, never a file alone.
import type { Logger } from '../schemas/logger.ts'
import { findKafka, startKafka, stopKafka } from './kafka.ts'
import { probeKafka } from './kafka-probe.ts'
import { residentBytes, uptimeSeconds } from './process.ts'
import type { LocalService, OnLocalProgress } from './progress.ts'
import { findSmallModel, startSmallModel, stopSmallModel } from './small-model.ts'

export const LOCAL_SERVICES: readonly LocalService[] = ['kafka', 'model']

export interface ServiceStatus {
  service: LocalService
  state: 'running' | 'starting' | 'stopped'
  pid: number | null
  port: number | null
  /** What to give to a client: host:port of Kafka, base URL of the model. */
  address: string | null
  /** The model's name; null for Kafka. */
  model: string | null
  /** Resident memory in bytes. */
  memory: number | null
  uptimeSeconds: number | null
}

export interface ServicesOptions {
  stateDir: string
  /** Default: all. */
  only?: readonly LocalService[] | undefined
}

export interface ServicesUpOptions extends ServicesOptions {
  log: Logger
  onProgress?: OnLocalProgress | undefined
  /** Wanted ports; default: those of the last start, else free ones. */
  kafkaPort?: number | undefined
  modelPort?: number | undefined
  /** Threads of the model; see local/small-model.ts. */
  threads?: number | undefined
  signal?: AbortSignal | undefined
}

/** Starts the services that do not run, one after the other, and tells where all of them are. */
export async function servicesUp(options: ServicesUpOptions): Promise<ServiceStatus[]> {
  const { stateDir, log, onProgress, signal, threads } = options
  for (const service of options.only ?? LOCAL_SERVICES) {
    switch (service) {
      case 'kafka':
        await startKafka({ stateDir, log, onProgress, signal, port: options.kafkaPort })
        break
      case 'model':
        await startSmallModel({ stateDir, log, onProgress, signal, threads, port: options.modelPort })
        break
    }
  }
  return await servicesStatus(options)
}

/** Stops the services cleanly; names those that ran. */
export async function servicesDown(options: ServicesOptions): Promise<LocalService[]> {
  const stopped: LocalService[] = []
  for (const service of options.only ?? LOCAL_SERVICES) {
    const ran = service === 'kafka' ? await stopKafka(options.stateDir) : await stopSmallModel(options.stateDir)
    if (ran) stopped.push(service)
  }
  return stopped
}

/** What runs where. Nothing is started, nothing is waited for. */
export async function servicesStatus(options: ServicesOptions): Promise<ServiceStatus[]> {
  return await Promise.all(
    (options.only ?? LOCAL_SERVICES).map(async (service) => await statusOf(service, options.stateDir)),
  )
}

async function statusOf(service: LocalService, stateDir: string): Promise<ServiceStatus> {
  const found = service === 'kafka' ? withoutModel(await findKafka(stateDir)) : await findSmallModel(stateDir)
  if (found === null) {
    return {
      service,
      state: 'stopped',
      pid: null,
      port: null,
      address: null,
      model: null,
      memory: null,
      uptimeSeconds: null,
    }
  }
  const { pid, port, model } = found
  const serves = port !== null && (await isServing(service, port))
  return {
    service,
    state: serves ? 'running' : 'starting',
    pid,
    port,
    address: port === null ? null : service === 'kafka' ? `127.0.0.1:${port}` : `http://127.0.0.1:${port}`,
    model,
    memory: await residentBytes(pid),
    uptimeSeconds: await uptimeSeconds(pid),
  }
}

function withoutModel<Found extends object>(found: Found | null): (Found & { model: null }) | null {
  return found === null ? null : { ...found, model: null }
}

async function isServing(service: LocalService, port: number): Promise<boolean> {
  if (service === 'kafka') return ((await probeKafka(port))?.brokers.length ?? 0) > 0
  const health = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(2000) }).catch(() => null)
  return health?.ok === true
}
