// Parts of a card: where the rows came from, who wrote and who judged them, what was left out and at what price. Each is a
// list of Markdown blocks, empty where there is nothing to say.

import { count, percent, short } from '../report/format.ts'
import { licenceOf } from '../../llm/licences.ts'
import type { CardFacts, CardManifest, CardOptions } from './contract.ts'
import { block, code, plain, table } from './markdown.ts'

const RIGHT = { align: 'right' } as const

export function funnelOf({ counts }: CardFacts): string {
  const rows = counts.funnel.map(({ step, problems, share }) => [code(step), count(problems), percent(share)])
  return table([{ head: 'step' }, { head: 'problems', ...RIGHT }, { head: 'of all', ...RIGHT }], rows)
}

const MOST_REASONS = 15

export function reasonsOf({ counts: { reasons, ends } }: CardFacts): string {
  const end = `${count(ends.accepted)} problems gave a row, ${count(ends.rejected)} were refused, ${count(ends.deadLetters)} failed, ${count(ends.open)} were still on the way.`
  if (reasons.length === 0) return end
  const rows = reasons
    .slice(0, MOST_REASONS)
    .map(({ stage, reason, problems, share }) => [code(stage), code(reason), count(problems), percent(share)])
  const rest = reasons.slice(MOST_REASONS).reduce((sum, { problems }) => sum + problems, 0)
  const heads = [
    { head: 'stage' },
    { head: 'refused for' },
    { head: 'problems', ...RIGHT },
    { head: 'of all', ...RIGHT },
  ]
  return `${end}\n\n${table(heads, rows)}${rest === 0 ? '' : `\n\n${count(rest)} more for other reasons.`}`
}

export function modelsOf({ drawn, scorers }: CardFacts, { license }: CardOptions): string[] {
  const writers = drawn.map(({ role, model, template, texts }) => ({ role, model, template, texts }))
  const merged = [
    ...new Map(writers.map((each) => [`${each.role}\n${each.model}\n${each.template ?? ''}`, each])).values(),
  ]
  const textsOf = (wanted: (typeof merged)[number]): number =>
    writers
      .filter(
        ({ role, model, template }) => role === wanted.role && model === wanted.model && template === wanted.template,
      )
      .reduce((sum, { texts }) => sum + texts, 0)
  const licence = (model: string): string => {
    const known = licenceOf(model)
    return known === null ? 'not known here: see its model card' : code(known)
  }
  const rows = [
    ...merged.map((each) => [
      each.role,
      code(each.model),
      each.template === null ? 'the server’s' : code(each.template),
      count(textsOf(each)),
      licence(each.model),
    ]),
    ...scorers.flatMap(({ name, model }) =>
      model === null ? [] : [[plain(name), code(model), '', '', licence(model)]],
    ),
  ]
  const heads = [
    { head: 'role' },
    { head: 'model' },
    { head: 'template' },
    { head: 'texts', ...RIGHT },
    { head: 'licence of the weights' },
  ]
  const given =
    license === null
      ? 'No licence was given for the rows themselves; the front matter lists those of the models.'
      : `The rows are given under ${code(license)}.`
  return [
    table(heads, rows),
    `${given} Some licences also bind those who train on what a model wrote: read them before you do.`,
  ]
}

export function samplingOf({ drawn }: CardFacts): string {
  const number = (value: number | null): string => (value === null ? '' : short(value))
  const rows = drawn.map((each) => [
    each.role,
    code(each.model),
    ...[each.temperature, each.topP, each.topK, each.minP, each.repetitionPenalty].map(number),
    each.maxTokens === null ? '' : count(each.maxTokens),
    count(each.texts),
  ])
  const names = ['temperature', 'top_p', 'top_k', 'min_p', 'repetition penalty', 'max tokens', 'texts']
  return table([{ head: 'role' }, { head: 'model' }, ...names.map((head) => ({ head, ...RIGHT }))], rows)
}

export function scorersOf({ scorers, counts: { rewards } }: CardFacts): string[] {
  if (scorers.length === 0) return []
  const rows = scorers.map(({ name, version, model }) => {
    const summary = rewards.find((reward) => name === `reward ${reward.name}`)
    const number = (value: number | null | undefined): string =>
      value === null || value === undefined ? '' : short(value)
    return [
      plain(name),
      version === '' ? '' : code(version),
      model === null ? 'none' : code(model),
      summary === undefined ? '' : count(summary.responses),
      ...[summary?.least, summary?.median, summary?.mean, summary?.greatest].map(number),
    ]
  })
  const numbers = ['scored', 'least', 'median', 'mean', 'greatest'].map((head) => ({ head, ...RIGHT }))
  return [table([{ head: 'name' }, { head: 'version' }, { head: 'model' }, ...numbers], rows)]
}

const AGAINST: Readonly<Record<string, string>> = {
  reference: 'a known reference answer',
  vote: 'the vote of the samples',
  none: 'nothing: no answer won a vote',
}

export function verdictsOf({ grounds, counts: { verdicts, judge, passRate } }: CardFacts): string[] {
  if (verdicts.length === 0) return []
  const against = grounds.map(({ against: what, problems }) => [AGAINST[what] ?? code(what), count(problems)])
  const said = verdicts.map(({ verdict, responses, share }) => `${count(responses)} ${verdict} (${percent(share)})`)
  const rate =
    passRate === null ? '' : ` The samples of a problem are right in ${percent(passRate)} of cases on average.`
  const ruled =
    judge.responses === 0
      ? ''
      : ` A judge model ruled on ${count(judge.responses)} responses that symbols left open and settled ${count(judge.recovered)}.`
  return [
    'A final answer is compared as mathematics with one of these:',
    table([{ head: 'compared with' }, { head: 'problems', ...RIGHT }], against),
    `Verdicts of all responses: ${said.join(', ')}.${rate}${ruled}`,
  ]
}

const MOST_RULES = 20

export function filtersOf(
  { type, filters, left_out: leftOut }: CardManifest,
  { versions, counts: { curation } }: CardFacts,
): string[] {
  const stages = versions.map(({ stage, version }) => `${stage} ${code(version)}`).join(', ')
  const costs = type === 'preference' ? curation.preference : type === 'sft' ? curation.sft : []
  const rows = costs
    .slice(0, MOST_RULES)
    .map(({ rule, rows: lost, share, responses }) => [code(rule), count(lost), percent(share), count(responses)])
  const numbers = ['problems lost', 'of those curated', 'responses out'].map((head) => ({ head, ...RIGHT }))
  const bounds = [
    ...(filters.min_tokens === null ? [] : [`at least ${count(filters.min_tokens)} tokens`]),
    ...(filters.max_tokens === null ? [] : [`at most ${count(filters.max_tokens)} tokens`]),
    ...(filters.limit === null ? [] : [`at most ${count(filters.limit)} rows`]),
  ]
  const left = Object.entries(leftOut).map(([reason, some]) => `${count(some)} for ${code(reason)}`)
  return [
    stages === '' ? '' : `Versions: ${stages}.`,
    rows.length === 0 ? '' : table([{ head: 'rule of curation' }, ...numbers], rows),
    filters.where === null
      ? ''
      : `Of the rows that were left, only those that meet this condition:\n\n${block(filters.where, 'sql')}`,
    bounds.length === 0 ? '' : `The export took ${bounds.join(', ')}.`,
    left.length === 0 ? '' : `Rows that the format cannot hold were left out: ${left.join(', ')}.`,
  ]
}

export function duplicatesOf({ counts: { reasons } }: CardFacts): string[] {
  const refused = (test: (reason: string) => boolean): number =>
    reasons
      .filter(({ stage, reason }) => stage === 'screen' && test(reason))
      .reduce((sum, { problems }) => sum + problems, 0)
  const kinds = [
    ['exact duplicates', refused((reason) => reason === 'exact-duplicate')],
    ['other duplicates', refused((reason) => reason !== 'exact-duplicate' && reason.endsWith('-duplicate'))],
    ['problems of benchmarks', refused((reason) => reason === 'contaminated')],
  ] as const
  return [
    table(
      [{ head: 'refused by screening' }, { head: 'problems', ...RIGHT }],
      kinds.map(([name, some]) => [name, count(some)]),
    ),
  ]
}
