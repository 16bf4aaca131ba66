// `magpie services`: the local Kafka and the small model of a state folder: start, stop, and what runs where.

import { join } from 'node:path'
import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import type { LocalProgress, LocalService } from '../local/progress.ts'
import { LOCAL_SERVICES, servicesDown, servicesStatus, servicesUp } from '../local/services.ts'
import type { ServiceStatus } from '../local/services.ts'
import { createFileLogger } from './logger.ts'
import { positiveInteger, madeStateFolder, stateFolder, stateOption } from './options.ts'

interface ServicesCommandOptions {
  state: string
  only?: LocalService
  json?: boolean
}

interface UpCommandOptions extends ServicesCommandOptions {
  kafkaPort?: number
  modelPort?: number
  threads?: number
}

const NAMES: Record<LocalService, string> = { kafka: 'Kafka', model: 'small model' }

const EXAMPLES = `
Examples:
  ./magpie services up                  both; they go on running until they are stopped
  ./magpie services up --only kafka --kafka-port 9092
  ./magpie services status --json
  ./magpie services down

run and quickstart start what they need by themselves and find what runs already. KAFKA_BROKERS stands for the local
Kafka, endpoints in the config (or --endpoint) for the small model; MAGPIE_GGUF names other weights for it,
MAGPIE_THREADS its threads.`

/** Adds the command. */
export function addServices(program: Command): void {
  const services = program
    .command('services')
    .description('the Kafka and the small model that run on this machine: up, down, status')
    .addHelpText('after', EXAMPLES)
  shared(services.command('up').description('start what does not run yet; what is missing is fetched on first use'))
    .addOption(new Option('--kafka-port <port>', 'port for Kafka; else a free one').argParser(portNumber))
    .addOption(new Option('--model-port <port>', 'port for the small model; else a free one').argParser(portNumber))
    .addOption(
      new Option('--threads <n>', 'threads of the small model; else half of the cores').argParser(positiveInteger),
    )
    .addHelpText('after', '\nExample:\n  ./magpie services up --only kafka')
    .action(up)
  shared(services.command('down').description('stop them cleanly; nothing that they hold is lost'))
    .addHelpText('after', '\nExample:\n  ./magpie services down --only model')
    .action(down)
  shared(services.command('status').description('what runs where, with memory and uptime'))
    .addHelpText('after', '\nExample:\n  ./magpie services status --json')
    .action(status)
}

function shared(command: Command): Command {
  return command
    .addOption(stateOption())
    .addOption(new Option('--only <service>', 'this one only').choices(LOCAL_SERVICES))
    .option('--json', 'print JSON')
}

async function up(options: UpCommandOptions): Promise<void> {
  const stateDir = madeStateFolder(options)
  const log = createFileLogger(join(stateDir, 'services.log'))
  const interrupted = new AbortController()
  const interrupt = (): void => {
    interrupted.abort(new Error('interrupted'))
  }
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  try {
    const { kafkaPort, modelPort, threads } = options
    const only = onlyOf(options)
    const onProgress = progressPrinter(process.stderr)
    const signal = interrupted.signal
    print(
      await servicesUp({ stateDir, only, log: log.logger, onProgress, kafkaPort, modelPort, threads, signal }),
      options,
    )
  } catch (error) {
    if (!interrupted.signal.aborted) throw error
    process.stderr.write('interrupted\n')
    process.exitCode = 130
  } finally {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
    await log.flush()
  }
}

async function down(options: ServicesCommandOptions): Promise<void> {
  const stateDir = stateFolder(options)
  const stopped = await servicesDown({ stateDir, only: onlyOf(options) })
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify({ stopped })}\n`)
    return
  }
  for (const service of onlyOf(options)) {
    process.stdout.write(`${NAMES[service]}: ${stopped.includes(service) ? 'stopped' : 'did not run'}\n`)
  }
}

async function status(options: ServicesCommandOptions): Promise<void> {
  print(await servicesStatus({ stateDir: stateFolder(options), only: onlyOf(options) }), options)
}

function onlyOf(options: ServicesCommandOptions): readonly LocalService[] {
  return options.only === undefined ? LOCAL_SERVICES : [options.only]
}

function print(list: readonly ServiceStatus[], options: ServicesCommandOptions): void {
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(list, null, 2)}\n`)
    return
  }
  for (const each of list) process.stdout.write(`${NAMES[each.service].padEnd(12)} ${describe(each)}\n`)
}

function describe(each: ServiceStatus): string {
  if (each.pid === null) return 'stopped'
  const parts = [each.state, `at ${each.address ?? 'an unknown place'}`, `pid ${each.pid}`]
  if (each.memory !== null) parts.push(`${Math.round(each.memory / 1024 ** 2)} MiB`)
  if (each.uptimeSeconds !== null) parts.push(`up ${duration(each.uptimeSeconds)}`)
  if (each.model !== null) parts.push(each.model)
  return parts.join('  ')
}

function duration(seconds: number): string {
  const whole = Math.floor(seconds)
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  if (hours > 0) return `${hours} h ${minutes} min`
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`
}

// A terminal sees a download grow on one line; a file gets its beginning and end only.
function progressPrinter(out: NodeJS.WriteStream): (progress: LocalProgress) => void {
  let open = false
  let last = ''
  return (progress) => {
    const line = `${NAMES[progress.service]}: ${words(progress)}`
    const grows = progress.step === 'download'
    if (grows && !out.isTTY && progress.done > 0 && progress.done !== progress.total) return
    if (line === last) return
    last = line
    if (open) out.write(grows ? '\r\u001B[2K' : '\n')
    open = grows && out.isTTY
    out.write(open ? line : `${line}\n`)
  }
}

function words(progress: LocalProgress): string {
  switch (progress.step) {
    case 'download':
      return `fetching ${progress.what}: ${amount(progress.done, progress.total, progress.unit)}`
    case 'install':
      return `installing ${progress.what}`
    case 'format':
      return 'preparing its folder'
    case 'start':
      return 'starting'
    case 'wait':
      return `waiting for another command (pid ${progress.pid}) that is at it`
    case 'silent':
      return `process ${progress.pid} does not answer at 127.0.0.1:${progress.port}; waiting for it`
    case 'move':
      return `port ${progress.from} is taken by another program, so it moves to ${progress.to}`
    case 'ready':
      return progress.attached ? 'runs already' : 'ready'
  }
}

function amount(done: number, total: number | null, unit: 'bytes' | 'files'): string {
  const show = (count: number): string => (unit === 'bytes' ? (count / 1e6).toFixed(0) : String(count))
  return `${show(done)}${total === null ? '' : ` of ${show(total)}`} ${unit === 'bytes' ? 'MB' : 'files'}`
}

function portNumber(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new InvalidArgumentError('give a port from 1 to 65535.')
  return port
}
