// From what all passes have counted to the audit: what can only be said of the whole (is the total there, does a data
// set hold the first rows by id), and the lines.

import type { Config } from '../../configs/schema.ts'
import type { Audit, FaultKind } from './contract.ts'
import type { AuditedRun } from './find-run.ts'
import type { Furthest } from './pass.ts'
import { choicesBehind } from './slots.ts'
import type { Sums } from './sums.ts'
import type { Limits } from './weigh-stores.ts'

export interface Settling {
  readonly run: AuditedRun
  readonly sums: Sums
  readonly furthest: Furthest
  readonly isOver: boolean
  readonly input: string | undefined
}

/** Rows that the data sets of a run may have: those that `accept` asks for exactly. A replay is asked for none. */
export function limitsOf({ accept, replay }: Config): Limits {
  return accept?.exact === true && replay === null ? accept : { sft: null, preference: null }
}

const KINDS: readonly FaultKind[] = ['missing', 'doubled', 'stray']

/** The audit without its notes. */
export function settle(settling: Settling): Omit<Audit, 'notes' | 'passes'> {
  const { run, sums, isOver } = settling
  const { record } = run
  settleTotal(settling)
  settleSets(settling)
  for (const [at, sum] of [...sums.stages, ...sums.stores])
    for (const kind of KINDS) sum[kind] = sums.faults.count(at, kind)
  const faults = sums.faults.groups()
  const count = (kind: FaultKind): number =>
    faults.reduce((sum, group) => sum + (group.kind === kind ? group.count : 0), 0)
  const { begun, accepted, rejected, dead, inFlight } = sums.problems
  return {
    run: record.runId,
    revision: record.revision,
    state: isOver ? 'finished' : record.state === 'finished' ? 'running' : record.state,
    whole: faults.length === 0 && sums.overdue === 0,
    counts: {
      ...{ problems: begun, accepted, rejected, dead, inFlight },
      ...{ lost: count('missing'), doubled: count('doubled'), stray: count('stray') },
      ...{ repeats: sums.repeats, overdue: sums.overdue },
    },
    stages: [...sums.stages.values()],
    stores: [...sums.stores.values()],
    faults,
  }
}

/** A run that has finished by its total has so many problems. Which slots they are in is free: choices may have changed. */
function settleTotal({ run: { record, config }, sums, furthest, isOver, input }: Settling): void {
  const { total, accept } = config
  if (!isOver || total === null || input !== undefined || furthest.source !== 'magpie') return
  const produce = sums.stages.get('produce')!
  const made = produce.out + produce.rejected - sums.faults.count('produce', 'doubled')
  if (made >= total) {
    const unasked = sums.faults.drop('produce', 'missing')
    produce.in -= unasked
    sums.problems.begun -= unasked
    return
  }
  const behind = total - made - sums.faults.count('produce', 'missing')
  if (accept !== null || behind <= 0) return
  for (const id of choicesBehind({ runId: record.runId, config, furthest }, behind)) {
    produce.in += 1
    sums.problems.begun += 1
    sums.faults.add('produce', 'missing', id, () => ({
      says: `the run has finished with ${made} problems of the ${total} that it was asked for`,
      seen: null,
    }))
  }
}

/** Where so many rows were asked for, the data set of a finished run holds the first of them by id, the rest lies beside. */
function settleSets({ run: { config }, sums, isOver }: Settling): void {
  const limits = limitsOf(config)
  for (const type of ['sft', 'preference'] as const) {
    const store = `files ${type}`
    const [sum, limit, set] = [sums.stores.get(store), limits[type], sums.sets[type]]
    if (sum === undefined || limit === null || !isOver) continue
    sum.surplus = set.beside
    const wanted = Math.min(limit, set.rows + set.beside)
    const add = (kind: FaultKind, id: string, says: string): void => {
      sums.faults.add(store, kind, id, () => ({ says, seen: null }))
    }
    if (set.rows < wanted)
      add(
        'missing',
        set.least ?? store,
        `the data set holds ${set.rows} of the ${wanted} rows asked for; this is the first that lies beside it`,
      )
    if (set.rows > limit) add('stray', set.greatest, `the data set holds ${set.rows} rows, and ${limit} were asked for`)
    if (set.least !== null && set.least < set.greatest && set.rows >= wanted)
      add('stray', set.greatest, `in the data set, and ${set.least}, which comes before it, is not`)
  }
}
