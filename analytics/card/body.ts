// The text of a card below its front matter: what the rows are, how they came about, how to make them again, and what a
// reader should not believe of them.

import { count, duration, short } from '../report/format.ts'
import { commandOf } from './command.ts'
import type { CardFacts, CardManifest, CardOptions } from './contract.ts'
import { block, code, plain, table } from './markdown.ts'
import {
  duplicatesOf,
  filtersOf,
  funnelOf,
  modelsOf,
  reasonsOf,
  samplingOf,
  scorersOf,
  verdictsOf,
} from './sections.ts'

/** A plot that was written beside the card. */
export interface Plot {
  /** Relative to the folder. */
  readonly path: string
  readonly title: string
  readonly part: 'funnel' | 'rewards' | 'lengths' | 'pass-rate'
}

export interface CardParts {
  readonly manifest: CardManifest
  readonly facts: CardFacts
  readonly options: CardOptions
  readonly plots: readonly Plot[]
  readonly title: string
}

const RIGHT = { align: 'right' } as const

/** The Markdown, its heading included. */
export function cardBody({ manifest, facts, options, plots, title }: CardParts): string {
  const shown = (part: Plot['part']): string[] =>
    plots.filter((plot) => plot.part === part).map(({ path, title: alt }) => `![${plain(alt)}](${path})`)
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ['Files', filesOf(manifest)],
    ['From problems to rows', [...shown('funnel'), funnelOf(facts), reasonsOf(facts)]],
    ['Models and licences', modelsOf(facts, options)],
    ['Sampling', [samplingOf(facts)]],
    ['Rewards and judges', [...scorersOf(facts), ...shown('rewards')]],
    ['Right and wrong', [...verdictsOf(facts), ...shown('pass-rate')]],
    ['Filters', filtersOf(manifest, facts)],
    ['Duplicates and contamination', duplicatesOf(facts)],
    ['Lengths', shown('lengths')],
    ['How it was made', madeOf(manifest, facts)],
    ['Limits', [limitsOf(manifest, facts)]],
  ]
  const blocks = sections.flatMap(([head, texts]) => {
    const said = texts.filter((text) => text !== '')
    return said.length === 0 ? [] : [`## ${head}`, ...said]
  })
  return `${[`# ${plain(title)}`, leadOf(manifest), ...blocks].join('\n\n')}\n`
}

const ROWS: Readonly<Record<CardManifest['type'], string>> = {
  sft: 'rows of an instruction, the reasoning where the model thought aloud, and a response',
  preference: 'pairs of a better and a worse response to one instruction',
  steps: 'responses in steps, each step with a label',
}

function leadOf({ rows, type, runs, filters }: CardManifest): string {
  const names = runs.map(({ run }) => code(run)).join(', ')
  return `${count(rows)} ${ROWS[type]}, in mathematics. Models wrote the texts; Magpie Reasoning made the rows (${runs.length === 1 ? 'run' : 'runs'} ${names}, revision ${code(filters.revision)}).`
}

function filesOf({ files, container }: CardManifest): string[] {
  const rows = files.map(({ path, split, rows: some, bytes }) => [
    code(split),
    code(path),
    count(some),
    `${short(bytes)}B`,
  ])
  const heads = [{ head: 'split' }, { head: 'file' }, { head: 'rows', ...RIGHT }, { head: 'size', ...RIGHT }]
  return [
    table(heads, rows),
    container === 'avro'
      ? 'Avro object container files: any Avro library reads them.'
      : block('from datasets import load_dataset\n\nrows = load_dataset("NAME_OR_FOLDER_OF_THIS_DATA_SET")', 'python'),
    '`manifest.json` has the checksum of every file, the offsets of the log that the rows came from, and the query.',
  ]
}

function madeOf(manifest: CardManifest, { counts: { tokens, usd, seconds } }: CardFacts): string[] {
  const topics = Object.entries(manifest.offsets).flatMap(([topic, partitions]) =>
    Object.entries(partitions).map(([partition, { lowest, highest }]) => [
      code(topic),
      partition,
      String(lowest),
      String(highest),
    ]),
  )
  const runs = manifest.runs.map(({ run, state, started_at: began, rows, config_hashes: hashes }) => [
    code(run),
    began,
    state ?? 'not recorded',
    count(rows),
    hashes.map((hash) => code(hash.slice(0, 12))).join(', '),
  ])
  const money = usd === null ? '' : ` and $${short(usd)}`
  return [
    table(
      [
        { head: 'run' },
        { head: 'began' },
        { head: 'state' },
        { head: 'rows', ...RIGHT },
        { head: 'hash of its config' },
      ],
      runs,
    ),
    `${duration(seconds)} of work, ${short(tokens.prompt)} tokens in and ${short(tokens.completion)} out${money}, by Magpie Reasoning ${plain(manifest.program_version)}. The files were written at ${manifest.created_at}.`,
    topics.length === 0
      ? ''
      : table(
          [{ head: 'topic' }, ...['partition', 'lowest offset', 'highest offset'].map((head) => ({ head, ...RIGHT }))],
          topics,
        ),
    `The same files again, from the same tables:\n\n${block(commandOf(manifest), 'sh')}`,
  ]
}

function limitsOf({ filters, runs, rows }: CardManifest, { grounds, drawn, counts }: CardFacts): string {
  const voted = grounds.find(({ against }) => against === 'vote')?.problems ?? 0
  const verified = grounds.reduce((sum, { problems }) => sum + problems, 0)
  const isPart =
    filters.where !== null || filters.limit !== null || filters.max_tokens !== null || filters.min_tokens !== null
  return [
    voted > 0
      ? `${count(voted)} of ${count(verified)} verified problems have no reference answer: there, "equal" means that a response agrees with most samples. Models agree on wrong answers too.`
      : 'Verdicts compare with reference answers; a wrong reference makes a wrong verdict.',
    'A right final answer does not make the steps before it right.',
    ...(drawn.some(({ role }) => role === 'questioner')
      ? ['Models wrote the problems: some have no solution or several, or say something else than they mean.']
      : []),
    'Duplicates and problems of benchmarks are refused by rules; paraphrases can pass them.',
    ...(counts.rewards.length > 0
      ? ['Rewards are opinions of models, each on a scale of its own: compare them within one reward alone.']
      : []),
    ...(isPart
      ? [
          `The funnel, the rules and the plots are of whole runs; the files hold ${count(rows)} rows that were chosen from them.`,
        ]
      : []),
    ...(runs.every(({ state }) => state === 'finished')
      ? []
      : ['A run had not come to its end when the rows were read.']),
    'Texts stand as models wrote them: they may hold errors, bias and names of people.',
  ]
    .map((limit) => `- ${limit}`)
    .join('\n')
}
