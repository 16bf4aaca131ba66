// Watches how many of the last records of a stage became dead letters: many mean that the stage is broken, not
// the records.

import { type Failure, permanent } from '../schemas/failure.ts'

/** Records that are looked back on. */
export const SHARE_WINDOW = 50

/** Default share of dead letters that a stage may have. */
export const DEFAULT_SHARE = 0.2

/**
 * Returns a function that takes each record's end (true: a dead letter) and says whether dead letters are now
 * more than `share` of SHARE_WINDOW among the last SHARE_WINDOW records.
 */
export function watchDeadLetters(share: number): (isDead: boolean) => boolean {
  const recent: boolean[] = []
  let dead = 0
  let next = 0
  return (isDead) => {
    if (recent[next] === true) dead -= 1
    recent[next] = isDead
    if (isDead) dead += 1
    next = (next + 1) % SHARE_WINDOW
    return dead > share * SHARE_WINDOW
  }
}

/** What ends a stage or sink whose records mostly become dead letters. */
export function tooManyDeadLetters(who: string, share: number, lastError: string | null): Failure {
  const recent = `more than ${share * 100} % of the last ${SHARE_WINDOW} records`
  return permanent('too-many-dead-letters', `${who}: ${recent} became dead letters; the last: ${lastError ?? ''}`)
}
