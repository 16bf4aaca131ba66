// Math-Verify from PyPI in a Python environment of its own, in the user's cache. Promises: installed once, nothing half
// installed is ever used, and what cannot be had here is said, not thrown.

import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from '../../local/folders.ts'
import { withLock } from '../../local/lock.ts'
import { runToolOrFail } from '../../local/tool.ts'
import { Failure } from '../../schemas/failure.ts'
import { findPython } from '../vllm/machine.ts'

/** What is installed; the extra brings the parser's runtime. */
export const MATH_VERIFY = 'math-verify[antlr4-13-2]==0.9.0'

export interface Oracle {
  /** The Python that has Math-Verify. */
  readonly python: string
  /** A folder of ours beside it, for what a run writes. */
  readonly folder: string
}

/** The environment, made on first use, or why it cannot be had. Throws what is a fault of ours. */
export async function installMathVerify(tell: (line: string) => void): Promise<Oracle | { missing: string }> {
  const folder = join(cacheFolder(), 'math-verify-0.9.0')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const environment = join(folder, 'venv')
  const python = join(environment, 'bin', 'python')
  const isWhole = async (): Promise<boolean> => await stat(join(environment, 'whole')).then(Boolean, () => false)
  const install = async (): Promise<Oracle | { missing: string }> => {
    if (await isWhole()) return { python, folder }
    const found = await findPython()
    if ('missing' in found) return found
    tell(`installing ${MATH_VERIFY} into ${environment}`)
    await rm(environment, { recursive: true, force: true })
    const tool = async (command: string, ...words: string[]): Promise<void> => {
      if ((await runToolOrFail('math-verify-install', command, words)) === null) throw new Error(`${command} has gone`)
    }
    await tool(found.python, '-m', 'venv', environment)
    await tool(python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', MATH_VERIFY)
    await tool(python, '-c', 'import math_verify, pathlib, sys; pathlib.Path(sys.prefix, "whole").touch()')
    return { python, folder }
  }
  try {
    return await withLock(folder, install)
  } catch (error) {
    if (error instanceof Failure && /ConnectionError|NameResolution|ConnectTimeout|unreachable/.test(error.message))
      return { missing: `no network: ${error.message}` }
    throw error
  }
}
