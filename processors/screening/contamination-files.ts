// The fingerprint files that a config names: those that come with Magpie (configs/benchmarks) by name, own ones by
// path. Promises: each is read once, at start; what cannot be used is told with its place in the config.

import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UsageFault } from '../../schemas/failure.ts'
import { decodeFingerprint, type Fingerprint } from './contamination-fingerprint.ts'
import { createContamination, type Contamination, type ContaminationConfig } from './contamination.ts'

const SHIPPED = fileURLToPath(new URL('../../configs/benchmarks', import.meta.url))
const ENDING = '.json'

/** Why one entry of `benchmarks` cannot be used. */
export interface BenchmarkFault {
  /** Its place in the list; null where the list is "all". */
  readonly index: number | null
  /** What follows the setting's name in a sentence. */
  readonly text: string
}

/** Names of the benchmarks that come with Magpie, sorted. */
export function shippedBenchmarks(): string[] {
  return readdirSync(SHIPPED)
    .filter((file) => file.endsWith(ENDING))
    .map((file) => file.slice(0, -ENDING.length))
    .sort()
}

/** Whether an entry of `benchmarks` is a path: it has a folder or ends in .json. */
export function isPath(benchmark: string): boolean {
  return /[/\\]/.test(benchmark) || benchmark.endsWith(ENDING)
}

/** Reads all that the config names, or tells every fault. folder: where relative paths start. */
export function readBenchmarks(
  benchmarks: ContaminationConfig['benchmarks'],
  folder: string,
): { readonly fingerprints: Fingerprint[]; readonly faults: BenchmarkFault[] } {
  const faults: BenchmarkFault[] = []
  const fingerprints: Fingerprint[] = []
  const shipped = shippedBenchmarks()
  const list = benchmarks === 'all' ? shipped : benchmarks
  list.forEach((benchmark, place) => {
    const index = benchmarks === 'all' ? null : place
    if (!isPath(benchmark) && !shipped.includes(benchmark)) {
      const text = `"${benchmark}" is no benchmark of Magpie (there are ${shipped.join(', ')}); name one of them, or the path of a file of ./magpie fingerprint`
      faults.push({ index, text })
      return
    }
    const file = isPath(benchmark) ? resolve(folder, benchmark) : resolve(SHIPPED, benchmark + ENDING)
    const read = readFingerprint(file)
    if ('fault' in read) faults.push({ index, text: `names ${file}, which ${read.fault}` })
    else if (fingerprints.some(({ name }) => name === read.name))
      faults.push({ index, text: `names ${file}, which is "${read.name}" once more; take one of them out` })
    else fingerprints.push(read)
  })
  return { fingerprints, faults }
}

/**
 * The finder that a config asks for; null where it is off. Paths are whole (configs/benchmark-files.ts makes them so).
 * Throws UsageFault for files that are gone since the config was checked.
 */
export function openContamination(config: ContaminationConfig): Contamination | null {
  if (!config.enabled) return null
  const { fingerprints, faults } = readBenchmarks(config.benchmarks, '')
  if (faults.length > 0)
    throw new UsageFault(faults.map(({ text }) => `stages.screen.contamination.benchmarks ${text}`))
  return createContamination(fingerprints, config)
}

function readFingerprint(file: string): Fingerprint | { readonly fault: string } {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return { fault: code === 'ENOENT' ? 'is not there' : `cannot be read (${message})` }
  }
  return decodeFingerprint(text)
}
