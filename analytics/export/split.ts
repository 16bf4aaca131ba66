// Which problems are for testing. Promise: it follows from the problem's id and the share alone, so a problem never
// changes sides: not when the data set grows, not between types, formats, runs' revisions or times; with a larger share
// the problems of a smaller one stay for testing.

import { createHash } from 'node:crypto'
import type { Split } from './contract.ts'

/** The problem's place in [0, 1): the first 48 bits of SHA-256 of its id. */
export function placeOf(problemId: string): number {
  return createHash('sha256').update(problemId).digest().readUIntBE(0, 6) / 2 ** 48
}

/** The side of a problem; null: all are for training. */
export function splitOf(problemId: string, share: number | null): Split {
  return share !== null && placeOf(problemId) < share ? 'test' : 'train'
}
