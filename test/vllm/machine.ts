// Whether this machine can hold a real vLLM: its processor, Python, memory and disk. Promises: a reason names what was
// found and what is needed; nothing is installed or changed.

import { readFile, statfs } from 'node:fs/promises'
import { runTool } from '../../local/tool.ts'

const GIB = 1024 ** 3
/** Two servers of the small models (2.3 GB each at most) and the tests. */
const MEMORY_GIB = 6
/** The installation (5.8 GB), the wheels while they are unpacked, the models. */
export const DISK_GIB = 10
const OLDEST_PYTHON = [3, 11] as const
const PYTHONS = ['python3', 'python3.13', 'python3.12', 'python3.11'] as const
const PROBE = 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])'

/** Why no vLLM runs here, whatever is installed; null: it can. */
export async function unfitMachine(): Promise<string | null> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return `the vLLM wheel for CPUs is for Linux on x86-64, this is ${process.platform} on ${process.arch}`
  const flags = /^flags\s*:(.*)$/m.exec(await readFile('/proc/cpuinfo', 'utf8'))?.[1]?.split(' ') ?? []
  if (!flags.includes('avx2')) return 'the processor has no AVX2, which vLLM for CPUs needs'
  const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(await readFile('/proc/meminfo', 'utf8'))?.[1]
  const memory = (Number(kilobytes) * 1024) / GIB
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
export async function findPython(): Promise<{ python: string } | { missing: string }> {
  const found: string[] = []
  for (const python of PYTHONS) {
    const run = await runTool(python, ['-c', PROBE])
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
