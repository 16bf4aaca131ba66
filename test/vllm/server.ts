// One real vLLM server of a test. Promises: on a free port, ready when startVllm returns (else the end of its log is in
// the error), and nothing of it is left after stop, nor after the test's process, however that ends.

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { lastLines, openLogFile } from '../../local/log-file.ts'
import { freePort } from '../../local/ports.ts'
import { processIsAlive } from '../../stream/process-alive.ts'
import type { Installation } from './install.ts'

export interface VllmServer {
  readonly url: string
  /** Sends a signal to the API server alone, as an operator or the out-of-memory killer does. */
  signal(name: 'SIGTERM' | 'SIGKILL'): void
  /** Ends all of its processes. */
  stop(): Promise<void>
}

/** The tokens that a server's models take at once. */
export const CONTEXT = 2048
const READY_WITHIN_MS = 600_000

/**
 * Starts a server of one of the installation's models. names: what it is served as; the model's own name unless
 * said. flags: more words of `vllm serve`.
 */
export async function startVllm(
  { python, models }: Installation,
  server: { model: string; names?: readonly string[]; flags?: readonly string[] },
): Promise<VllmServer> {
  const startedAt = performance.now()
  const folder = await mkdtemp(join(tmpdir(), 'magpie-vllm-'))
  const log = await openLogFile(join(folder, 'vllm.log'))
  const port = await freePort()
  const child = spawn(python, serveWords(join(models, server.model), port, server), {
    // A group of its own: the engine's processes outlive a killed API server, and are found by the group.
    detached: true,
    cwd: folder,
    env: environment(),
    stdio: ['ignore', log.handle.fd, log.handle.fd],
  })
  await once(child, 'spawn')
  await log.handle.close()
  child.unref()
  const group = child.pid!
  const keeper = endWithUs(group, folder)
  const stop = async (): Promise<void> => {
    await endGroup(group)
    keeper.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
  const url = `http://127.0.0.1:${port}`
  const ready = await untilHealthy(url, child)
  if (!ready) {
    const end = await lastLines(log.path, 0)
    const errors = await errorsOf(log.path)
    await stop()
    throw new Error(`vLLM with ${server.model} did not come up. ${errors}\nThe end of its log:\n${end}`)
  }
  console.log(`vLLM with ${server.model} is ready after ${Math.round((performance.now() - startedAt) / 1000)} s`)
  return { url, signal: (name) => process.kill(group, name), stop }
}

function serveWords(
  path: string,
  port: number,
  { model, names = [model], flags = [] }: { model: string; names?: readonly string[]; flags?: readonly string[] },
): string[] {
  return [
    ...['-m', 'vllm.entrypoints.cli.main', 'serve', path, '--served-model-name', ...names],
    ...['--host', '127.0.0.1', '--port', String(port), '--max-model-len', String(CONTEXT), '--max-num-seqs', '8'],
    // float32: the same tokens in a batch and alone. No compilation: ready in half the time. The KV cache
    // holds a whole context of the largest model twice.
    ...['--dtype', 'float32', '--enforce-eager', '--kv-cache-memory-bytes', String(256 * 2 ** 20)],
    ...flags,
  ]
}

/**
 * No hub, no usage statistics, and the KV cache as the flag says it. One core is kept from the model's threads, which
 * spin while they wait: without it the API server stands still for seconds on a machine of two cores.
 */
function environment(): NodeJS.ProcessEnv {
  const own = { HF_HUB_OFFLINE: '1', TRANSFORMERS_OFFLINE: '1', VLLM_NO_USAGE_STATS: '1', DO_NOT_TRACK: '1' }
  const reserved = availableParallelism() > 1 ? '1' : '0'
  return { ...process.env, VLLM_CPU_KVCACHE_SPACE: undefined, VLLM_CPU_NUM_OF_RESERVED_CPU: reserved, ...own }
}

async function untilHealthy(url: string, child: ChildProcess): Promise<boolean> {
  const end = performance.now() + READY_WITHIN_MS
  while (child.exitCode === null && child.signalCode === null && performance.now() < end) {
    const reply = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2_000) }).catch(() => null)
    if (reply?.ok === true) return true
    await wait(200)
  }
  return false
}

/** The errors that the log names: the first is the cause, the others follow from it. */
async function errorsOf(path: string): Promise<string> {
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => /\b\w*Error: /.test(line))
  return [...new Set(lines)].slice(0, 3).join('\n')
}

/** A shell that waits until our end of its input closes (we ended, even by SIGKILL), then ends the group and removes its folder. */
function endWithUs(group: number, folder: string): ChildProcess {
  const keeper = spawn('sh', ['-c', `cat > /dev/null; kill -KILL -${group}; rm -rf -- "$0"`, folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  keeper.unref()
  return keeper
}

/** SIGTERM for all of the group, SIGKILL for those that are left after a while; returns when none lives. */
async function endGroup(group: number): Promise<void> {
  signalGroup(group, 'SIGTERM')
  const patience = performance.now() + 5_000
  while (await groupLives(group)) {
    if (performance.now() > patience) signalGroup(group, 'SIGKILL')
    await wait(50)
  }
}

function signalGroup(group: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-group, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Whether a process of the group still runs; zombies that nobody asks for do not count. */
async function groupLives(group: number): Promise<boolean> {
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = await readFile(`/proc/${name}/stat`, 'latin1').catch(() => '')
    // After the name in brackets: state, parent, group.
    const member = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2] === String(group)
    if (member && processIsAlive(Number(name))) return true
  }
  return false
}
