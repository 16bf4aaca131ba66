// One process's part of a run, from the claim to the last commit. Promises: what runs here is drained in the
// data's way (no new problems, then stages, then sinks); the run's state on the log is what happened; whenever this
// ends, nothing that was acknowledged is lost.

import { createLlm } from '../llm/llm.ts'
import type { MathPool } from '../math/contract.ts'
import { createMathPool } from '../math/pool.ts'
import { permanent, transient } from '../schemas/failure.ts'
import { pauseFor, settledWithin } from '../stream/back-off.ts'
import type { RunningSink } from '../stream/sink-consumer.ts'
import type { RunningStage } from '../stream/stage.ts'
import { countAccepted } from './accepted.ts'
import { createHouse } from './house.ts'
import { openRun } from './open-run.ts'
import type { OpenRun } from './open-run.ts'
import { untilAnswered } from './patience.ts'
import { produce, readExisting } from './produce.ts'
import type { ProduceEnd } from './produce.ts'
import type { ActiveRun, RunParts, RunPhase, RunResult } from './run-contract.ts'
import { HEARTBEAT_MS } from './run-records.ts'
import { openSinks } from './sinks.ts'
import { lagOf, throughCheck } from './standing.ts'
import { startStages } from './start-stages.ts'

/** Between two looks at whether everything is through, milliseconds. */
const LOOK_MS = 500
/** A drain: calls under way get so long, then sinks write what they hold. */
const STAGE_DRAIN_MS = 4000
const SINK_DRAIN_MS = 3000
const PRODUCER_DRAIN_MS = 1500
/** So long a stopping run waits until its last state is in the table, milliseconds. */
const STATE_READ_MS = 1500

/** Starts everything; resolves when it is at work. Throws UsageFault or Failure. */
export async function startRun(parts: RunParts, signal: AbortSignal): Promise<ActiveRun> {
  const { loaded, log, now } = parts
  const { config } = loaded
  const run = await openRun(parts, signal)
  const closers: (() => Promise<void>)[] = [() => run.close()]
  try {
    const { connection, codec, planned, runId, revision } = run
    const accepted = await countAccepted(run, { sender: run.sender, accept: config.accept }, signal)
    const existing = await readExisting(run, signal)
    const sinks = await openSinks(parts, { ...run, sender: accepted.sender })
    closers.push(() => sinks.close())
    closers.push(() => drainAll(sinks.running))
    const llm = createLlm({ roles: rolesOf(config), rewarders: rewardersOf(config.stages.reward.rewards), log })
    closers.push(() => llm.close())
    const math = createMathPool({ ...config.stages.verify, log })
    closers.push(() => math.close())
    await assertMathWorks(math)
    const backlog = await backlogOf(run)
    const tools = { config, runId, revision, llm, math, codec, connection, now }
    const mine = planned.filter(({ name }) => parts.parts.has(name))
    const stages = startStages(mine, tools, accepted.sender, log)
    closers.push(() => drainAll(stages))
    const recount = async (): Promise<number> => {
      if (!parts.parts.has('curate')) await accepted.recount()
      return backlogOf(run)
    }
    const house = createHouse({ planned, running: stages, backlog, recount, now })
    let made = existing.size
    const work = {
      ...{ source: parts.source, config, runId, revision, llm, connection, codec, house, existing, log, now },
      sender: run.sender,
      shouldStop: () => accepted.isEnough(made),
      onPublished: (count: number) => (made += count),
    }
    const leads = parts.parts.has('produce')
    const course = follow({
      ...{ run, stages, sinks, leads, parts },
      start: (until) => produce({ ...work, signal: until }),
      close: async () => {
        await closeAll(closers, parts)
      },
    })
    return {
      previous: run.previous,
      existing: existing.size,
      done: course.done,
      stop: course.stop,
      update: (changed) => {
        llm.update({ roles: rolesOf(changed), rewarders: rewardersOf(changed.stages.reward.rewards) })
      },
      snapshot: () => ({
        ...{ startedAt: run.startedAt, total: config.total, made, accepted: accepted.counts() },
        ...course.state(),
        stages: stages.map((stage) => stage.state()),
        sinks: sinks.running.map((sink) => sink.state()),
        llm: llm.state(),
        sender: run.sender.state(),
      }),
    }
  } catch (error) {
    await closeAll(closers, parts)
    throw error
  }
}

interface Course {
  readonly run: OpenRun
  readonly stages: readonly RunningStage[]
  readonly sinks: Awaited<ReturnType<typeof openSinks>>
  readonly leads: boolean
  readonly parts: RunParts
  readonly start: (signal: AbortSignal) => Promise<ProduceEnd>
  readonly close: () => Promise<void>
}

/** Follows the run to its end: through, stopped, or failed. */
function follow({ run, stages, sinks, leads, parts, start, close }: Course) {
  const { log } = parts
  const halt = new AbortController()
  let phase: RunPhase = 'running'
  let produced: ProduceEnd | null = null
  let ending: Promise<void> | null = null

  const producing = leads ? start(halt.signal) : null
  producing?.then(
    (end) => (produced = end),
    () => undefined,
  )
  const heartbeat = setInterval(() => {
    if (phase !== 'running') return
    run.publish('running').catch((error: unknown) => {
      log.warn({ error: String(error) }, 'the heartbeat was not written')
    })
  }, HEARTBEAT_MS)

  /** Drains once, writes the state, closes everything. */
  const end = async (state: 'finished' | 'stopped' | 'failed'): Promise<void> => {
    ending ??= (async () => {
      phase = 'draining'
      clearInterval(heartbeat)
      if (state !== 'finished') await sendState(run, 'draining', log)
      halt.abort(transient('stopped', 'the run was stopped'))
      if (run.sender.state().downSince !== null) {
        // Nothing can be acknowledged, so nothing that is under way can end: it comes again from the last commit.
        await drainAll([...stages, ...sinks.running])
        await close()
        return
      }
      // What it publishes may wait for a broker that is gone.
      if (producing !== null) await settledWithin(producing, PRODUCER_DRAIN_MS)
      await Promise.all(stages.map((stage) => stage.drain(STAGE_DRAIN_MS)))
      if (state !== 'finished') {
        // Before the sinks are drained, so that the table of runs says it too.
        await sendState(run, state, log)
        await sinks.untilRead('runs', STATE_READ_MS)
      }
      await Promise.all(sinks.running.map((sink) => sink.drain(SINK_DRAIN_MS)))
      await close()
    })()
    await ending
  }

  /** Resolves when nothing is left to do, here or anywhere. Throws the halt's reason. */
  const through = async (): Promise<void> => {
    await producing
    const isThrough = throughCheck(run, run.readers)
    const isOver = async (): Promise<boolean> => {
      const state = (await run.readState(halt.signal))?.state
      return state === 'finished' || state === 'failed'
    }
    while (!(await untilAnswered(leads ? isThrough : isOver, halt.signal))) {
      await pauseFor(leads ? LOOK_MS : 4 * LOOK_MS, halt.signal)
    }
    halt.signal.throwIfAborted()
  }

  const whole = async (): Promise<RunResult> => {
    await through()
    phase = 'finishing'
    const files = await sinks.finish()
    halt.signal.throwIfAborted()
    await run.publish('finished')
    await sinks.untilRead('runs', 10_000)
    await end('finished')
    return { state: 'finished', files }
  }

  const faults = [...stages, ...sinks.running].map(async ({ stopped }) => {
    await stopped
    return new Promise<never>(() => undefined)
  })
  const done = Promise.race([whole(), ...faults]).catch(async (error: unknown): Promise<RunResult> => {
    if (halt.signal.aborted) {
      await ending
      return { state: 'stopped', files: [] }
    }
    log.error({ error: error instanceof Error ? error.stack : String(error) }, 'the run failed')
    await end('failed')
    throw error
  })
  done.catch(() => undefined)
  return { done, stop: () => end('stopped'), state: () => ({ phase, produced }) }
}

/** A start that fails leaves nobody in a group; after an orderly end this does nothing. */
async function drainAll(parts: readonly (RunningStage | RunningSink)[]): Promise<void> {
  await Promise.all(parts.map((part) => part.drain(0)))
}

/** Workers that cannot load would make every verdict unknown, and the run would seem to succeed. */
async function assertMathWorks(math: MathPool): Promise<void> {
  const { verdict, reason } = await math.compare('(x+1)^2', 'x^2+2x+1')
  if (verdict !== 'equal')
    throw permanent('math-broken', `the workers that compare answers do not work (${reason}): run npm ci`)
}

/** At the end of a run a broker that is gone must not keep the process from ending. */
async function sendState(run: OpenRun, state: 'draining' | 'stopped' | 'failed', log: RunParts['log']): Promise<void> {
  const written = run.publish(state).catch((error: unknown) => {
    log.warn({ state, error: String(error) }, 'the state of the run was not written')
  })
  const inTime = await settledWithin(written, run.sender.state().downSince === null ? 3000 : 300)
  if (!inTime) log.warn({ state }, 'the broker does not answer; the state of the run was not written')
}

/** Asked in the data's way, one after the other: what moves on between two questions is counted twice, never missed. */
async function backlogOf(run: OpenRun): Promise<number> {
  let backlog = 0
  for (const part of run.readers.slice(0, run.planned.length)) backlog += await lagOf(run, part)
  return backlog
}

type RunConfig = RunParts['loaded']['config']
type Models = Parameters<typeof createLlm>[0]

/** The reward models by the names of their rewards. */
export function rewardersOf(rewards: RunConfig['stages']['reward']['rewards']): Models['rewarders'] {
  return Object.fromEntries(
    rewards.flatMap((reward) =>
      reward.kind === 'agreement' || reward.kind === 'judge' ? [] : [[reward.name, reward] as const],
    ),
  )
}

/** The roles, and the judges among the rewards as roles `reward:NAME`. */
export function rolesOf({ roles, stages }: RunConfig): Models['roles'] {
  const judges = stages.reward.rewards.flatMap((reward) =>
    reward.kind === 'judge' ? [[`reward:${reward.name}`, reward] as const] : [],
  )
  return { ...roles, ...Object.fromEntries(judges) }
}

async function closeAll(closers: (() => Promise<void>)[], { log }: RunParts): Promise<void> {
  for (const close of closers.splice(0).reverse()) {
    await close().catch((error: unknown) => {
      log.warn({ error: String(error) }, 'closing failed')
    })
  }
}
