// What run, import and quickstart have in common: config, services, the run, its progress, its end. Exit codes as
// cli/main.ts says; the first Ctrl-C (or SIGTERM) drains, the second ends at once.

import { basename, extname, join } from 'node:path'
import { canonicalJson } from '../configs/canonical.ts'
import { loadConfig } from '../configs/load.ts'
import type { LoadedConfig } from '../configs/load.ts'
import type { Overrides } from '../configs/overrides.ts'
import { checkEndpoints } from '../llm/check-endpoints.ts'
import { PART_NAMES } from '../pipeline.ts'
import type { PartName } from '../pipeline.ts'
import type { Source } from '../pipeline/produce.ts'
import type { ActiveRun, RunResult } from '../pipeline/run-contract.ts'
import { callersIn, startRun } from '../pipeline/run.ts'
import { checkJsonl } from '../producers/jsonl.ts'
import { UsageFault } from '../schemas/failure.ts'
import { steadyNow } from '../schemas/steady-clock.ts'
import { createAnnouncer } from './announce.ts'
import { budgetOf } from './budget-view.ts'
import { createDisplay } from './display.ts'
import { createFileLogger } from './logger.ts'
import { messagesIn } from './messages/choose.ts'
import type { Messages } from './messages/contract.ts'
import { madeStateFolder } from './options.ts'
import { prepareKafka, prepareModel } from './prepare.ts'
import type { Preparing } from './prepare.ts'
import { progressBlock, progressLine, stageTable } from './progress-view.ts'
import { createRates } from './rates.ts'
import { watchConfig } from './reload.ts'
import type { RunOptions } from './run-options.ts'
import { redactorOf } from './secrets.ts'
import { startLines } from './start-lines.ts'
import { programVersion } from './version.ts'
import { missingRows } from './wanted-rows.ts'

export interface Work extends RunOptions {
  readonly source: Source
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
export async function work(options: Work): Promise<WorkEnd> {
  const { source } = options
  if (source.kind === 'jsonl') await checkJsonl(source.file)
  const parts = partsOf(options.stages)
  const stages = options.stages === undefined ? null : [...parts].filter((part) => part !== 'produce')
  const producer = parts.has('produce') ? source.kind : 'none'
  const load = async (): Promise<LoadedConfig> => {
    const asked = await loadConfig({
      file: options.config,
      set: options.set ?? [],
      overrides: overridesOf(options),
      environment: process.env,
      work: { producer, stages },
    })
    return source.kind === 'jsonl' ? wholeFile(asked, options) : asked
  }
  const loaded = await load()
  const runId = options.run ?? runName(loaded.config.name, source)
  const stateDir = madeStateFolder(options)
  const {
    logger: log,
    file: logFile,
    flush,
  } = createFileLogger(join(stateDir, 'logs', `${runId}.jsonl`), redactorOf(process.env, loaded.config))
  const messages = messagesIn(loaded.config.language)
  const display = createDisplay(process.stderr, steadyNow)
  const stop = interruption()
  const preparing = { stateDir, display, messages, log, signal: stop.signal }
  const writesFiles = parts.has('json') && loaded.config.sinks.json.enabled
  try {
    const run = await start(loaded, { options, runId, parts, source, preparing })
    const drain = (): void => {
      const running = run.snapshot().stages.reduce((sum, stage) => sum + stage.running, 0)
      // Sinks and the last words come after the stages.
      display.say(messages.draining(running, loaded.config.drain.seconds + 4))
      display.say(messages.pressAgain)
      run.stop().catch((error: unknown) => {
        log.error({ error: String(error) }, 'stopping failed')
      })
    }
    stop.onFirst(drain)
    if (stop.said) drain()
    const since = steadyNow()
    const unwatch = watchConfig({
      ...{ file: options.config, loaded, display, messages, log },
      load,
      apply: async (next) => {
        run.update((await prepareModel(next, preparing)).config)
      },
    })
    const result = await follow(run, { runId, since, preparing }).finally(unwatch)
    const { said } = stop
    display.say(stageTable(run.snapshot(), messages))
    const { spent, budget } = run.snapshot()
    if (result.cut.length > 0)
      display.say(messages.cutOff(result.cut.map(({ stage, records }) => ({ part: stage as PartName, records }))))
    if (spent.unmeasured > 0) display.say(messages.unmeasured(spent.unmeasured))
    if (said) display.say(messages.interrupted(runId))
    else if (result.endedBy !== null) display.say(messages.budgetEnded(runId, budgetOf(result.endedBy, spent, budget)))
    else {
      const missing = missingRows(run.snapshot(), messages)
      if (missing.length > 0) display.say(messages.fewer(missing))
      display.say(messages.done(runId, (steadyNow() - since) / 1000))
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

interface Starting {
  readonly options: Work
  readonly runId: string
  readonly parts: ReadonlySet<PartName>
  readonly source: Source
  readonly preparing: Preparing
}

async function start(given: LoadedConfig, { options, runId, parts, source, preparing }: Starting): Promise<ActiveRun> {
  const { display, messages, log, signal, stateDir } = preparing
  const kafka = await prepareKafka(given.config.kafka, preparing)
  const loaded = await prepareModel(given, preparing)
  await checkModels(loaded, preparing)
  const run = await startRun(
    {
      ...{ loaded, runId, source, parts, kafka, stateDir, log },
      revision: 'main',
      registryUrl: process.env['SCHEMA_REGISTRY_URL'],
      clickhouseUrl: process.env['CLICKHOUSE_URL'],
      version: programVersion(),
      now: steadyNow,
      onWaiting: () => {
        display.step(messages.waitingForLeader(runId))
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
  for (const line of startLines(run, { loaded, runId, source, messages })) display.say(line)
  if (options.stages !== undefined) display.say(messages.partsHere([...parts].map((part) => messages.parts[part])))
  return run
}

/** What waiting does not mend: a wrong key or certificate, a model that is not served, something that is no model server. */
const HOPELESS = new Set(['tls', 'unauthorized', 'model-not-found', 'redirected', 'unreadable-reply'])

/** Refuses what would spoil every call (a wrong key, a model that is not served). What is only down is waited for. */
export async function checkModels({ config }: LoadedConfig, { signal }: Preparing): Promise<void> {
  const checks = await checkEndpoints({ ...callersIn(config), signal })
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
  const { display, messages, log } = preparing
  const rates = createRates()
  const announce = createAnnouncer(messages)
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

/** The options that stand for settings. */
export function overridesOf(options: RunOptions): Overrides {
  const { endpoint, model, run: name, total, accept, of, out, lang: language } = options
  if (of !== undefined && accept === undefined)
    throw new UsageFault(`--of ${of} says which rows --accept counts: give --accept N too`)
  const { budgetUsd, budgetTokens, maxHours } = options
  return { endpoint, model, name, total, accept, of, out, language, budgetUsd, budgetTokens, maxHours }
}

/** The parts that --stages names, or all. Throws UsageFault for unknown ones. */
function partsOf(stages: string | undefined): ReadonlySet<PartName> {
  if (stages === undefined) return new Set(PART_NAMES)
  const names = stages.split(',').map((name) => name.trim())
  const unknown = names.filter((name) => !(PART_NAMES as readonly string[]).includes(name))
  if (unknown.length > 0) {
    throw new UsageFault(unknown.map((name) => `--stages: there is no "${name}"; there are ${PART_NAMES.join(', ')}`))
  }
  return new Set(names as PartName[])
}

/** A preset's total and accept are for problems that are made; of a file all are taken unless the command line says less. */
function wholeFile(loaded: LoadedConfig, { total, accept, set = [] }: RunOptions): LoadedConfig {
  const isAsked = (name: string): boolean => set.some((each) => each.startsWith(name))
  const config = {
    ...loaded.config,
    total: total === undefined && !isAsked('total=') ? null : loaded.config.total,
    accept: accept === undefined && !isAsked('accept') ? null : loaded.config.accept,
  }
  return { ...loaded, config, json: canonicalJson(config) }
}

/** Config and file name a run that nobody has named, so that the same command goes on with the same run. */
function runName(configName: string, source: Source): string {
  if (source.kind === 'magpie') return configName
  const stem = basename(source.file, extname(source.file)).replaceAll(/[^A-Za-z0-9._-]+/g, '-')
  return `${configName}-${stem}`.slice(0, 100)
}
