// What run, import and quickstart have in common: config, services, the run and its first words.

import { basename, extname } from 'node:path'
import { canonicalJson } from '../configs/canonical.ts'
import { loadConfig } from '../configs/load.ts'
import type { LoadedConfig } from '../configs/load.ts'
import type { Overrides } from '../configs/overrides.ts'
import { PART_NAMES } from '../pipeline.ts'
import type { PartName } from '../pipeline.ts'
import type { MadeFrom } from '../pipeline/produce.ts'
import type { ActiveRun } from '../pipeline/run-contract.ts'
import { checkJsonl } from '../producers/jsonl.ts'
import { UsageFault } from '../schemas/failure.ts'
import { attend, startChecked } from './attend.ts'
import type { WorkEnd } from './attend.ts'
import { madeStateFolder } from './options.ts'
import { prepareKafka, prepareModel } from './prepare.ts'
import type { Preparing } from './prepare.ts'
import type { RunOptions } from './run-options.ts'
import { startLines } from './start-lines.ts'

export interface Work extends RunOptions {
  readonly source: MadeFrom
}

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
  return await attend({
    ...{ loaded, runId, revision: 'main', stateDir: madeStateFolder(options) },
    writesFiles: parts.has('json') && loaded.config.sinks.json.enabled,
    start: (preparing) => start(loaded, { options, runId, parts, source, preparing }),
    file: { path: options.config, load },
  })
}

interface Starting {
  readonly options: Work
  readonly runId: string
  readonly parts: ReadonlySet<PartName>
  readonly source: MadeFrom
  readonly preparing: Preparing
}

async function start(given: LoadedConfig, { options, runId, parts, source, preparing }: Starting): Promise<ActiveRun> {
  const { display, messages } = preparing
  const kafka = await prepareKafka(given.config.kafka, preparing)
  const loaded = await prepareModel(given, preparing)
  const { moveClickhouse } = options
  const run = await startChecked({ loaded, runId, revision: 'main', source, parts, kafka, moveClickhouse }, preparing)
  for (const line of startLines(run, { loaded, runId, source, parts, messages })) display.say(line)
  if (options.stages !== undefined) display.say(messages.partsHere([...parts].map((part) => messages.parts[part])))
  return run
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
function runName(configName: string, source: MadeFrom): string {
  if (source.kind === 'magpie') return configName
  const stem = basename(source.file, extname(source.file)).replaceAll(/[^A-Za-z0-9._-]+/g, '-')
  return `${configName}-${stem}`.slice(0, 100)
}
