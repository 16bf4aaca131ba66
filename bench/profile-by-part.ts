// Where the time of a process went, by part of the program, from the profiles that `node --cpu-prof` leaves.

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string }
  }[]
  readonly samples: readonly number[]
  /** Microseconds. */
  readonly timeDeltas: readonly number[]
}

/** The largest of the profiles, that of the main thread: a line a part, the largest first. */
export async function profileByPart(folder: string): Promise<string[]> {
  const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')))
  const largest = files.toSorted((left, right) => right.length - left.length)[0]
  if (largest === undefined) return ['no profile was written']
  const { nodes, samples, timeDeltas } = JSON.parse(largest) as Profile
  const partOf = new Map(nodes.map(({ id, callFrame }) => [id, partNamed(callFrame)]))
  const spent = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const part = partOf.get(id) ?? 'unknown'
    spent.set(part, (spent.get(part) ?? 0) + (timeDeltas[index] ?? 0))
  }
  spent.delete('idle')
  const whole = [...spent.values()].reduce((sum, each) => sum + each, 0)
  return [...spent]
    .filter(([, each]) => each > whole / 200)
    .toSorted((left, right) => right[1] - left[1])
    .map(([part, each]) => `${((each / whole) * 100).toFixed(1).padStart(5)} %  ${part}`)
}

const HOME = join(import.meta.dirname, '..')

/** A folder of ours, a package, or what the engine does itself. */
function partNamed({ functionName, url }: Profile['nodes'][number]['callFrame']): string {
  if (functionName === '(idle)') return 'idle'
  if (functionName === '(garbage collector)') return 'garbage collection'
  if (functionName.startsWith('RegExp')) return 'patterns'
  const ownPackage = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1]
  if (ownPackage !== undefined) return ownPackage
  if (url.includes(HOME)) return url.slice(url.indexOf(HOME) + HOME.length + 1).split('/')[0]!
  return url.startsWith('node:') ? url : 'engine and native code'
}
