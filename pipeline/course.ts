// The course of one process's part of a run, to the last commit. Promises: what runs here is drained in the data's way
// (no new problems, then stages, then sinks); the run's state on the log is what happened; whenever this ends, nothing
// that was acknowledged is lost.

import { Failure, transient, UsageFault } from '../schemas/failure.ts'
import type { BudgetName } from '../schemas/records.ts'
import { pauseFor, settledWithin } from '../stream/back-off.ts'
import type { RunningSink } from '../stream/sink-consumer.ts'
import type { RunningStage, StageState } from '../stream/stage.ts'
import { partitionCounts } from '../stream/topics-admin.ts'
import type { BudgetGuard } from './budget.ts'
import type { OpenRun } from './open-run.ts'
import { untilAnswered } from './patience.ts'
import type { ProduceEnd } from './produce.ts'
import type { CutOff, DataFile, RunParts, RunPhase, RunResult } from './run-contract.ts'
import { HEARTBEAT_MS } from './run-records.ts'
import type { openSinks } from './sinks.ts'
import type { SpendingBook } from './spending.ts'
import { throughCheck } from './standing.ts'
import { watchTopics } from './topic-watch.ts'

/** Between two looks at whether everything is through, milliseconds. */
const LOOK_MS = 500
/** The same when only sinks have something left; so many times, then as before: a store may be away for hours. */
const LAST_LOOK_MS = 100
const LAST_LOOKS = 50
/** Between two looks at how many rows the run gives, milliseconds. */
const YIELD_LOOK_MS = 250
/** Between two looks at what other processes have spent and done, where a budget or rows are asked for, milliseconds. */
const BOOK_LOOK_MS = 5000
/** So long calls under way may go on when a budget is used up: they are nearly paid. */
const BUDGET_DRAIN_MS = 30_000
/** A drain: what stages have under way gets the config's `drain.seconds`, then sinks write what they hold. */
const SINK_DRAIN_MS = 3000
const PRODUCER_DRAIN_MS = 1500
/** So long a stopping run waits for room for its files; the next start puts them together else. */
const FINISH_MS = 60_000
/** So long a stopping run waits until its last state is in the table, milliseconds. */
const STATE_READ_MS = 1500

export interface Course {
  readonly run: OpenRun
  readonly stages: readonly RunningStage[]
  readonly sinks: Awaited<ReturnType<typeof openSinks>>
  readonly leads: boolean
  readonly parts: RunParts
  readonly book: SpendingBook
  readonly guard: BudgetGuard
  readonly start: (signal: AbortSignal) => Promise<ProduceEnd>
  /** The failure that a run ends with that gives too few rows; null while it gives enough. */
  readonly hopeless: (signal: AbortSignal) => Promise<Failure | null>
  readonly close: () => Promise<void>
}

/** Follows the run to its end: through, stopped, or failed. */
export function followRun({ run, stages, sinks, leads, parts, book, guard, start, hopeless, close }: Course) {
  const { log } = parts
  const halt = new AbortController()
  let phase: RunPhase = 'running'
  let produced: ProduceEnd | null = null
  let ending: Promise<void> | null = null
  let endedBy: BudgetName | null = null
  let files: readonly DataFile[] = []
  let cut: readonly CutOff[] = []

  const producing = leads ? start(halt.signal) : null
  producing?.then(
    (end) => (produced = end),
    () => undefined,
  )
  const lost = Promise.withResolvers<never>()
  let isLastSaid = false
  const heartbeat = setInterval(() => {
    if (isLastSaid) return
    // A drain, or large files that are put together, may take longer than a run that is silent is held.
    run.publish(phase === 'draining' ? 'draining' : 'running').catch((error: unknown) => {
      if (error instanceof Failure && error.code === 'lead-lost') lost.reject(error)
      log.warn({ error: String(error) }, 'the heartbeat was not written')
    })
    book.publish().catch((error: unknown) => {
      log.warn({ error: String(error) }, 'what was spent was not written')
    })
  }, HEARTBEAT_MS)
  const hasBudget = Object.values(parts.loaded.config.budget).some((limit) => limit !== null)
  const isCounted = hasBudget || parts.loaded.config.accept !== null
  const bookLook = setInterval(() => {
    if (phase !== 'running' || !isCounted) return
    book.look(halt.signal).catch((error: unknown) => {
      if (!halt.signal.aborted) log.warn({ error: String(error) }, 'what others have spent could not be read')
    })
  }, BOOK_LOOK_MS)
  const lookAtBudget = (): void => {
    if (phase !== 'running') return
    endedBy ??= guard.reached()
    if (endedBy === null) return
    log.info({ budget: endedBy }, 'the budget is used up')
    // `done` rejects with what may go wrong there.
    end('stopped').catch(() => undefined)
  }
  const budgetLook = setInterval(lookAtBudget, LOOK_MS)

  /** Before the last state, so that it stays the newest. */
  const stopHeartbeat = (): void => {
    isLastSaid = true
    clearInterval(heartbeat)
  }

  /** Drains once, writes the state, closes everything. */
  const end = async (state: 'finished' | 'stopped' | 'failed'): Promise<void> => {
    ending ??= (async () => {
      phase = 'draining'
      for (const timer of [bookLook, budgetLook]) clearInterval(timer)
      if (state === 'finished') stopHeartbeat()
      if (state !== 'finished') await sendState(run, 'draining', log)
      halt.abort(transient('stopped', 'the run was stopped'))
      if (run.sender.state().downSince !== null) {
        // Nothing can be acknowledged, so nothing that is under way can end: it comes again from the last commit.
        stopHeartbeat()
        cut = cutOff(stages.map((stage) => stage.state()))
        // It may be a topic that is gone, and not the broker.
        if (state === 'failed') await sendState(run, state, log)
        await drainAll([...stages, ...sinks.running])
        await close()
        return
      }
      // What it publishes may wait for a broker that is gone.
      if (producing !== null) await settledWithin(producing, PRODUCER_DRAIN_MS)
      const seconds = parts.loaded.config.drain.seconds
      const drainMs = Math.max(seconds * 1000, endedBy === null ? 0 : BUDGET_DRAIN_MS)
      const before = stages.map((stage) => stage.state())
      // Where the leader has seen all through nothing is under way, and no part waits for another.
      const atOnce = state === 'finished' && leads ? sinks.running : []
      await Promise.all([
        ...stages.map((stage) => stage.drain(drainMs)),
        ...atOnce.map((sink) => sink.drain(SINK_DRAIN_MS)),
      ])
      cut = cutOff(
        before,
        stages.map((stage) => stage.state()),
      )
      if (cut.length > 0) log.info({ cut, drainMs }, 'records were cut off; they are taken again at the next start')
      stopHeartbeat()
      await sendSpending(book, log)
      if (state !== 'finished') {
        // Before the sinks are drained, so that the table of runs says it too.
        await sendState(run, state, log, endedBy)
        await sinks.untilRead('runs', STATE_READ_MS)
      }
      await Promise.all(sinks.running.map((sink) => sink.drain(SINK_DRAIN_MS)))
      // Whoever's money is spent wants what it bought; the next start puts the files together again.
      try {
        if (state === 'stopped' && endedBy !== null) files = await sinks.finish(AbortSignal.timeout(FINISH_MS))
      } finally {
        await close()
      }
    })()
    await ending
  }

  /** Resolves when nothing is left to do, here or anywhere; with false where the leader's budget ended it before. Throws the halt's reason. */
  const through = async (): Promise<boolean> => {
    await producing
    let lastLooks = 0
    const areStagesThrough = throughCheck(run, run.readers.slice(0, run.planned.length))
    const areSinksThrough = throughCheck(run, run.readers.slice(run.planned.length))
    const isThrough = async (): Promise<boolean> => {
      if (!(await areStagesThrough())) return false
      // Waiting for more rows would only be waiting.
      for (const sink of sinks.running) sink.hasten()
      lastLooks += 1
      return await areSinksThrough()
    }
    const isOver = async (): Promise<boolean> => {
      const record = await run.readState(halt.signal)
      // What stood there when this worker came is about an earlier start.
      const isNew = record?.createdAt !== run.previous?.createdAt
      endedBy ??= isNew ? (record?.endedBy ?? null) : null
      return record?.state === 'finished' || record?.state === 'failed' || endedBy !== null
    }
    while (!(await untilAnswered(leads ? isThrough : isOver, halt.signal))) {
      const isLast = lastLooks > 0 && lastLooks <= LAST_LOOKS
      await pauseFor(isLast ? LAST_LOOK_MS : leads ? LOOK_MS : 4 * LOOK_MS, halt.signal)
    }
    halt.signal.throwIfAborted()
    return leads || endedBy === null || (await untilAnswered(isThrough, halt.signal))
  }

  const whole = async (): Promise<RunResult> => {
    const isWhole = await through()
    if (!isWhole) {
      await end('stopped')
      return { state: 'stopped', files, endedBy, cut }
    }
    phase = 'finishing'
    if (produced === 'budget') endedBy = guard.closed()
    files = await sinks.finish(halt.signal)
    halt.signal.throwIfAborted()
    stopHeartbeat()
    const state = endedBy === null ? 'finished' : 'stopped'
    await run.publish(state, endedBy)
    await sinks.untilRead('runs', 10_000)
    await end('finished')
    return { state, files, endedBy, cut }
  }

  // A budget that earlier starts have used up: before any stage has fetched a record.
  lookAtBudget()
  const faults = [...stages, ...sinks.running].map(async ({ stopped }) => {
    await stopped
    return new Promise<never>(() => undefined)
  })
  /** Ends only by throwing. */
  const untilHopeless = async (): Promise<never> => {
    while (produced === null && (await pauseFor(YIELD_LOOK_MS, halt.signal))) {
      const failure = await untilAnswered(() => hopeless(halt.signal), halt.signal)
      if (failure !== null) throw failure
    }
    return new Promise<never>(() => undefined)
  }
  const watched = watchTopics(run, () => partitionCounts(run.connection), halt.signal)
  const done = Promise.race([whole(), untilHopeless(), watched, lost.promise, ...faults]).catch(
    async (error: unknown): Promise<RunResult> => {
      if (halt.signal.aborted) {
        await ending
        return { state: 'stopped', files, endedBy, cut }
      }
      log.error({ error: error instanceof Error ? error.stack : String(error) }, 'the run failed')
      // A sink that is refused when it opens late is no failure of the run: the others wait for somebody to lead it.
      await end(error instanceof UsageFault ? 'stopped' : 'failed')
      throw error
    },
  )
  done.catch(() => undefined)
  return { done, stop: () => end('stopped'), state: () => ({ phase, produced }) }
}

/** A start that fails leaves nobody in a group; after an orderly end this does nothing. */
export async function drainAll(parts: readonly (RunningStage | RunningSink)[]): Promise<void> {
  await Promise.all(parts.map((part) => part.drain(0)))
}

/** Records of each stage that were at work before it was drained and came to no end in it; without `after`: all of them. */
function cutOff(before: readonly StageState[], after: readonly StageState[] = before): CutOff[] {
  const ended = ({ emitted, rejected, dead }: StageState): number => emitted + rejected + dead
  return before.flatMap((state, index) => {
    const records = state.running - (ended(after[index]!) - ended(state))
    return records > 0 ? [{ stage: state.name, records }] : []
  })
}

/** At the end of a run a broker that is gone must not keep the process from ending. */
async function sendState(
  run: OpenRun,
  state: 'draining' | 'stopped' | 'failed',
  log: RunParts['log'],
  endedBy: BudgetName | null = null,
): Promise<void> {
  const written = run.publish(state, endedBy).catch((error: unknown) => {
    log.warn({ state, error: String(error) }, 'the state of the run was not written')
  })
  const inTime = await settledWithin(written, run.sender.state().downSince === null ? 3000 : 300)
  if (!inTime) log.warn({ state }, 'the broker does not answer; the state of the run was not written')
}

async function sendSpending(book: SpendingBook, log: RunParts['log']): Promise<void> {
  const written = book.publish().catch((error: unknown) => {
    log.warn({ error: String(error) }, 'what was spent was not written')
  })
  await settledWithin(written, 3000)
}
