// Names of folders and files of a run's data sets.

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

export type DataType = 'sft' | 'preference'

export interface RunNames {
  /** OUT/{model}_{timestamp}, and a folder named after the revision in it unless that is main. */
  readonly folder: string
  readonly segments: string
  /** `Magpie_{model}_{count}_{timestamp}_{type}`, without an ending. */
  readonly base: (type: DataType, count: number) => string
  /** Rows of a finished JSON file of this type, by its name; null when it is none. */
  readonly countOf: (type: DataType, file: string) => number | null
}

/** Model name as a part of a path: without its organisation, nothing but letters, digits, `.`, `_` and `-`. */
export function modelInPath(model: string): string {
  const name = model.replace(/\/+$/, '').split('/').at(-1) ?? ''
  const safe = name
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 100)
  return safe === '' ? 'model' : safe
}

/** `YYYYMMDDTHHmmssZ` of milliseconds since 1970 UTC. */
export function timestampInPath(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`
}

/** Marks a folder as a run's: JSON with its run_id and revision. */
export const MARKER = '.run.json'
/** The same of a run that has just made the folder and has not marked it yet. */
export const CLAIM = '.run.claim.json'

/** What the run's folder is called after. */
export interface FolderName {
  readonly model: string
  /** Milliseconds since 1970 UTC. */
  readonly startedAt: number
}

/** Another run that began in the same second with the same folder of data sets has one of the next seconds. */
const NEXT_SECONDS = 60

/** Seconds in which the folder of a run that began then may be. */
const secondsFrom = (startedAt: number): number[] =>
  Array.from({ length: NEXT_SECONDS }, (_, second) => startedAt + second * 1000)

// What cannot be listed cannot be written either: opening the folder says so.
const entriesOf = (outDir: string): string[] =>
  (statSync(outDir, { throwIfNoEntry: false })?.isDirectory() ?? false) ? readdirSync(outDir) : []

/** Whose folder it is; null: nobody's. */
function markerIn(outDir: string, entry: string): string | null {
  const file = [MARKER, CLAIM]
    .map((name) => join(outDir, entry, name))
    .find((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
  return file === undefined ? null : readFileSync(file, 'utf8').trim()
}

/** The folder that a process before has made for the run, with whatever model; null: there is none yet. inside: marked there. */
export function ownFolder(outDir: string, startedAt: number, marker: string, inside = ''): FolderName | null {
  const entries = entriesOf(outDir)
  for (const second of secondsFrom(startedAt)) {
    const end = `_${timestampInPath(second)}`
    const own = entries.find((entry) => entry.endsWith(end) && markerIn(outDir, join(entry, inside)) === marker)
    if (own !== undefined) return { model: own.slice(0, -end.length), startedAt: second }
  }
  return null
}

/** The folder in which files of a revision lie: the run's own, or one where only revisions of it have been; null: none. */
export function folderWith(
  outDir: string,
  { runId, revision, begunAt }: { readonly runId: string; readonly revision: string; readonly begunAt: number },
): FolderName | null {
  const marker = (of: string): string => JSON.stringify({ run_id: runId, revision: of })
  const own = ownFolder(outDir, begunAt, marker('main'))
  return own ?? (revision === 'main' ? null : ownFolder(outDir, begunAt, marker(revision), revision))
}

/** The name of the run's folder: that of ownFolder, else the first from its start on that no other run has. */
export function folderName(outDir: string, wanted: FolderName, marker: string): FolderName {
  const entries = new Set(entriesOf(outDir))
  const isFree = (startedAt: number): boolean => {
    const entry = `${modelInPath(wanted.model)}_${timestampInPath(startedAt)}`
    return !entries.has(entry) || [null, marker].includes(markerIn(outDir, entry))
  }
  const own = ownFolder(outDir, wanted.startedAt, marker)
  return own ?? { ...wanted, startedAt: secondsFrom(wanted.startedAt).find(isFree) ?? wanted.startedAt }
}

/** Names for one run and revision. startedAt: milliseconds since 1970 UTC. */
export function runNames(outDir: string, model: string, startedAt: number, revision: string): RunNames {
  const [name, time] = [modelInPath(model), timestampInPath(startedAt)]
  const main = join(outDir, `${name}_${time}`)
  const folder = revision === 'main' ? main : join(main, revision)
  const [before, after] = [`Magpie_${name}_`, (type: DataType) => `_${time}_${type}`]
  return {
    folder,
    segments: join(folder, 'segments'),
    base: (type, count) => `${before}${count}${after(type)}`,
    countOf: (type, file) => {
      const end = `${after(type)}.json`
      if (!file.startsWith(before) || !file.endsWith(end)) return null
      const count = file.slice(before.length, -end.length)
      return /^\d+$/.test(count) ? Number(count) : null
    },
  }
}
