// magpie dead-letters redrive: sends the records of dead letters through their stage again. Safe to repeat, to kill, and
// to run twice at once (stream/redrive.ts). Exit code 1 where a letter is left that was meant to be sent.

import type { Command } from 'commander'
import { visible } from '../llm/visible.ts'
import { holdOf } from '../pipeline/run-records.ts'
import { MAX_ATTEMPTS, planRedrive, runOf } from '../pipeline/redrive.ts'
import type { RedrivePlan } from '../pipeline/redrive.ts'
import { createCodec } from '../schemas/codec.ts'
import { UsageFault } from '../schemas/failure.ts'
import { steadyNow } from '../schemas/steady-clock.ts'
import { silentLogger } from '../schemas/logger.ts'
import { newMarker } from '../stream/letter-marks.ts'
import { countLetters, isMeant, isNamed } from '../stream/letter-filter.ts'
import type { Letter } from '../stream/letters.ts'
import { processIsAlive } from '../stream/process-alive.ts'
import { mendMarks, redriveLetters } from '../stream/redrive.ts'
import { createSender } from '../stream/sender.ts'
import { addLetterOptions, filterOf, kafkaOption, withLetters } from './letter-options.ts'
import type { LetterOptions } from './letter-options.ts'
import { positiveInteger, stateOption } from './options.ts'
import { nameOf } from './run-name.ts'

interface RedriveOptions extends LetterOptions {
  readonly dryRun?: true
  readonly maxAttempts: number
}

/** Adds the command. */
export function addDeadLettersRedrive(letters: Command): void {
  addLetterOptions(letters.command('redrive'))
    .description('sends the records of waiting dead letters through their stage again')
    .option('--dry-run', 'say what would be sent, send nothing')
    .option('--max-attempts <n>', 'records that had so many attempts stay', positiveInteger, MAX_ATTEMPTS)
    .addOption(kafkaOption())
    .addOption(stateOption())
    .addHelpText(
      'after',
      `
Records go with their original bytes, key and headers to the topic that they came from; the stage handles each as a new
attempt. A run that goes on takes them at once; one that has ended is started again with its own command. Killed in the
middle, or run twice: run it again, nothing is sent twice.

Examples:
  ./magpie dead-letters redrive --run my-run --stage answer --dry-run
  ./magpie dead-letters redrive --run my-run --stage answer
  ./magpie dead-letters redrive --id 3/17 --max-attempts 5`,
    )
    .action(async (options: RedriveOptions) => {
      process.exitCode = await redrive(options)
    })
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const warn = (line: string): void => void process.stderr.write(`magpie: ${visible(line)}\n`)

async function redrive(options: RedriveOptions): Promise<number> {
  return await withLetters(options, async (connection, book, signal) => {
    const chosen = choose(options, book.letters())
    const codec = await createCodec({ registryUrl: process.env['SCHEMA_REGISTRY_URL'] })
    const plan = await planRedrive(connection, codec, chosen, { maxAttempts: options.maxAttempts, signal })
    for (const { letter, why } of plan.homeless) warn(`letter ${letter.place} (${letter.stage}) stays: ${why}`)
    if (plan.spent.length > 0)
      say(
        `${plan.spent.length} stay: they had ${options.maxAttempts} attempts or more (--max-attempts N allows more): ${named(plan.spent)}`,
      )
    const isWhole = plan.homeless.length === 0
    const letters = plan.send.slice(0, options.limit)
    if (options.dryRun === true) {
      for (const { stage, code, letters: count } of countLetters(letters))
        say(`would send ${count} to ${stage}: ${visible(code)}`)
      if (letters.length === 0) say('nothing to send')
      return isWhole ? 0 : 1
    }
    const sender = await createSender(connection, silentLogger)
    try {
      const parts = { connection, sender, book, marker: newMarker(), now: Date.now, signal }
      await mendMarks(parts)
      const { sent, found, left } = await redriveLetters(parts, letters)
      for (const { letter, why } of left) warn(`letter ${letter.place} (${letter.stage}) stays: ${why}`)
      for (const { stage, code, letters: count } of countLetters(sent))
        say(`sent ${count} to ${stage}: ${visible(code)}`)
      if (found.length > 0) say(`${found.length} had been sent by an earlier redrive: ${named(found)}`)
      if (sent.length + found.length === 0) say('nothing was sent')
      else for (const line of nextSteps(sent, plan)) say(line)
      return isWhole && left.length === 0 ? 0 : 1
    } finally {
      await sender.close()
    }
  })
}

/** The letters that are meant and wait. Throws UsageFault for a name that nothing has, and for several runs at once. */
function choose(options: RedriveOptions, all: readonly Letter[]): Letter[] {
  const filter = filterOf(options, all)
  const unknown = (options.id ?? []).filter((id) => !all.some((letter) => isNamed(letter, id)))
  if (unknown.length > 0)
    throw new UsageFault(
      unknown.map((id) => `--id: there is no dead letter ${visible(id)} (./magpie dead-letters list shows all)`),
    )
  const meant = all.filter((letter) => isMeant(letter, { ...filter, waiting: true }))
  const runs = [...new Set(meant.map(({ runId }) => runId))]
  if (runs.length > 1 && options.run === undefined && options.id === undefined)
    throw new UsageFault(
      `dead letters of ${runs.length} runs wait: say which with --run (${runs.map(visible).join(', ')})`,
    )
  return meant.toSorted((one, other) => one.failedAt - other.failedAt)
}

function nextSteps(sent: readonly Letter[], { runs }: RedrivePlan): string[] {
  const byRun = new Map(sent.map((letter) => [runOf(letter), letter]))
  return [...byRun].map(([run, letter]) => {
    const record = runs.get(run) ?? null
    const name = nameOf(letter)
    const isAtWork = record !== null && holdOf(record, steadyNow(), processIsAlive) === 'held'
    return isAtWork
      ? `run ${name} is at work and takes them now`
      : `run ${name} is ${record?.state ?? 'not at work'}: start it again with its own command, and it takes them`
  })
}

function named(letters: readonly Letter[]): string {
  const places = letters.slice(0, 10).map(({ place }) => place)
  return places.join(', ') + (letters.length > places.length ? ', …' : '')
}
