// Whether this machine can hold a real vLLM: its processor, Python, memory and disk. Promises: a reason names what was
// found and what is needed; nothing is installed or changed.

import { readFile, statfs } from 'node:fs/promises'
import { runTool } from '../../local/tool.ts'

const GIB = 1024 ** 3
/** Two servers of the small models (2.3 GB each at most) and the tests. */
const MEMORY_GIB = 6
/** The installation (5.8 GB), the wheels while they are unpacked, the models. */
const DISK_GIB = 10
const OLDEST_PYTHON = [3, 11] as const
const PYTHONS = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11'] as const
const PROBE = 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])'

/** What is looked at: the platform, the text of /proc/cpuinfo and of /proc/meminfo. */
export interface MachineFacts {
  readonly platform: string
  readonly arch: string
  readonly cpuinfo: string
  readonly meminfo: string
}

/** Why no vLLM runs on this machine, whatever is installed; null: it can. */
export async function unfitMachine(): Promise<string | null> {
  const { platform, arch } = process
  const read = async (path: string): Promise<string> => (platform === 'linux' ? await readFile(path, 'utf8') : '')
  return unfitReason({ platform, arch, cpuinfo: await read('/proc/cpuinfo'), meminfo: await read('/proc/meminfo') })
}

/** The same for a machine of these facts. */
export function unfitReason({ platform, arch, cpuinfo, meminfo }: MachineFacts): string | null {
  if (platform !== 'linux' || arch !== 'x64')
    return `the vLLM wheel for CPUs is for Linux on x86-64, this is ${platform} on ${arch}`
  const flags = /^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]?.split(' ') ?? []
  if (!flags.includes('avx2')) return 'the processor has no AVX2, which vLLM for CPUs needs'
  const memory = (Number(/^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1]) * 1024) / GIB
  if (memory < MEMORY_GIB) return `${memory.toFixed(1)} GiB of memory are free, ${MEMORY_GIB} are needed`
  return null
}

/** Why there is no room for the installation in this folder; null: there is. */
export async function noRoom(folder: string): Promise<string | null> {
  const { bavail, bsize } = await statfs(folder)
  const disk = (bavail * bsize) / GIB
  return disk < DISK_GIB ? `${disk.toFixed(1)} GiB are free in ${folder}, ${DISK_GIB} are needed` : null
}

/** The first Python of the PATH that is new enough and can make environments, or why none will do. */
export async function findPython(
  environment: NodeJS.ProcessEnv = process.env,
): Promise<{ python: string } | { missing: string }> {
  const found: string[] = []
  for (const python of PYTHONS) {
    const run = await runTool(python, ['-c', PROBE], { env: environment })
    if (run === null) continue
    const version = run.lines.at(-1) ?? ''
    if (run.code === 0 && isNewEnough(version)) return { python }
    found.push(`${python} ${run.code === 0 ? `is ${version}` : `says: ${version}`}`)
  }
  const which = found.length === 0 ? 'there is none on the PATH' : found.join('; ')
  return { missing: `Python ${OLDEST_PYTHON.join('.')} or newer with venv and ensurepip is needed: ${which}` }
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > OLDEST_PYTHON[0] || (major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1])
}
