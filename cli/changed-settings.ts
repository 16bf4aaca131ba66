// Which settings of a run differ from those of its last start, and whose work they change.

import { planStages } from '../pipeline.ts'
import type { PartName } from '../pipeline.ts'
import type { Config } from '../configs/schema.ts'
import type { Spent } from '../pipeline/spending.ts'

/** Dotted paths that differ between two configs in JSON; at most `limit`, then how many more. */
export function changedSettings(before: string, after: string, limit = 8): string[] {
  const old = flat(JSON.parse(before))
  const young = flat(JSON.parse(after))
  const paths = [...new Set([...old.keys(), ...young.keys()])]
    .filter((path) => old.get(path) !== young.get(path))
    .sort()
  return shortened(paths, limit)
}

/** What changed for one part of a run: its settings, and how much of its work has the old ones. */
export interface ChangedPart {
  readonly part: PartName
  readonly settings: readonly string[]
  /** Records that it brought to their end with the old ones. */
  readonly done: number
  /** Problems on the log that it has not done and may still get; null where that is not known. */
  readonly left: number | null
}

export interface WorkSoFar {
  /** Problems on the log. */
  readonly made: number
  /** Problems wanted; null: no end. */
  readonly total: number | null
  readonly spent: Pick<Spent, 'done' | 'passed'>
  readonly config: Pick<Config, 'stages' | 'replay'>
}

/** The changed settings by the parts whose work they change, in the data's way; those of no part are left out. */
export function changedParts(paths: readonly string[], work: WorkSoFar): ChangedPart[] {
  const planned = planStages(work.config).map(({ name }) => name)
  return (['produce', ...planned] as const).flatMap((part) => {
    const settings = paths.filter((path) => partsOf(path).includes(part))
    if (settings.length === 0) return []
    const [done, left] =
      part === 'produce'
        ? [work.made, work.total === null ? null : Math.max(0, work.total - work.made)]
        : [work.spent.done[part] ?? 0, leftFor(planned.indexOf(part), planned, work)]
    return [{ part, settings: shortened(settings, 8), done, left }]
  })
}

/** Problems that were made, less those that ended before this stage, less those that it has done. */
function leftFor(place: number, planned: readonly string[], { made, spent }: WorkSoFar): number | null {
  const { done, passed } = spent
  let left = made - (done[planned[place]!] ?? 0)
  for (const stage of planned.slice(0, place)) {
    // Processes of a version that did not count what passed.
    if ((done[stage] ?? 0) > 0 && passed[stage] === undefined) return null
    left -= (done[stage] ?? 0) - (passed[stage] ?? 0)
  }
  return Math.max(0, left)
}

const OF_ROLE: Readonly<Record<string, readonly PartName[]>> = {
  questioner: ['produce', 'converse'],
  answerer: ['answer', 'converse'],
  sampler: ['sample'],
  tagger: ['tag'],
  judge: ['judge'],
}

/** The parts of a run that a setting is for. */
function partsOf(path: string): readonly PartName[] {
  const [section, name = ''] = path.split('.')
  if (section === 'producer') return ['produce']
  if (section === 'roles') return OF_ROLE[name] ?? []
  return section === 'stages' ? [name as PartName] : []
}

function shortened(paths: string[], limit: number): string[] {
  return paths.length <= limit ? paths : [...paths.slice(0, limit), `+${paths.length - limit}`]
}

function flat(value: unknown, path = '', into = new Map<string, string>()): Map<string, string> {
  if (typeof value !== 'object' || value === null) return into.set(path, JSON.stringify(value))
  for (const [name, each] of Object.entries(value)) flat(each, path === '' ? name : `${path}.${name}`, into)
  return into
}
