// `magpie simulate`: a stand-in for a vLLM cluster on this machine, to try a config, forecast and test without a GPU.

import { rename, writeFile } from 'node:fs/promises'
import { Option } from 'commander'
import type { Command } from 'commander'
import type { Engine } from '../local/engine/contract.ts'
import { startFront } from '../local/engine/front.ts'
import type { Front } from '../local/engine/front.ts'
import { rememberIn } from '../local/engine/front-memory.ts'
import { createInvented } from '../local/engine/invented.ts'
import { openRecording } from '../local/engine/recorded.ts'
import { UsageFault } from '../schemas/failure.ts'
import { silentLogger } from '../schemas/logger.ts'
import { collect, notNegative, portNumber, positiveInteger } from './options.ts'
import { signalled } from './signalled.ts'
import { addShapeOptions, engineShape, frontProtocol } from './simulate-shapes.ts'
import type { ShapeOptions } from './simulate-shapes.ts'
import { addTroubleOptions, describeTrouble, driftOf, FAULT_LIST, troubleOf } from './trouble-options.ts'
import type { TroubleOptions } from './trouble-options.ts'

interface SimulateOptions extends ShapeOptions, TroubleOptions {
  readonly recording?: string
  readonly port: number
  readonly host: string
  readonly slots: number
  readonly latencyMs: number
  readonly sigma: number
  readonly drift?: { factor: number; periodMs: number }
  readonly model?: string[]
  readonly maxModelLen: number
  readonly apiKeyEnv?: string
  readonly vary?: boolean
  readonly remember?: string
  readonly stats?: string
}

const EXAMPLES = `
Kinds of faults (--fault):
${FAULT_LIST}

Examples:
  ./magpie simulate --port 8000
  ./magpie simulate --port 8000 --recording recorded.jsonl --slots 64 --latency-ms 200
  ./magpie simulate --port 8001 --model Qwen/Qwen2.5-Math-PRM-7B --runner pooling
  ./magpie simulate --port 8002 --reasoning-parser deepseek_r1 --generation-config temperature=0.6,top_p=0.95
  ./magpie simulate --fault 429=0.02 --fault reset=0.01 --fault truncated=0.01 --retry-after 5
  ./magpie simulate --latency-ms 500 --down 30:10 --down 90:20:silent --slow-start 5
  ./magpie simulate --latency-ms 500 --slots 256 --kv-slots 200 --drift 3:60 --queue-limit 600
  curl http://127.0.0.1:8000/v1/models
  curl -X POST http://127.0.0.1:8000/simulator/die -H 'content-type: application/json' -d '{"manner": "killed", "forMs": 5000}'

Without --recording it invents problems, answers and scores by seed, an endless supply. It serves /v1/completions,
/v1/chat/completions, /tokenize, /detokenize, /pooling, /classify, /score, /metrics and /health as vLLM does
(docs/protocol.md tells what is spoken, docs/simulator.md what each trouble stands for); /simulator/stats counts the
calls and the busy slots (POST sets them back). Ctrl-C ends it.`

/** Adds the command. */
export function addSimulate(program: Command): void {
  const command = program
    .command('simulate')
    .description('a stand-in for a vLLM cluster, to try a config, forecast and test without a GPU')
    .option('--recording <file>', 'serve this recording (JSON lines: problem, answer, samples of text and reward)')
    .addOption(new Option('--port <port>', 'port to listen on; 0: any free one').argParser(portNumber).default(8000))
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .addOption(
      new Option('--model <name>', 'serve only this model name (repeatable); else any name').argParser(collect),
    )
    .addOption(new Option('--max-model-len <n>', 'context size in tokens').argParser(positiveInteger).default(32768))
    .option('--api-key-env <name>', 'ask for the key that this environment variable holds')
    .option('--vary', 'answer a request differently when it was answered before, as real servers do')
    .option('--remember <file>', 'note in this file which calls were answered, and begin with what it holds')
    .option('--stats <file>', 'write the counts of calls to this file (JSON) at the end')
    .optionsGroup('Speed:')
    .addOption(
      new Option('--slots <n>', 'sequences generated at once; the others wait in a queue')
        .argParser(positiveInteger)
        .default(64),
    )
    .addOption(
      new Option('--latency-ms <m>', 'median time of a sequence; 0: instant').argParser(notNegative).default(0),
    )
    .addOption(
      new Option('--sigma <s>', 'spread of the log-normal time; 0: all alike').argParser(notNegative).default(0.5),
    )
    .addOption(
      new Option(
        '--drift <factor:period>',
        'the median goes to FACTOR times itself and back in PERIOD seconds',
      ).argParser(driftOf),
    )
  addShapeOptions(command)
  addTroubleOptions(command)
  command.addHelpText('after', EXAMPLES).action(simulate)
}

async function simulate(options: SimulateOptions): Promise<void> {
  const apiKey = options.apiKeyEnv === undefined ? undefined : readKey(options.apiKeyEnv)
  const trouble = troubleOf(options)
  const front = await startFront({
    engine: await openEngine(options),
    host: options.host,
    port: options.port,
    slots: options.slots,
    latency: {
      medianMs: options.latencyMs,
      sigma: options.sigma,
      ...(options.drift && { drift: options.drift }),
    },
    log: silentLogger,
    anyModel: options.model === undefined,
    vary: options.vary === true,
    ...(options.remember !== undefined && { memory: rememberIn(options.remember) }),
    protocol: frontProtocol(options),
    trouble,
    ...(apiKey !== undefined && { apiKey }),
  })
  const ended = signalled()
  // With its port closed nothing else would keep the process.
  const alive = setInterval(() => undefined, 60_000)
  const lines = [`Simulated model server ready at ${front.url} (${options.slots} slots). Ctrl-C ends it.`]
  if (options.drift)
    lines.push(`  latency from 1 to ${options.drift.factor} times in ${options.drift.periodMs / 1000} s`)
  for (const line of describeTrouble(trouble)) lines.push(`  ${line}`)
  process.stdout.write(`${lines.join('\n')}\n`)
  const signal = await ended
  clearInterval(alive)
  if (options.stats !== undefined) await writeStats(options.stats, front)
  await front.close()
  if (signal === 'SIGINT') process.exitCode = 130
}

function openEngine(options: SimulateOptions): Promise<Engine> {
  const engineOptions = {
    maxModelLen: options.maxModelLen,
    ...engineShape(options),
    ...(options.model !== undefined && { models: options.model }),
  }
  if (options.recording === undefined) return Promise.resolve(createInvented(engineOptions))
  return openRecording(options.recording, engineOptions)
}

function readKey(name: string): string {
  const key = process.env[name]
  if (key === undefined || key === '')
    throw new UsageFault(`--api-key-env ${name}: the environment variable ${name} is not set.`)
  return key
}

async function writeStats(file: string, front: Front): Promise<void> {
  const aside = `${file}.${process.pid}.part`
  await writeFile(aside, `${JSON.stringify(front.stats(), null, 2)}\n`)
  await rename(aside, file)
}
