// Which dead letters are meant: every condition that is given must hold.

import type { Letter } from './letters.ts'

export interface LetterFilter {
  readonly run?: string | undefined
  readonly revision?: string | undefined
  readonly stage?: string | undefined
  readonly code?: string | undefined
  /** Failed at or after, and before, milliseconds since 1970 UTC. */
  readonly since?: number | undefined
  readonly until?: number | undefined
  /** Places, ids or keys; none: any. */
  readonly ids?: readonly string[] | undefined
  readonly waiting?: boolean | undefined
}

/** Says whether a letter is meant. */
export function isMeant(letter: Letter, filter: LetterFilter): boolean {
  const { run, revision, stage, code, since = -Infinity, until = Infinity, ids = [], waiting = false } = filter
  return (
    (run ?? letter.runId) === letter.runId &&
    (revision ?? letter.revision) === letter.revision &&
    (stage ?? letter.stage) === letter.stage &&
    (code ?? letter.code) === letter.code &&
    letter.failedAt >= since &&
    letter.failedAt < until &&
    (ids.length === 0 || ids.some((id) => isNamed(letter, id))) &&
    (!waiting || letter.redrivenAt === null)
  )
}

/** A letter is named by its place in the topic, by its id (the one of its row), or by its problem's id. */
export function isNamed({ place, id, key }: Letter, name: string): boolean {
  return name === place || name === id || (name !== '' && name === key)
}

export interface LetterCount {
  readonly stage: string
  readonly code: string
  readonly letters: number
  readonly waiting: number
}

/** Letters by stage and code, most first. */
export function countLetters(letters: readonly Letter[]): LetterCount[] {
  const counts = new Map<string, { stage: string; code: string; letters: number; waiting: number }>()
  for (const { stage, code, redrivenAt } of letters) {
    const name = JSON.stringify([stage, code])
    const count = counts.get(name) ?? { stage, code, letters: 0, waiting: 0 }
    count.letters += 1
    if (redrivenAt === null) count.waiting += 1
    counts.set(name, count)
  }
  return [...counts.values()].sort(
    (one, other) =>
      other.letters - one.letters || one.stage.localeCompare(other.stage) || one.code.localeCompare(other.code),
  )
}
