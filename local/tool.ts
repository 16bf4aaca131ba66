// Runs a tool of the machine (java, mvn, npm, pip) to its end. Promises: output line by line as it comes,
// a missing tool is told apart from one that failed, and an abort ends the tool with all it started.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { permanent } from '../schemas/failure.ts'

export interface ToolRun {
  code: number | null
  /** The last lines of stdout and stderr together. */
  lines: string[]
}

export interface ToolOptions {
  cwd?: string
  env?: NodeJS.ProcessEnv
  onLine?: (line: string) => void
  signal?: AbortSignal | undefined
}

const KEPT_LINES = 200

/** Runs the tool and returns its exit code and last lines; null if there is no such tool. */
export async function runTool(
  command: string,
  words: readonly string[],
  options: ToolOptions = {},
): Promise<ToolRun | null> {
  options.signal?.throwIfAborted()
  return await new Promise((resolve, reject) => {
    const child = spawn(command, words, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    const lines: string[] = []
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line)
        if (lines.length > KEPT_LINES) lines.shift()
        options.onLine?.(line)
      })
    }
    const end = (): void => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM')
    }
    options.signal?.addEventListener('abort', end, { once: true })
    child.once('error', (error: NodeJS.ErrnoException) => {
      options.signal?.removeEventListener('abort', end)
      if (error.code === 'ENOENT' || error.code === 'EACCES') resolve(null)
      else reject(error)
    })
    child.once('close', (code) => {
      options.signal?.removeEventListener('abort', end)
      if (options.signal?.aborted === true) reject(options.signal.reason as Error)
      else resolve({ code, lines })
    })
  })
}

/** Runs a tool that must end with 0. Throws Failure permanent `CODE` with its last lines; null if there is no such tool. */
export async function runToolOrFail(
  code: string,
  command: string,
  words: readonly string[],
  options: ToolOptions = {},
): Promise<ToolRun | null> {
  const run = await runTool(command, words, options)
  if (run !== null && run.code !== 0) {
    const last = run.lines.slice(-15).join('\n')
    throw permanent(code, `${command} ${words[0] ?? ''} ended with ${String(run.code)}:\n${last}`)
  }
  return run
}
