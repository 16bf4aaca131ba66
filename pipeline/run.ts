// Starts one process's part of a run: everything that its stages, its sinks and its producer need, in the order in
// which they lean on one another. Promise: a start that fails leaves nothing open. The way to the end: course.ts.

import { createLlm } from '../llm/llm.ts'
import type { MathPool } from '../math/contract.ts'
import { createMathPool } from '../math/pool.ts'
import { nothingExists } from '../producers/resume.ts'
import { permanent, UsageFault } from '../schemas/failure.ts'
import type { RunningStage } from '../stream/stage.ts'
import { countAccepted } from './accepted.ts'
import { createBudgetGuard, payersOf } from './budget.ts'
import { callersIn } from './callers.ts'
import { drainAll, followRun } from './course.ts'
import { createDemand } from './demand.ts'
import { createHouse, endedIn } from './house.ts'
import { openRun } from './open-run.ts'
import type { OpenRun } from './open-run.ts'
import { produce, readExisting } from './produce.ts'
import type { ActiveRun, RunParts } from './run-contract.ts'
import { watchLeft } from './left.ts'
import { openKeep } from './replay/keep.ts'
import { leadReplay } from './replay/lead.ts'
import { readSelection } from './replay/selection.ts'
import { SHARE_BESIDE, watchShare } from './replay/share.ts'
import { takesOf } from './replay/takes.ts'
import { openSinks } from './sinks.ts'
import { openSpending, spendingOf } from './spending.ts'
import { lagOf } from './standing.ts'
import { startStages } from './start-stages.ts'
import { createYieldGuard, hopeless } from './yield-guard.ts'

/** Starts everything; resolves when it is at work. Throws UsageFault or Failure. */
export async function startRun(parts: RunParts, signal: AbortSignal): Promise<ActiveRun> {
  const { loaded, log, now } = parts
  const { config } = loaded
  const run = await openRun(parts, signal)
  const closers: (() => Promise<void>)[] = [() => run.close()]
  try {
    const { connection, codec, planned, runId, revision } = run
    const accepted = await countAccepted(run, { sender: run.sender, accept: config.accept, topics: run.topics }, signal)
    const { replay } = config
    const chosen = replay?.selection == null ? null : await readSelection(run, run, replay.selection, signal)
    const existing = replay === null ? await readExisting(run, signal) : nothingExists
    const isEmpty = parts.parts.has('produce') && replay === null && existing.size === 0
    const sinks = await openSinks(parts, { ...run, sender: accepted.sender, isEmpty }, signal)
    closers.push(() => sinks.close())
    closers.push(() => drainAll(sinks.running))
    const share = parts.share === 'beside' ? SHARE_BESIDE : (parts.share ?? 1)
    const llm = createLlm({ ...callersIn(config), share, priority: parts.priority ?? 0, log })
    closers.push(() => llm.close())
    if (parts.share === 'beside') closers.push(watchShare(run, llm, parts))
    const math = createMathPool({ ...config.stages.verify, log })
    closers.push(() => math.close())
    await assertMathWorks(math)
    const backlog = await backlogOf(run)
    const keep = replay === null ? null : await openKeep(run, replay, log, signal)
    if (keep !== null) closers.push(() => keep.close())
    const tools = { config, runId, revision, llm, math, codec, connection, log, now, keep }
    const mine = planned.filter(({ name }) => parts.parts.has(name))
    // A line that was refused never was a problem.
    const before = existing.size - existing.brokenLines
    let made = before
    let brokenLines = existing.brokenLines
    const isEnough = async (): Promise<boolean> => {
      // Rows of other processes are counted where this one leads, and here where it does not.
      await accepted.recount()
      return accepted.isEnough(made)
    }
    const stages = startStages(
      mine,
      {
        ...{ ...tools, isEnough: config.accept?.exact === true ? isEnough : null },
        takes: replay === null ? null : takesOf(replay, chosen),
      },
      accepted.sender,
      log,
    )
    closers.push(() => drainAll(stages))
    const recount = async (): Promise<number> => {
      if (!parts.parts.has('curate') || accepted.mayMiss()) await accepted.recount()
      return backlogOf(run)
    }
    const house = createHouse({ planned, running: stages, backlog, recount, now })
    /** A replay makes no problems: those that its first stage has brought to an end stand for them. */
    const takenHere = (): number => {
      const first = stages.find((stage) => stage.state().name === planned[0]?.name)
      return first === undefined ? 0 : doneOf(first)
    }
    const leads = parts.parts.has('produce')
    /** With what a start that was killed had made and not said yet: the log has it. */
    const madeHere = (said: number): number => (leads ? Math.max(made - before, made - said) : 0)
    const openedAt = now()
    const book = await openSpending(
      {
        run,
        own: (others) => ({
          leadMilliseconds: leads ? now() - openedAt : 0,
          roles: spendingOf(llm.state().usage),
          done: {
            produce: replay === null ? madeHere(others['produce'] ?? 0) : takenHere(),
            ...Object.fromEntries(stages.map((stage) => [stage.state().name, doneOf(stage)])),
          },
          passed: Object.fromEntries(stages.map((stage) => [stage.state().name, stage.state().emitted])),
        }),
        now,
      },
      signal,
    )
    const curated = (): number => book.total().done['curate'] ?? 0
    const taken = (): number => book.total().done[planned[0]!.name] ?? 0
    const replayed = replay === null ? null : leadReplay(run, replay, taken)
    const { source } = parts
    const atOnce = source.kind === 'magpie' ? config.producer.choices : 1
    const guard = createBudgetGuard({
      budget: config.budget,
      spent: () => book.total(),
      payers: payersOf(config, source),
      atOnce,
      pace: () => ({
        milliseconds: now() - openedAt,
        // With stages in other processes, what they brought through all stages is what is known of them.
        ended: Math.max(endedIn(stages.map((stage) => stage.state())), curated()),
      }),
    })
    const most = { sft: 1, preference: config.stages.curate.preference.count }
    const rows = {
      ...{ accept: config.accept, planned, running: stages, most },
      counts: () => accepted.counts(),
      sent: () => accepted.sent(),
    }
    const demand = createDemand({ ...rows, atOnce })
    const lowYield = createYieldGuard({ ...rows, accept: leads ? config.accept : null, curated })
    const work = {
      ...{ config, runId, revision, llm, connection, codec, house, existing, log, now },
      sender: run.lead,
      affordable: (open: number) => Math.min(guard.room(open), demand(made, open)),
      shouldStop: () => accepted.isEnough(made) || guard.closed() !== null,
      onPublished: (count: number) => (made += count),
      onBrokenLines: (count: number) => (brokenLines += count),
    }
    const own = run.readers.filter(({ part }) => parts.parts.has(part))
    const left = leads && mine.length === planned.length ? null : watchLeft(run, own, log)
    if (left !== null)
      closers.push(() => {
        left.stop()
        return Promise.resolve()
      })
    const course = followRun({
      ...{ run, stages, sinks, leads, parts, book, guard },
      hopeless: async (until) => {
        const found = lowYield()
        return found === null ? null : await hopeless(run, found, openedAt, until)
      },
      start: async (until) => {
        if (source.kind === 'replay') return (await replayed?.start(until)) ?? 'replayed'
        const end = await produce({ ...work, source, signal: until })
        return end === 'accepted' && !accepted.isEnough(made) ? 'budget' : end
      },
      close: async () => {
        await closeAll(closers, parts)
      },
    })
    return {
      previous: run.previous,
      existing: before,
      done: course.done,
      stop: course.stop,
      update: (changed) => {
        llm.update(callersIn(changed))
      },
      snapshot: () => ({
        startedAt: run.startedAt,
        here: left === null ? null : { leads, left: left.records() },
        ...(replayed === null
          ? { total: config.total, made, read: null }
          : { total: replayed.total(), made: taken(), read: replayed.read() }),
        ...{ brokenLines, accepted: accepted.counts(), wanted: config.accept },
        ...course.state(),
        stages: stages.map((stage) => stage.state()),
        sinks: sinks.running.map((sink) => sink.state()),
        llm: llm.state(),
        kept: keep?.counts() ?? null,
        sender: run.sender.state(),
        ...{ spent: book.total(), budget: config.budget },
      }),
    }
  } catch (error) {
    // What has been refused is not a run that was killed.
    if (error instanceof UsageFault) closers.splice(1, 0, () => run.withdraw())
    await closeAll(closers, parts)
    throw error
  }
}

/** Workers that cannot load would make every verdict unknown, and the run would seem to succeed. */
async function assertMathWorks(math: MathPool): Promise<void> {
  const { verdict, reason } = await math.compare('(x+1)^2', 'x^2+2x+1')
  if (verdict !== 'equal')
    throw permanent('math-broken', `the workers that compare answers do not work (${reason}): run npm ci`)
}

/** Records that a stage has brought to an end. */
function doneOf(stage: RunningStage): number {
  const { emitted, rejected, dead } = stage.state()
  return emitted + rejected + dead
}

/** Asked in the data's way, one after the other: what moves on between two questions is counted twice, never missed. */
async function backlogOf(run: OpenRun): Promise<number> {
  let backlog = 0
  for (const part of run.readers.slice(0, run.planned.length)) backlog += await lagOf(run, part)
  return backlog
}

async function closeAll(closers: (() => Promise<void>)[], { log }: RunParts): Promise<void> {
  for (const close of closers.splice(0).reverse()) {
    await close().catch((error: unknown) => {
      log.warn({ error: String(error) }, 'closing failed')
    })
  }
}
