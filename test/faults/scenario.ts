// What a scenario of the fault suite is: a fault, how it is brought about, and the run that has to survive it.

import type { Ground } from './ground.ts'

export interface Scenario {
  /** Row of the table: what is done, in a few words. */
  readonly fault: string
  /** In which form of the suite: both, the long one alone, or the short one alone (a smaller twin of a long one). */
  readonly form: 'both' | 'long' | 'short'
  /** shared: the suite's broker; own: one in a state folder of its own (ground.stateDir), because it is hurt. */
  readonly broker: 'shared' | 'own'
  /** False where no process that calls models, and no model server, is hurt: then no call may be paid again. Default true. */
  readonly mayRepeat?: false
  /** Why it cannot be played here; null, or absent: it can. */
  readonly unable?: () => string | null
  /**
   * Does the harm, and sees the run to its end. What it asserts itself is about the fault (that it was met, what was
   * said); that nothing is lost or doubled, and what was paid twice, is looked at afterwards by the suite.
   */
  play(ground: Ground): Promise<Played>
}

/** What has to be whole now. */
export interface Played {
  readonly runId: string
  /** Problems that the run was to make: slots of four choices. */
  readonly total: number
  /** Folder of the data files, as the runs were told; OUT unless said. */
  readonly out?: string
  /** Environment in which its tables are asked, where they are elsewhere. */
  readonly environment?: NodeJS.ProcessEnv
}

/** A row of the table. */
export interface Row {
  readonly fault: string
  /** How often it was done in the one run. */
  readonly times: number
  readonly lost: number
  readonly doubled: number
  /** Model calls that were answered although they had been answered before. */
  readonly repeated: number
  /** Model calls without an answer when the fault struck, all strikes together. */
  readonly inFlight: number
  /** Model calls answered in the second before each strike: their answers may not have been on the log yet. */
  readonly lately: number
  /** The longest time from the end of a fault to the next answered model call, seconds; null: none was needed. */
  readonly recovery: number | null
  readonly seconds: number
  /** Why the row is red; empty: it is not. */
  readonly faults: readonly string[]
}
