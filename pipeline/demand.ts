// How many more problems have to be started for the rows that are asked for. Promises: no more are started than were
// enough if every problem gave what one can give at most; as results come, those that are on their way are expected to
// give what their like gave before; what is expected to fall short, by chance too, is started.

import type { Config } from '../configs/schema.ts'
import type { PlannedStage } from '../pipeline.ts'
import type { RunningStage } from '../stream/stage.ts'
import type { Accepted } from './accepted.ts'

/** What rows are asked for, what there is of them, and the stages that make them. */
export interface RowsWanted {
  readonly accept: Config['accept']
  /** Rows that one problem gives at most. */
  readonly most: Accepted
  readonly planned: readonly PlannedStage[]
  /** The stages that run here; where some run elsewhere, only the whole is known. */
  readonly running: readonly RunningStage[]
  readonly counts: () => Accepted
  /** Rows that came of what the stages here have done. */
  readonly sent: () => Accepted
}

export interface DemandParts extends RowsWanted {
  /** Problems that are started together. */
  readonly atOnce: number
}

/** Problems to start, so many having been made and so many being open (published, and not at an end). */
export type Demand = (made: number, open: number) => number

/** Returns the function; it says Infinity where no number of rows is asked for. */
export function createDemand({ accept, most, planned, running, counts, sent, atOnce }: DemandParts): Demand {
  const whole = running.length === planned.length
  return (made, open) => {
    if (accept === null) return Infinity
    const now = counts()
    const here = sent()
    let problems = accept.minimum - made
    for (const type of ['sft', 'preference'] as const) {
      const missing = (accept[type] ?? 0) - now[type]
      if (missing <= 0) continue
      // Without counters of all stages: what has ended so far, and how much it gave.
      const ways = whole
        ? waysOf({ planned, running, rows: here[type], most: most[type], assumed: ASSUMED }, open)
        : [{ open, rows: rate(now[type], Math.max(0, made - open), ASSUMED, most[type]) }]
      // As long as few rows came, the need is uncertain and looks large: not all of it is started at once.
      const room = Math.max(accept.probe, AT_ONCE * missing) - open
      problems = Math.max(problems, Math.min(shortOf(missing, ways), room))
    }
    // A request makes so many at once.
    return Math.ceil(Math.max(0, problems) / atOnce) * atOnce
  }
}

/** Problems at one place of the pipeline, and the rows that one of them gives on average. The first place is where new ones begin. */
interface Way {
  readonly open: number
  readonly rows: number
}

/** Problems on their way for each row that is missing, at most. */
const AT_ONCE = 4

/** So many successes are added to what a stage has shown: nothing is known at the start, and a few first failures say little. */
const ASSUMED = 4

const rate = (passed: number, ended: number, assumed: number, best = 1): number =>
  (passed + assumed * best) / (ended + assumed)

/** What all stages of this process have shown since its start. */
export interface Shown {
  readonly planned: readonly PlannedStage[]
  readonly running: readonly RunningStage[]
  /** Rows that came of it, and how many a problem gives at most. */
  readonly rows: number
  readonly most: number
  /** Successes that are added to what each stage has shown. */
  readonly assumed: number
}

/** Rows that a new problem is expected to give. */
export function expectedRows(shown: Shown): number {
  return waysOf(shown, 0)[0]!.rows
}

function waysOf({ planned, running, rows: rowsHere, most, assumed }: Shown, open: number): Way[] {
  const states = new Map(running.map((stage) => stage.state()).map((state) => [state.name, state]))
  const ways: Way[] = []
  let rows = 1
  let placed = 0
  for (const [index, { name }] of [...planned.entries()].toReversed()) {
    const { received, redriven, emitted, rejected, dead } = states.get(name)!
    const ended = emitted + rejected + dead
    rows *= name === 'curate' ? rate(rowsHere, ended, assumed, most) : rate(emitted, ended, assumed)
    const before = planned[index - 1]
    // Inside the stage, or on the topic before it.
    const sent = before === undefined ? received : Math.max(received, states.get(before.name)!.emitted + redriven)
    const here = Math.max(0, sent - ended)
    placed += here
    ways.push({ open: here, rows })
  }
  // The others wait at the head of the line.
  return [{ open: Math.max(0, open - placed), rows }, ...ways]
}

/** Problems that what is on its way will be short of: less one standard deviation, so that one more round is rarely needed. */
function shortOf(missing: number, ways: readonly Way[]): number {
  let expected = 0
  let variance = 0
  for (const { open, rows } of ways) {
    expected += open * rows
    variance += open * rows * Math.max(0, 1 - rows)
  }
  const short = missing - Math.max(0, expected - Math.sqrt(variance))
  return short <= 0 ? 0 : Math.ceil(short / ways[0]!.rows)
}
