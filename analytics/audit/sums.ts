// The lines of an audit while they are counted, over all passes.

import type { PlannedStage } from '../../pipeline.ts'
import type { StageLine, StoreLine } from './contract.ts'
import { createFaults } from './faults.ts'
import type { Faults } from './faults.ts'

type Writable<Line> = { -readonly [Name in keyof Line]: Line[Name] }

export type StageSum = Writable<StageLine>
export type StoreSum = Writable<StoreLine>

/** Of the data set of one type: its rows and the greatest id; rows that only the segments have, and the least id of them. */
export interface SetSum {
  rows: number
  greatest: string
  beside: number
  least: string | null
}

export interface Sums {
  readonly faults: Faults
  /** `produce` first, where the run has it. */
  readonly stages: ReadonlyMap<string, StageSum>
  readonly stores: ReadonlyMap<string, StoreSum>
  readonly sets: Readonly<Record<'sft' | 'preference', SetSum>>
  /** Messages that repeat an id. */
  repeats: number
  /** In flight, problems and rows, of a run that has finished, without a letter that was sent again. */
  overdue: number
  readonly problems: { begun: number; accepted: number; rejected: number; dead: number; inFlight: number }
}

export interface SumParts {
  readonly planned: readonly PlannedStage[]
  /** False of a replay: what it reads is another revision's. */
  readonly produces: boolean
  readonly withTables: boolean
  readonly withFiles: boolean
}

export function createSums({ planned, produces, withTables, withFiles }: SumParts): Sums {
  const stores = [
    ...(withTables
      ? ['problems', 'responses', 'sft', 'preferences', 'rejections', 'dead_letters'].map((table) => `table ${table}`)
      : []),
    ...(withFiles ? ['files sft', 'files preference'] : []),
  ]
  const set = (): SetSum => ({ rows: 0, greatest: '', beside: 0, least: null })
  return {
    faults: createFaults(),
    stages: new Map(
      [...(produces ? ['produce'] : []), ...planned.map(({ name }) => name)].map((stage) => [stage, emptyStage(stage)]),
    ),
    stores: new Map(stores.map((store) => [store, emptyStore(store)])),
    sets: { sft: set(), preference: set() },
    repeats: 0,
    overdue: 0,
    problems: { begun: 0, accepted: 0, rejected: 0, dead: 0, inFlight: 0 },
  }
}

/** Rows of all stores that are in flight. */
export function rowsInFlight(stores: Iterable<StoreLine>): number {
  let rows = 0
  for (const { inFlight } of stores) rows += inFlight
  return rows
}

function emptyStage(stage: string): StageSum {
  return {
    ...{ stage, in: 0, out: 0, rejected: 0, dead: 0, inFlight: 0, repeats: 0 },
    ...{ missing: 0, doubled: 0, stray: 0 },
  }
}

function emptyStore(store: string): StoreSum {
  return {
    ...{ store, expected: 0, rows: 0, surplus: 0, inFlight: 0, dead: 0 },
    ...{ missing: 0, doubled: 0, stray: 0 },
  }
}
