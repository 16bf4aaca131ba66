// What the operating system says about processes: who runs with which arguments, since when, with how much memory.
// Linux is read from /proc; elsewhere ps is asked. Promises: nothing here is believed from a pid file alone.
import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { processIsAlive } from '../stream/process-alive.ts'

const run = promisify(execFile)

// Linux tells times to programs in hundredths of a second on every architecture (USER_HZ).
const CLOCK_TICKS = 100

export interface RunningProcess {
  pid: number
  /** Arguments joined by single spaces. */
  command: string
}

/** When the process began, as a word that differs between two processes with the same pid; null if it is gone. */
export async function startMark(pid: number): Promise<string | null> {
  if (process.platform === 'linux') return (await statFields(pid))?.[19] ?? null
  const text = await ps(['-o', 'lstart=', '-p', String(pid)])
  return text === '' ? null : text.trim()
}

/** Seconds since the process began; null if it is gone. */
export async function uptimeSeconds(pid: number): Promise<number | null> {
  const mark = await startMark(pid)
  if (mark === null) return null
  if (process.platform !== 'linux') return Math.max(0, (Date.now() - Date.parse(mark)) / 1000)
  const sinceBoot = Number((await readFile('/proc/uptime', 'utf8')).split(' ')[0])
  return Math.max(0, sinceBoot - Number(mark) / CLOCK_TICKS)
}

/** Resident memory in bytes; null if the process is gone. */
export async function residentBytes(pid: number): Promise<number | null> {
  if (process.platform === 'linux') {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
    const match = /^VmRSS:\s+(\d+) kB/m.exec(status)
    return match === null ? null : Number(match[1]) * 1024
  }
  const text = await ps(['-o', 'rss=', '-p', String(pid)])
  return text.trim() === '' ? null : Number(text.trim()) * 1024
}

/** Every process of this machine whose arguments contain all of these words. */
export async function findProcesses(words: readonly string[]): Promise<RunningProcess[]> {
  const found = process.platform === 'linux' ? await listFromProc() : await listFromPs()
  return found.filter(({ pid, command }) => pid !== process.pid && words.every((word) => command.includes(word)))
}

/** SIGTERM, then SIGKILL when the process is still there after graceMs. Returns when it is gone. */
export async function endProcess(pid: number, graceMs: number): Promise<void> {
  signal(pid, 'SIGTERM')
  if (await isGoneWithin(pid, graceMs)) return
  signal(pid, 'SIGKILL')
  await isGoneWithin(pid, 10_000)
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function isGoneWithin(pid: number, milliseconds: number): Promise<boolean> {
  const end = performance.now() + milliseconds
  while (processIsAlive(pid)) {
    if (performance.now() > end) return false
    await wait(50)
  }
  return true
}

// Fields of /proc/PID/stat from the state (field 3) on: the name before them may hold blanks and brackets.
async function statFields(pid: number): Promise<string[] | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  return text === null ? null : text.slice(text.lastIndexOf(')') + 2).split(' ')
}

async function listFromProc(): Promise<RunningProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  return await Promise.all(
    pids.map(async (pid) => {
      const bytes = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      return { pid, command: bytes.split('\0').join(' ') }
    }),
  )
}

async function listFromPs(): Promise<RunningProcess[]> {
  return (await ps(['-axww', '-o', 'pid=,command=']))
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(.*)$/.exec(line))
    .flatMap((match) => (match === null ? [] : [{ pid: Number(match[1]), command: match[2] ?? '' }]))
}

async function ps(words: string[]): Promise<string> {
  try {
    return (await run('ps', words, { maxBuffer: 32 * 1024 * 1024 })).stdout
  } catch (error) {
    // ps ends with 1 when the process is not there; anything else is a fault of this machine.
    if ((error as { code?: unknown }).code === 1) return ''
    throw error
  }
}
