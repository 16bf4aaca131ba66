// Holds the lock files: every package comes from the registry with a hash, nothing from git or a folder, and only
// known packages run a script when they are installed. Then asks the registry for known weaknesses, where it answers.
// Ends with 1 and every fault. Run: npm run check:lock

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '..')

interface Locked {
  readonly resolved?: string
  readonly integrity?: string
  readonly link?: boolean
  readonly hasInstallScript?: boolean
  readonly inBundle?: boolean
  readonly version?: string
  readonly optional?: boolean
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
}

interface LockFile {
  readonly lockfileVersion: number
  readonly packages: Readonly<Record<string, Locked>>
}

/** Compiled parts of other systems and processors: npm writes their hash only where it installs them. */
function isOfOtherPlatform({ optional, os, cpu }: Locked): boolean {
  const isElse = (list: readonly string[] | undefined, here: string): boolean =>
    list !== undefined && !list.includes(here)
  return optional === true && (isElse(os, process.platform) || isElse(cpu, process.arch))
}

/** What is wrong with a lock file. allowed: names of packages that may run a script of their own. */
export function faultsOf(lock: LockFile, allowed: ReadonlySet<string>): string[] {
  const faults = lock.lockfileVersion === 3 ? [] : [`lockfileVersion is ${lock.lockfileVersion}, not 3`]
  for (const [path, locked] of Object.entries(lock.packages)) {
    if (path === '') continue
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
    const { resolved = '', integrity = '' } = locked
    if (locked.link === true || !path.includes('node_modules/')) faults.push(`${path}: is a folder, not a package`)
    else if (locked.inBundle === true) continue
    // Without an address npm asks the registry that it is set to; the hash says what it has to get.
    else if (resolved !== '' && !resolved.startsWith('https://registry.npmjs.org/'))
      faults.push(`${path}: comes from ${resolved}, not from the registry`)
    else if (integrity === '' && isOfOtherPlatform(locked)) continue
    else if (!/^sha512-[A-Za-z0-9+/]{86}==/.test(integrity)) faults.push(`${path}: has no sha512 hash`)
    if (locked.hasInstallScript === true && !allowed.has(name))
      faults.push(
        `${path}: runs a script when it is installed; look at it, then name it in allowScripts of package.json`,
      )
  }
  return faults
}

/** Weaknesses that npm audit tells of, or why it cannot. */
async function audit(): Promise<{ faults: string[] } | { skipped: string }> {
  const words = ['audit', '--json', '--audit-level=high']
  const { stdout } = await promisify(execFile)('npm', words, { cwd: root, timeout: 60_000, maxBuffer: 2 ** 26 }).catch(
    (error: unknown) => error as { stdout?: string },
  )
  let told: { vulnerabilities?: Record<string, { severity: string; range: string }>; message?: string }
  try {
    told = JSON.parse(stdout ?? '') as typeof told
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return { skipped: 'npm audit gave no answer' }
  }
  if (told.vulnerabilities === undefined) return { skipped: told.message ?? 'the registry has no audit' }
  const grave = Object.entries(told.vulnerabilities).filter(([, { severity }]) => /high|critical/.test(severity))
  return {
    faults: grave.map(([name, { severity, range }]) => `${name} ${range}: a ${severity} weakness is known; npm audit`),
  }
}

if (import.meta.main) {
  const allowed = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { allowScripts: object })
    .allowScripts
  // The engine of the small model is installed with --ignore-scripts (local/engine-install.ts).
  const files = { 'package-lock.json': Object.keys(allowed), 'local/llama/package-lock.json': ['node-llama-cpp'] }
  const faults = Object.entries(files).flatMap(([file, scripts]) =>
    faultsOf(JSON.parse(readFileSync(join(root, file), 'utf8')) as LockFile, new Set(scripts)).map(
      (fault) => `${file}: ${fault}`,
    ),
  )
  const audited = await audit()
  if ('skipped' in audited) process.stdout.write(`npm audit: skipped: ${audited.skipped}\n`)
  else faults.push(...audited.faults)
  const unhashed = Object.keys(files).flatMap((file) => {
    const { packages } = JSON.parse(readFileSync(join(root, file), 'utf8')) as LockFile
    return Object.entries(packages).filter(
      ([, { integrity, ...locked }]) => integrity === undefined && isOfOtherPlatform(locked),
    )
  })
  if (unhashed.length > 0)
    process.stdout.write(
      `without a hash, of other platforms: ${unhashed.map(([path]) => path.replace('node_modules/', '')).join(', ')}\n`,
    )
  for (const fault of faults) process.stderr.write(`${fault}\n`)
  process.stdout.write(faults.length === 0 ? 'The lock files are sound.\n' : `${faults.length} faults.\n`)
  process.exitCode = faults.length === 0 ? 0 : 1
}
