// A small real model on this machine, behind the same OpenAI-compatible front as the simulator: a process of its
// own (generation stalls an event loop), all of its state in STATE/model.
// Promises: as local/kafka.ts: one a state folder, shared, outlives the command, comes back after any end.
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { UsageFault } from '../schemas/failure.ts'
import type { Logger } from '../schemas/logger.ts'
import { startDetached, untilReady, type Readiness } from './detached.ts'
import { installEngine } from './engine-install.ts'
import { findServiceFolder, readJson, serviceFolder, writePrivate } from './folders.ts'
import { withLock } from './lock.ts'
import { choosePort } from './ports.ts'
import { endProcess, findProcesses } from './process.ts'
import type { OnLocalProgress } from './progress.ts'
import { smallModelWeights, type Weights } from './weights.ts'

export interface StartSmallModelOptions {
  stateDir: string
  log: Logger
  onProgress?: OnLocalProgress | undefined
  /** Wanted port; default: that of the last start, else a free one. */
  port?: number | undefined
  /** Threads that compute; default MAGPIE_THREADS, else half of the cores, at most 4. Never more than the cores. */
  threads?: number | undefined
  /** Generations at once; default 8. */
  sequences?: number | undefined
  /** Tokens of prompt and answer together; default 1024. */
  contextSize?: number | undefined
  /** How long it may take to load; default 60,000. */
  timeoutMs?: number | undefined
  signal?: AbortSignal | undefined
}

export interface SmallModel {
  /** Base URL of the front, without /v1. */
  url: string
  /** The model's name there. */
  model: string
  port: number
  pid: number
  /** True if it was running already. */
  attached: boolean
  /** Stops it, whoever started it. */
  stop(): Promise<void>
}

/** What the server process is told: STATE/model/settings.json. */
export interface SmallModelSettings {
  engineFolder: string
  modelPath: string
  model: string
  port: number
  threads: number
  sequences: number
  contextSize: number
}

/** What it tells when it serves: STATE/model/serving.json. */
export interface SmallModelServing {
  pid: number
  port: number
  url: string
  model: string
  modelPath: string
}

const SERVER = join(import.meta.dirname, 'small-model-server.ts')
const GRACE_MS = 10_000

/**
 * Starts the small model of this state folder, or attaches to it when it runs; returns when it serves. First use
 * fetches engine and weights. Throws UsageFault (missing tools, port taken, other weights than those that
 * run), Failure permanent `model-start` with the log's last lines if it does not come up.
 */
export async function startSmallModel(options: StartSmallModelOptions): Promise<SmallModel> {
  const folder = await serviceFolder(options.stateDir, 'model')
  return await withLock(folder, async () => await attachOrStart(folder, options), {
    signal: options.signal,
    onWait: (pid) => options.onProgress?.({ service: 'model', step: 'wait', pid }),
  })
}

/** The small model that runs in this state folder, or null. */
export async function findSmallModel(
  stateDir: string,
): Promise<{ pid: number; port: number | null; model: string | null } | null> {
  const folder = await findServiceFolder(stateDir, 'model')
  const pid = folder === null ? null : await runningPid(folder)
  if (folder === null || pid === null) return null
  const serving = await readServing(folder, pid)
  return { pid, port: serving?.port ?? null, model: serving?.model ?? null }
}

/** Stops the small model of this state folder; false if none runs. */
export async function stopSmallModel(stateDir: string): Promise<boolean> {
  const folder = await findServiceFolder(stateDir, 'model')
  if (folder === null) return false
  return await withLock(folder, async () => {
    const pid = await runningPid(folder)
    if (pid !== null) await endProcess(pid, GRACE_MS)
    return pid !== null
  })
}

/** Threads for this machine: the wanted number, at most one for each core; by default half of the cores, at most 4. */
export function threadsFor(wanted: number | undefined, cores: number): number {
  return Math.max(1, Math.min(wanted ?? Math.min(4, Math.floor(cores / 2)), cores))
}

async function attachOrStart(folder: string, options: StartSmallModelOptions): Promise<SmallModel> {
  const weights = await smallModelWeights(options)
  const running = await runningPid(folder)
  const readiness = readinessOf(folder, options)
  const pid = running ?? (await start(folder, weights, readiness, options))
  if (running !== null) await untilReady(running, 0, readiness)
  const serving = await readServing(folder, pid)
  if (serving === null) throw new Error('the small model was ready and has told nothing')
  if (running !== null) checkSame(serving, weights, options)
  const { port, url, model } = serving
  options.log.info({ pid, port, model, attached: running !== null }, 'small model is ready')
  options.onProgress?.({ service: 'model', step: 'ready', port, pid, attached: running !== null })
  const stop = async (): Promise<void> => {
    await stopSmallModel(options.stateDir)
  }
  return { url, model, port, pid, attached: running !== null, stop }
}

function checkSame(serving: SmallModelServing, weights: Weights, options: StartSmallModelOptions): void {
  if (serving.modelPath !== weights.path) {
    throw new UsageFault(
      `The small model of this state folder runs with ${serving.modelPath} and not with ${weights.path}: stop it first with ./magpie services down.`,
    )
  }
  if (options.port !== undefined && options.port !== serving.port) {
    throw new UsageFault(
      `The small model of this state folder already runs on port ${serving.port}: leave out port ${options.port}, or stop it first with ./magpie services down.`,
    )
  }
}

async function start(
  folder: string,
  weights: Weights,
  readiness: Readiness,
  options: StartSmallModelOptions,
): Promise<number> {
  const engineFolder = await installEngine(options)
  const last = (await readJson(join(folder, 'settings.json'))) as SmallModelSettings | null
  const port = await choosePort({
    service: 'the small model',
    wanted: options.port,
    last: last?.port,
    onMove: (from, to) => {
      options.log.warn({ from, to }, 'port of the small model is taken by another program: moved')
      options.onProgress?.({ service: 'model', step: 'move', from, to })
    },
  })
  const settings: SmallModelSettings = {
    engineFolder,
    modelPath: weights.path,
    model: weights.model,
    port,
    threads: threadsFor(options.threads ?? threadsOfEnvironment(), availableParallelism()),
    sequences: options.sequences ?? 8,
    contextSize: options.contextSize ?? 1024,
  }
  await writePrivate(join(folder, 'settings.json'), JSON.stringify(settings))
  options.onProgress?.({ service: 'model', step: 'start' })
  return await startDetached(process.execPath, [SERVER, folder], folder, readiness)
}

function threadsOfEnvironment(): number | undefined {
  const text = process.env.MAGPIE_THREADS
  if (text === undefined || text === '') return undefined
  if (!/^[1-9]\d*$/.test(text))
    throw new UsageFault(`MAGPIE_THREADS=${text} is no number of threads: give a whole number from 1, or unset it.`)
  return Number(text)
}

function readinessOf(folder: string, options: StartSmallModelOptions): Readiness {
  return {
    name: 'The small model',
    code: 'model-start',
    logPath: join(folder, 'model.log'),
    timeoutMs: options.timeoutMs ?? 60_000,
    signal: options.signal,
    isReady: async (pid) => {
      const serving = await readServing(folder, pid)
      if (serving === null) return false
      const answer = await fetch(`${serving.url}/health`, { signal: AbortSignal.timeout(5000) }).catch(() => null)
      return answer?.ok === true
    },
  }
}

// A file of an earlier process says nothing.
async function readServing(folder: string, pid: number): Promise<SmallModelServing | null> {
  const serving = (await readJson(join(folder, 'serving.json'))) as SmallModelServing | null
  return serving?.pid === pid ? serving : null
}

async function runningPid(folder: string): Promise<number | null> {
  return (await findProcesses([SERVER, folder]))[0]?.pid ?? null
}
