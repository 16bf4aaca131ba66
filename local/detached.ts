// Starts a service that outlives this command, and waits until it serves.
// Promises: its own process group (Ctrl-C of the command does not reach it), output in its log file; when it does
// not come up in time, or ends, it is stopped and the error has the last lines of the log.
import { spawn } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { permanent } from '../schemas/failure.ts'
import { processIsAlive } from '../stream/process-alive.ts'
import { lastLines, openLogFile } from './log-file.ts'
import { endProcess } from './process.ts'

export interface Readiness {
  /** For messages: "The local Kafka". */
  name: string
  /** Code of the Failure when it does not come up. */
  code: string
  logPath: string
  isReady(pid: number): Promise<boolean>
  timeoutMs: number
  /** Told once, when it has not served for some seconds. */
  onSilent?: (() => void) | undefined
  /** Ends the message about one that lives and does not serve. */
  advice?: string | undefined
  signal?: AbortSignal | undefined
}

/** So long nobody is told that it does not serve yet, milliseconds. */
const WORD_MS = 2000

/** Starts it and returns its pid when it is ready. Throws Failure permanent, or the signal's reason. */
export async function startDetached(
  command: string,
  words: readonly string[],
  folder: string,
  readiness: Readiness,
): Promise<number> {
  const log = await openLogFile(readiness.logPath)
  try {
    const child = spawn(command, words, {
      cwd: folder,
      detached: true,
      stdio: ['ignore', log.handle.fd, log.handle.fd],
    })
    child.unref()
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('error', reject)
      child.once('spawn', () => {
        resolve(child.pid!)
      })
    })
    try {
      await untilReady(pid, log.from, readiness)
    } catch (error) {
      await endProcess(pid, 5000)
      throw error
    }
    return pid
  } finally {
    await log.handle.close()
  }
}

/** Waits until a running service serves. Throws as startDetached, but does not stop it. */
export async function untilReady(pid: number, logFrom: number, readiness: Readiness): Promise<void> {
  const { name, code, logPath, signal, advice = '' } = readiness
  const start = performance.now()
  const end = start + readiness.timeoutMs
  let isTold = false
  while (!(await readiness.isReady(pid))) {
    const alive = processIsAlive(pid)
    if (!isTold && performance.now() - start > WORD_MS) {
      isTold = true
      readiness.onSilent?.()
    }
    if (!alive || performance.now() > end) {
      const what = alive
        ? `does not answer after ${Math.round(readiness.timeoutMs / 1000)} s${advice}`
        : 'ended while it started'
      throw permanent(
        code,
        `${name} (pid ${pid}) ${what}. The end of ${logPath}:\n${await lastLines(logPath, logFrom)}`,
      )
    }
    await wait(100, undefined, signal === undefined ? {} : { signal })
  }
}
