// magpie run --dry-run: what the run will cost, from a probe of a few problems. Promise: the run itself is not
// touched, and what the probe left on the log is taken away, also after Ctrl-C.

import { join } from 'node:path'
import { buildForecast } from '../analytics/forecast.ts'
import type { Forecast, RoleEndpoints } from '../analytics/forecast.ts'
import { renderForecast } from '../analytics/forecast/render.ts'
import type { Config } from '../configs/schema.ts'
import { loadConfig } from '../configs/load.ts'
import type { LoadedConfig } from '../configs/load.ts'
import { callersOf } from '../llm/callers.ts'
import { EMBEDDER, engineUrl } from '../llm/config.ts'
import type { LlmState } from '../llm/contract.ts'
import { PROBE_PARTS, probeConfig, probeRevision, readProbe, removeProbe } from '../pipeline/probe.ts'
import type { ProbedProblem } from '../pipeline/probe.ts'
import { FOLLOW_UP_ACCOUNT } from '../processors/conversing/follow-up.ts'
import { TURN_ACCOUNT } from '../processors/conversing/turn-answer.ts'
import { callersIn } from '../pipeline/callers.ts'
import { startRun } from '../pipeline/run.ts'
import { createCodec } from '../schemas/codec.ts'
import { UsageFault } from '../schemas/failure.ts'
import type { KafkaAddress } from '../stream/config.ts'
import { connectKafka } from '../stream/kafka.ts'
import { steadyNow } from '../schemas/steady-clock.ts'
import { createDisplay } from './display.ts'
import { createFileLogger } from './logger.ts'
import { messagesIn } from './messages/choose.ts'
import { madeStateFolder } from './options.ts'
import { prepareKafka, prepareModel } from './prepare.ts'
import type { Preparing } from './prepare.ts'
import type { RunOptions } from './run-options.ts'
import { redactorOf } from './secrets.ts'
import { programVersion } from './version.ts'
import { checkModels, follow, interruption, onSilence } from './attend.ts'
import { overridesOf } from './work.ts'

export interface DryRunOptions extends RunOptions {
  readonly probe: number
  readonly json?: true
}

interface Probe {
  readonly problems: readonly ProbedProblem[]
  readonly usage: LlmState['usage']
  readonly endpoints: LlmState['endpoints']
  readonly seconds: number
}

/** Runs the probe and prints the forecast; resolves with the exit code. Throws UsageFault and Failure. */
export async function dryRun(options: DryRunOptions): Promise<number> {
  if (options.stages !== undefined)
    throw new UsageFault('--dry-run probes all stages, so it cannot be given together with --stages')
  const loaded = await loadConfig({
    file: options.config,
    set: options.set ?? [],
    overrides: overridesOf(options),
    environment: process.env,
  })
  const { config } = loaded
  if (config.total === null && config.accept === null)
    throw new UsageFault('--dry-run: the config has no end to forecast for; give --total or --accept')
  const stateDir = madeStateFolder(options)
  const { logger: log, flush } = createFileLogger(
    join(stateDir, 'logs', `${config.name}.dry-run.jsonl`),
    redactorOf(process.env, config),
  )
  const display = createDisplay(process.stderr, steadyNow)
  const stop = interruption()
  const messages = messagesIn(config.language)
  try {
    const preparing = { stateDir, display, messages, log, signal: stop.signal }
    const probe = await probeOf(loaded, options, { preparing, stop })
    display.close({ keep: false })
    if (probe === null) return 130
    const forecast = buildForecast({
      ...probe,
      plan: config,
      callers: endpointsOf(loaded.config, probe.endpoints),
    })
    process.stdout.write(`${options.json === true ? asJson(forecast, probe) : renderForecast(forecast)}\n`)
    return 0
  } catch (error) {
    if (stop.said) return 130
    throw error
  } finally {
    display.close({ keep: false })
    stop.release()
    await flush()
  }
}

/** Who calls which endpoints at what price; a limit that finds itself is taken as the probe found it. */
function endpointsOf(config: Config, states: LlmState['endpoints']): RoleEndpoints[] {
  const models = callersIn(config)
  const { roles, rewarders, embedder } = models
  const prices = new Map([
    ...Object.entries(roles).map(([name, role]) => [name, role?.price] as const),
    ...Object.entries(rewarders).map(([name, { price }]) => [`reward:${name}`, price] as const),
    [EMBEDDER, embedder?.price] as const,
  ])
  const callers = callersOf(models)
  // Follow-ups are counted apart from what else their roles say.
  const further = [FOLLOW_UP_ACCOUNT, TURN_ACCOUNT].flatMap((account) =>
    callers.filter(({ name }) => account.startsWith(`${name}:`)).map((caller) => ({ ...caller, account })),
  )
  return [...callers.map((caller) => ({ ...caller, account: caller.name })), ...further].map((caller) => ({
    role: caller.account,
    price: prices.get(caller.name),
    endpoints: caller.endpoints.map(({ url, limit, weight, adaptive }) => {
      const found = states.find((state) => state.url === engineUrl(url))?.limit ?? limit
      return { url: engineUrl(url), limit: adaptive ? found : limit, weight }
    }),
  }))
}

/** null: interrupted. */
async function probeOf(
  given: LoadedConfig,
  options: DryRunOptions,
  { preparing, stop }: { preparing: Preparing; stop: ReturnType<typeof interruption> },
): Promise<Probe | null> {
  const { display, messages, log, signal, stateDir } = preparing
  const wanted = Math.min(options.probe, given.config.total ?? options.probe)
  const kafka = await prepareKafka(given.config.kafka, preparing)
  const loaded = await prepareModel(probeConfig(given, wanted), preparing)
  await checkModels(loaded, preparing)
  const since = steadyNow()
  const place = { runId: `${given.config.name}.dry-run`.slice(-100), revision: probeRevision(since) }
  display.say(messages.probing(given.config.name, wanted))
  try {
    const run = await startRun(
      {
        ...{ loaded, kafka, stateDir, log, ...place },
        source: { kind: 'magpie' },
        parts: PROBE_PARTS,
        registryUrl: process.env['SCHEMA_REGISTRY_URL'],
        clickhouseUrl: undefined,
        version: programVersion(),
        now: steadyNow,
      },
      signal,
    )
    const drain = (): void => {
      run.stop().catch((error: unknown) => {
        log.error({ error: String(error) }, 'stopping failed')
      })
    }
    stop.onFirst(drain)
    if (stop.said) drain()
    await follow(run, { runId: place.runId, since, preparing })
    if (stop.said) return null
    const seconds = (steadyNow() - since) / 1000
    const problems = await onLog(kafka, preparing, (tools) => readProbe({ ...tools, ...place }, signal))
    const { spent, llm } = run.snapshot()
    display.say(messages.probed(spent.tokens, spent.usd, seconds))
    if (spent.unmeasured > 0) display.say(messages.unmeasured(spent.unmeasured))
    return { problems, usage: llm.usage, endpoints: llm.endpoints, seconds }
  } finally {
    await onLog(kafka, preparing, (tools) => removeProbe({ ...tools, ...place }))
    display.say(messages.probeRemoved)
  }
}

async function onLog<Result>(
  kafka: KafkaAddress & { readonly brokers: readonly string[] },
  preparing: Preparing,
  work: (tools: {
    connection: ReturnType<typeof connectKafka>
    codec: Awaited<ReturnType<typeof createCodec>>
  }) => Promise<Result>,
): Promise<Result> {
  const connection = connectKafka({ ...kafka, log: preparing.log, onSilence: onSilence(preparing) })
  try {
    const codec = await createCodec({ registryUrl: process.env['SCHEMA_REGISTRY_URL'] })
    return await work({ connection, codec })
  } finally {
    await connection.close()
  }
}

function asJson(forecast: Forecast, { seconds, usage }: Probe): string {
  return JSON.stringify({ ...forecast, probe: { seconds, usage } }, null, 2)
}
