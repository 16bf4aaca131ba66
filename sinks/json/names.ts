// Names of folders and files of a run's data sets.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
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

/**
 * The model that the run's folder is already named after, where a process before has made one: a run that goes on
 * with another model keeps one data set. null: there is none yet.
 */
export function modelOfFolder(outDir: string, startedAt: number, marker: string): string | null {
  const end = `_${timestampInPath(startedAt)}`
  // What cannot be listed cannot be written either: opening the folder says so.
  const isFolder = statSync(outDir, { throwIfNoEntry: false })?.isDirectory() ?? false
  const entries = isFolder ? readdirSync(outDir) : []
  const own = entries.find((entry) => {
    const file = join(outDir, entry, MARKER)
    return entry.endsWith(end) && existsSync(file) && readFileSync(file, 'utf8').trim() === marker
  })
  return own?.slice(0, -end.length) ?? null
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
