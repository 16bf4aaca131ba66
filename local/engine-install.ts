// The engine of the small model (node-llama-cpp), installed by npm into the user's cache on first use.
// Promises: exactly the versions of local/llama/package-lock.json, no install scripts, and of the compiled
// engines only the one for this platform (a plain install brings those for graphics cards too: gigabytes).
import { createHash } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageFault } from '../schemas/failure.ts'
import { cacheFolder, fillOnce } from './folders.ts'
import type { OnLocalProgress } from './progress.ts'
import { runToolOrFail } from './tool.ts'

interface Manifest {
  dependencies: Record<string, string>
}

interface LockFile {
  packages: Record<string, { version?: string; optional?: boolean; dependencies?: Record<string, string> }>
}

const SOURCE = join(import.meta.dirname, 'llama')
const SYSTEMS: Partial<Record<NodeJS.Platform, string>> = { linux: 'linux', darwin: 'mac', win32: 'win' }

/** The folder with the engine under node_modules. Throws UsageFault without npm or for a platform without an engine. */
export async function installEngine(options: {
  onProgress?: OnLocalProgress | undefined
  signal?: AbortSignal | undefined
}): Promise<string> {
  const [manifestText, lockText] = await Promise.all([
    readFile(join(SOURCE, 'package.json'), 'utf8'),
    readFile(join(SOURCE, 'package-lock.json'), 'utf8'),
  ])
  const { manifest, lock, platformPackage } = withPlatformPackage(
    manifestText,
    lockText,
    process.platform,
    process.arch,
  )
  const hash = createHash('sha256')
    .update(JSON.stringify([manifest, lock]))
    .digest('hex')
    .slice(0, 12)
  const folder = join(cacheFolder(), `engine-${hash}`)
  if ((await stat(folder).catch(() => null))?.isDirectory() === true) return folder
  await fillOnce(folder, async (beside) => {
    options.onProgress?.({ service: 'model', step: 'install', what: platformPackage })
    await writeFile(join(beside, 'package.json'), JSON.stringify(manifest))
    await writeFile(join(beside, 'package-lock.json'), JSON.stringify(lock))
    const words = ['ci', '--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund']
    const run = await runToolOrFail('engine-install', 'npm', words, { cwd: beside, signal: options.signal })
    if (run === null) {
      throw new UsageFault(
        'The small local model needs npm to install its engine, but there is no npm on the PATH: install Node.js with npm, or give endpoints of running models (--endpoint URL).',
      )
    }
  })
  return folder
}

/**
 * The manifest and lock with this platform's engine as a plain dependency, so that leaving out all optional ones
 * keeps it. Throws UsageFault where there is none.
 */
export function withPlatformPackage(
  manifestText: string,
  lockText: string,
  platform: NodeJS.Platform,
  arch: string,
): { manifest: Manifest; lock: LockFile; platformPackage: string } {
  const manifest = JSON.parse(manifestText) as Manifest
  const lock = JSON.parse(lockText) as LockFile
  const name = `@node-llama-cpp/${SYSTEMS[platform] ?? platform}-${arch}${platform === 'darwin' && arch === 'arm64' ? '-metal' : ''}`
  const entry = lock.packages[`node_modules/${name}`]
  if (entry?.version === undefined) {
    throw new UsageFault(
      `The small local model has no engine for ${platform} on ${arch}: give endpoints of running models (--endpoint URL).`,
    )
  }
  delete entry.optional
  manifest.dependencies = { ...manifest.dependencies, [name]: entry.version }
  lock.packages[''] = { ...lock.packages[''], dependencies: manifest.dependencies }
  return { manifest, lock, platformPackage: name }
}
