// `magpie search` and `magpie similar`: problems and answers by their words, problems by what they are like.

import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import picocolors from 'picocolors'
import { clip, count } from '../analytics/report/format.ts'
import { searchTexts } from '../analytics/search/search.ts'
import type { Where } from '../analytics/search/search.ts'
import { findSimilar } from '../analytics/search/similar.ts'
import type { Likeness } from '../analytics/search/similar.ts'
import { snippetOf, termsOf } from '../analytics/search/words.ts'
import type { Term } from '../analytics/search/words.ts'
import { assertNotHalfDropped } from '../analytics/half-dropped.ts'
import { unknownToDatabase } from '../analytics/unknown-name.ts'
import { UsageFault } from '../schemas/failure.ts'
import { harmless } from '../schemas/terminal-text.ts'
import { asItWas } from '../sinks/clickhouse/as-of.ts'
import type { Database } from '../sinks/clickhouse/contract.ts'
import { screenWidth } from './fitted-table.ts'
import { moment, positiveInteger, stateOption } from './options.ts'
import { asReader, databaseOption } from './reader.ts'

interface Common {
  readonly run?: string
  readonly revision: string
  readonly limit: number
  readonly asOf?: number
  readonly json?: true
  readonly config?: string
  readonly state: string
}

const MOST = 1000

/** Adds both commands. */
export function addSearch(program: Command): void {
  common(
    program
      .command('search')
      .description('Finds problems or answers by their words, the best first; a run may be going on.')
      .argument('<words>', 'words, and phrases in double quotes; a text needs one of them')
      .addOption(new Option('--in <what>', 'where to look').choices(['problems', 'answers']).default('problems')),
    `
Examples:
  ./magpie search "triangle inscribed"
  ./magpie search '"prime factors" 2024' --in answers --limit 5`,
  ).action(search)
  common(
    program
      .command('similar')
      .description('Finds problems like another one, by vectors where screening made some, else by their letters.')
      .argument('[id]', 'the id of a problem')
      .option('--text <text>', 'like this text, in the place of a problem')
      .addOption(
        new Option('--by <what>', 'vectors where the problem has one, else letters').choices(['vectors', 'letters']),
      ),
    `
Examples:
  ./magpie similar 6f2c2f0e-8a7e-5d1c-9a54-1f2f6f0b7c11
  ./magpie similar --text "How many primes are below 100?" --limit 3`,
  ).action(similar)
}

function common(command: Command, help: string): Command {
  return command
    .option('--run <name>', 'only in this run')
    .option('--revision <name>', 'the revision', 'main')
    .option('--limit <n>', 'so many at most', atMostAThousand, 10)
    .addOption(
      new Option('--as-of <time>', 'the tables as they were: 2026-01-31T12:00:00Z, or 2h ago').argParser(moment),
    )
    .option('--json', 'as JSON, with whole texts')
    .addOption(databaseOption())
    .addOption(stateOption())
    .addHelpText('after', help)
}

function atMostAThousand(text: string): number {
  const value = positiveInteger(text)
  if (value > MOST) throw new InvalidArgumentError(`${MOST} at most.`)
  return value
}

async function search(words: string, options: Common & { readonly in: Where }): Promise<void> {
  const terms = termsOf(words)
  const { run, revision, limit } = options
  const wanted = { terms, where: options.in, run, revision, limit }
  const findings = await asReader(options, async (database) => {
    await assertNotHalfDropped(database, options)
    const then = asItWas(database, options.asOf)
    const found = await searchTexts(then, wanted)
    if (found.texts === 0) await assertKnown(then, options)
    return found
  })
  if (options.json === true) {
    print(JSON.stringify(findings, null, 2))
    return
  }
  const paint = painter()
  const blocks = findings.found.map(
    ({ id, score, about, text }) =>
      `${paint.dim(score.toFixed(2))}  ${harmless(id)}  ${paint.dim(about.map(harmless).join(', '))}\n      ${marked(text, terms)}`,
  )
  const { matching, texts } = findings
  print(
    [
      ...blocks,
      paint.dim(`${count(matching)} of ${count(texts)} ${options.in} have ${terms.length === 1 ? 'it' : 'some of it'}`),
    ].join('\n'),
  )
}

async function similar(
  id: string | undefined,
  options: Common & { readonly text?: string; readonly by?: Likeness },
): Promise<void> {
  const { text, by, run, revision, limit } = options
  if ((id === undefined) === (text === undefined)) throw new UsageFault('give the id of a problem, or --text')
  if (text?.trim() === '') throw new UsageFault('--text is empty: nothing is like it')
  const wanted = { id, text, by, run, revision, limit }
  const likes = await asReader(options, async (database) => {
    await assertNotHalfDropped(database, options)
    const then = asItWas(database, options.asOf)
    // The problem itself may be of another run than the others.
    await assertKnown(then, options)
    return await findSimilar(then, wanted)
  })
  if (options.json === true) {
    print(JSON.stringify(likes, null, 2))
    return
  }
  const paint = painter()
  const how = likes.by === 'vectors' ? 'by vectors: 1 is the same direction' : 'by letters: 1 is the same text'
  const width = screenWidth(160)
  const lines = likes.found.map(({ id: of, likeness, text: words }) => {
    return `${paint.dim(likeness.toFixed(3))}  ${harmless(of)}\n       ${clip(harmless(words), width - 7)}`
  })
  print([paint.bold(clip(harmless(likes.of), width)), ...lines, paint.dim(`${count(lines.length)} ${how}`)].join('\n'))
}

/** Throws UsageFault where a run or revision is named that is not there: it has no texts, and nobody would see why. */
async function assertKnown(database: Pick<Database, 'rows' | 'where'>, { run, revision, asOf }: Common): Promise<void> {
  if (run === undefined && revision === 'main' && asOf === undefined) return
  const fault = await unknownToDatabase(database, { run, revision, asOf })
  if (fault !== null) throw fault
}

function marked(text: string, terms: readonly Term[]): string {
  const paint = painter()
  return snippetOf(harmless(text), terms)
    .map((piece) => (piece.isMatch ? paint.bold(piece.text) : piece.text))
    .join('')
}

function painter() {
  return picocolors.createColors(process.stdout.isTTY && process.env['NO_COLOR'] === undefined)
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
