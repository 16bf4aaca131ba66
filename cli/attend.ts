// A command that holds a run, once its config is loaded: its log, its screen, its progress, its signals, its last words.
// Exit codes as cli/main.ts says; the first Ctrl-C (or SIGTERM) drains, the second ends at once.

import { join } from 'node:path'
import type { LoadedConfig } from '../configs/load.ts'
import { checkEndpoints } from '../llm/check-endpoints.ts'
import type { PartName } from '../pipeline.ts'
import type { ActiveRun, RunParts, RunResult, RunSnapshot } from '../pipeline/run-contract.ts'
import { callersIn } from '../pipeline/callers.ts'
import { startRun } from '../pipeline/run.ts'
import { UsageFault } from '../schemas/failure.ts'
import { steadyNow } from '../schemas/steady-clock.ts'
import { harmless } from '../schemas/terminal-text.ts'
import type { OnSilence } from '../stream/kafka-silence.ts'
import { createAnnouncer } from './announce.ts'
import { budgetOf } from './budget-view.ts'
import { createDisplay } from './display.ts'
import { createFileLogger } from './logger.ts'
import { messagesIn } from './messages/choose.ts'
import type { Messages } from './messages/contract.ts'
import { prepareModel } from './prepare.ts'
import type { Preparing } from './prepare.ts'
import { progressBlock, progressLine, stageTable } from './progress-view.ts'
import { createRates } from './rates.ts'
import { watchConfig } from './reload.ts'
import { nameOf } from './run-name.ts'
import { redactorOf } from './secrets.ts'
import { programVersion } from './version.ts'
import { missingRows } from './wanted-rows.ts'

/** What is to be held. */
export interface Attended {
  readonly loaded: LoadedConfig
  readonly runId: string
  /** Revision that it writes. */
  readonly revision: string
  readonly stateDir: string
  /** The JSON sink runs in this process. */
  readonly writesFiles: boolean
  /** Starts it, when everything is there to tell of it. */
  readonly start: (preparing: Preparing) => Promise<ActiveRun>
  /** The config file, and how it is read again when it changes; null: it has none. */
  readonly file: { readonly path: string; readonly load: () => Promise<LoadedConfig> } | null
}

export interface WorkEnd {
  readonly exitCode: number
  readonly runId: string
  readonly result: RunResult | null
  /** The JSON sink runs in this process, so it knows the data files. */
  readonly writesFiles: boolean
  readonly messages: Messages
}

const LOOK_MS = 250
/** Between two log lines about memory, milliseconds. */
const MEMORY_MS = 30_000

/** Runs to the end, an interruption or a failure. Throws UsageFault and Failure for cli/main.ts to say. */
export async function attend({
  loaded,
  runId,
  revision,
  stateDir,
  writesFiles,
  start,
  file,
}: Attended): Promise<WorkEnd> {
  const logName = revision === 'main' ? runId : `${runId}.${revision}`
  const {
    logger: log,
    file: logFile,
    flush,
  } = createFileLogger(join(stateDir, 'logs', `${logName}.jsonl`), redactorOf(process.env, loaded.config))
  const messages = messagesIn(loaded.config.language)
  const display = createDisplay(process.stderr, steadyNow)
  const stop = interruption()
  const preparing = { stateDir, display, messages, log, signal: stop.signal }
  const name = nameOf({ runId, revision })
  try {
    const run = await start(preparing)
    const drain = (): void => {
      const running = run.snapshot().stages.reduce((sum, stage) => sum + stage.running, 0)
      display.say(messages.draining(running, loaded.config.drain.seconds))
      display.say(messages.pressAgain)
      run.stop().catch((error: unknown) => {
        log.error({ error: String(error) }, 'stopping failed')
      })
    }
    stop.onFirst(drain)
    if (stop.said) drain()
    const since = steadyNow()
    const unwatch =
      file === null
        ? () => undefined
        : watchConfig({
            ...{ file: file.path, load: file.load, loaded, display, messages, log },
            apply: async (next) => {
              run.update((await prepareModel(next, preparing)).config)
            },
          })
    const result = await follow(run, { runId: name, since, preparing }).finally(unwatch)
    const { said } = stop
    display.say(stageTable(run.snapshot(), messages))
    const { spent, budget } = run.snapshot()
    const kept = keptByRole(run.snapshot())
    if (kept !== null) {
      log.info({ kept }, 'what was taken over and what was asked for, by role')
      display.say(messages.kept(kept))
    }
    if (result.cut.length > 0)
      display.say(messages.cutOff(result.cut.map(({ stage, records }) => ({ part: stage as PartName, records }))))
    if (spent.unmeasured > 0) display.say(messages.unmeasured(spent.unmeasured))
    const { here } = run.snapshot()
    const isWorker = here !== null && !here.leads
    if (said) display.say(isWorker ? messages.left(name) : messages.interrupted(name))
    else if (result.endedBy !== null) display.say(messages.budgetEnded(name, budgetOf(result.endedBy, spent, budget)))
    else {
      const missing = isWorker ? [] : missingRows(run.snapshot(), messages)
      if (missing.length > 0) display.say(messages.fewer(missing))
      display.say(messages.done(name, (steadyNow() - since) / 1000))
    }
    return {
      exitCode: result.state === 'finished' || result.endedBy !== null ? 0 : 130,
      runId,
      result,
      writesFiles,
      messages,
    }
  } catch (error) {
    if (stop.said) return { exitCode: 130, runId, result: null, writesFiles, messages }
    log.error({ error: error instanceof Error ? error.stack : String(error) }, 'ended by an error')
    if (!(error instanceof UsageFault)) display.say(messages.logFile(logFile))
    throw error
  } finally {
    display.close({ keep: false })
    stop.release()
    await flush()
  }
}

/** What a replay took over and what it asked for; null where it takes nothing over. */
function keptByRole({ kept, llm }: RunSnapshot): { role: string; kept: number; asked: number }[] | null {
  if (kept === null) return null
  const roles = [...new Set([...Object.keys(kept), ...Object.keys(llm.usage)])].sort()
  return roles.map((role) => ({ role, kept: kept[role] ?? 0, asked: llm.usage[role]?.calls ?? 0 }))
}

/** Starts a run on models that were asked whether they are there, and tells what keeps it waiting. Throws UsageFault, Failure. */
export async function startChecked(
  parts: Pick<
    RunParts,
    'loaded' | 'runId' | 'revision' | 'source' | 'parts' | 'kafka' | 'share' | 'priority' | 'moveClickhouse'
  >,
  preparing: Preparing,
): Promise<ActiveRun> {
  const { display, messages, log, signal, stateDir } = preparing
  await checkModels(parts.loaded, preparing, parts.priority)
  return await startRun(
    {
      ...{ ...parts, stateDir, log },
      registryUrl: process.env['SCHEMA_REGISTRY_URL'],
      clickhouseUrl: process.env['CLICKHOUSE_URL'],
      version: programVersion(),
      now: steadyNow,
      onSilence: onSilence(preparing),
      onWaiting: () => {
        display.step(messages.waitingForLeader(nameOf(parts)))
      },
      onKeptOtherwise: (changes) => {
        display.say(messages.keptOtherwise([...new Set(changes.map(({ topic }) => topic))]))
      },
      onShare: (share) => {
        display.say(share === 1 ? messages.sharingNoMore : messages.sharing(share))
      },
      onMove: (from, to) => {
        display.say(messages.moved(from, to))
      },
      onRefill: (part) => {
        display.say(messages.refilling(messages.parts[part]))
      },
      onTrouble: (part, reason) => {
        display.step(messages.waitingFor(messages.parts[part], reason))
      },
    },
    signal,
  )
}

/** Says on the screen that no broker answers. */
export function onSilence({ display, messages }: Pick<Preparing, 'display' | 'messages'>): OnSilence {
  return (where, why) => {
    display.say(harmless(messages.kafkaSilent(where, why)))
  }
}

/** What waiting does not mend: a wrong key or certificate, a model that is not served, something that is no model server. */
const HOPELESS = new Set([
  'tls',
  'unauthorized',
  'model-not-found',
  'redirected',
  'unreadable-reply',
  'priority-refused',
])

/** Refuses what would spoil every call (a wrong key, a model that is not served). What is only down is waited for. */
export async function checkModels({ config }: LoadedConfig, { signal }: Preparing, priority = 0): Promise<void> {
  const checks = await checkEndpoints({ ...callersIn(config), signal, priority })
  const faults = checks.filter(({ error }) => error !== null && HOPELESS.has(error.code))
  if (faults.length > 0) {
    throw new UsageFault(
      faults.map(({ role, url, error }) => {
        const message = error?.message ?? ''
        return `${role}: ${message.includes(url) ? '' : `${url}: `}${message}; correct the config or the server`
      }),
    )
  }
}

/** Shows what goes on until the run has ended. */
export async function follow(
  run: ActiveRun,
  { runId, since, preparing }: { runId: string; since: number; preparing: Preparing },
): Promise<RunResult> {
  const { display, messages, log, stateDir } = preparing
  const rates = createRates()
  const announce = createAnnouncer({ messages, runId, stateDir })
  const look = (): void => {
    const now = steadyNow()
    const snapshot = run.snapshot()
    for (const line of announce(snapshot, now)) display.say(line)
    const view = { runId, snapshot, rates: rates(snapshot, now), messages, since, now }
    display.show({ block: () => progressBlock(view), line: () => progressLine(view) })
  }
  const timer = setInterval(look, LOOK_MS)
  const memory = setInterval(() => {
    log.info({ ...process.memoryUsage() }, 'memory in bytes')
  }, MEMORY_MS)
  try {
    return await run.done
  } finally {
    clearInterval(timer)
    clearInterval(memory)
    look()
  }
}

/** First signal: asks for a drain (or aborts what is being set up); second: ends the process at once. */
export function interruption() {
  const controller = new AbortController()
  let said = false
  let onFirst = (): void => {
    controller.abort(new Error('interrupted'))
  }
  const listener = (): void => {
    if (said) process.exit(130)
    said = true
    onFirst()
  }
  // Asks for the config to be read again (cli/reload.ts); before there is anything to change it must not end the process.
  const ignore = (): void => undefined
  process.on('SIGINT', listener).on('SIGTERM', listener).on('SIGHUP', ignore)
  return {
    signal: controller.signal,
    get said() {
      return said
    },
    onFirst(action: () => void) {
      onFirst = action
    },
    release() {
      process.off('SIGINT', listener).off('SIGTERM', listener).off('SIGHUP', ignore)
    },
  }
}
