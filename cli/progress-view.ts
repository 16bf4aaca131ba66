// What a run shows while it works: a block for a terminal, one line for a log. Pure: a snapshot in, text out.

import Table from 'cli-table3'
import picocolors from 'picocolors'
import type { RunSnapshot } from '../pipeline/run-contract.ts'
import { harmless } from '../schemas/terminal-text.ts'
import { spentBudgets } from './budget-view.ts'
import type { Messages } from './messages/contract.ts'
import type { Rates } from './rates.ts'
import { PLAIN } from './table-style.ts'

const BAR_WIDTH = 28
/** Engines that the block names, so that it fits a screen. */
const MOST_ENGINES = 4
/** Characters of a limit's reason that fit beside it. */
const REASON = 40

export interface View {
  readonly runId: string
  readonly snapshot: RunSnapshot
  readonly rates: Rates
  readonly messages: Messages
  /** Milliseconds since 1970 UTC of this start of the process. */
  readonly since: number
  readonly now: number
}

/** The block of a terminal, some 15 lines of at most 100 columns. */
export function progressBlock(view: View): string {
  const { runId, snapshot, messages } = view
  const bars = leads(snapshot) ? bar(snapshot) : []
  const head = [picocolors.bold(runId), ...bars, ...problems(view)].join('  ')
  const lines = [head, ...worked(view), speeds(view), stageTable(snapshot, messages), ...engines(view), accepted(view)]
  return [...lines.filter((line) => line !== ''), ...waits(view)].join('\n')
}

/** One line for output that is no terminal. */
export function progressLine(view: View): string {
  const { snapshot, messages } = view
  const stages = snapshot.stages
    .filter(({ received }) => received > 0)
    .map(({ name, emitted, rejected }) => `${messages.parts[name as keyof Messages['parts']]} ${emitted}+${rejected}`)
  return [...problems(view), ...worked(view), speeds(view), accepted(view), stages.join(', ')]
    .filter((part) => part !== '')
    .join(' · ')
}

/** Of the whole run a worker knows nothing but what its own parts tell it. */
function leads({ here }: RunSnapshot): boolean {
  return here === null || here.leads
}

/** What the parts of this process have done, and what is left for them, where others have the rest. */
function worked({ snapshot: { here }, rates, messages }: View): string[] {
  return here === null ? [] : [messages.worked(rates.ended, here.left)]
}

/** One bar, or none for a run without an end. Where rows are asked for, those that are missing most. */
function bar({ total, made, read, accepted, wanted }: RunSnapshot): string[] {
  const shares = (['sft', 'preference'] as const).flatMap((type) => {
    const number = wanted?.[type] ?? null
    return number === null ? [] : [accepted[type] / number]
  })
  const share = shares.length > 0 ? Math.min(...shares) : (read ?? (total === null ? null : made / total))
  if (share === null) return []
  const filled = Math.min(BAR_WIDTH, Math.round(share * BAR_WIDTH))
  return [picocolors.green('█'.repeat(filled)) + picocolors.dim('░'.repeat(BAR_WIDTH - filled))]
}

function problems({ snapshot, messages }: View): string[] {
  const { made, total, read } = snapshot
  const share = total === null && read !== null ? [messages.rangeRead(read)] : []
  return leads(snapshot) ? [[messages.problems(made, total), ...share].join(' · ')] : []
}

function speeds({ snapshot, rates, messages, since, now }: View): string {
  const left = rates.secondsLeft === null ? messages.etaUnknown : messages.eta(rates.secondsLeft)
  return [
    messages.rate(rates.endedPerMinute),
    messages.tokensPerSecond(rates.tokensPerSecond),
    messages.elapsed((now - since) / 1000),
    ...(hasEnd(snapshot) ? [left] : []),
  ].join(' · ')
}

/** Is there an end that a time can be told for? Not of parts alone, whose records others make or take further. */
function hasEnd({ total, read, wanted, here }: RunSnapshot): boolean {
  return here === null ? total !== null || read !== null || wanted !== null : here.leads && wanted !== null
}

function accepted({ snapshot, messages }: View): string {
  const { sft, preference } = snapshot.accepted
  const { wanted } = snapshot
  const rows = [
    messages.sftRecords(sft, wanted?.sft ?? null),
    messages.preferenceRecords(preference, wanted?.preference ?? null),
  ]
  return [...(leads(snapshot) ? rows : []), ...spentBudgets(snapshot).map((budget) => messages.spent(budget))].join(
    ' · ',
  )
}

/** What each stage and sink did, with the seconds inside it. */
export function stageTable({ stages, sinks }: RunSnapshot, messages: Messages): string {
  const { columns, parts } = messages
  const table = new Table({
    ...PLAIN,
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'right'],
  })
  const { part, received, running, queued, passed, rejected, dead, seconds } = columns
  table.push([part, received, running, queued, passed, rejected, dead, seconds].map((title) => picocolors.dim(title)))
  const show = (count: number, paint = (text: string) => text) =>
    count === 0 ? picocolors.dim('·') : paint(String(count))
  for (const stage of stages) {
    table.push([
      parts[stage.name as keyof Messages['parts']],
      ...[stage.received, stage.running, stage.queued, stage.emitted].map((count) => show(count)),
      show(stage.rejected, picocolors.yellow),
      show(stage.dead, picocolors.red),
      show(Math.round(stage.seconds)),
    ])
  }
  for (const sink of sinks) {
    table.push([
      parts[sink.name as keyof Messages['parts']],
      ...[sink.received, sink.writing, sink.queued, sink.written].map((count) => show(count)),
      show(0),
      show(sink.dead, picocolors.red),
      show(Math.round(sink.seconds)),
    ])
  }
  return table.toString()
}

/** The engines that work, each with what is in flight there, its limit and why it is that. */
function engines({ snapshot, messages }: View): string[] {
  const working = snapshot.llm.endpoints.filter(({ downSince }) => downSince === null)
  const lines = working
    .slice(0, MOST_ENGINES)
    .map(({ url, inFlight, limit, limitChange }) =>
      messages.engine(url, inFlight, limit, harmless(limitChange.reason).slice(0, REASON)),
    )
  const more = working.length - lines.length
  return [...lines, ...(more > 0 ? [messages.moreEngines(more)] : [])].map((line) => picocolors.dim(line))
}

/** What the run waits for at this moment. */
function waits({ snapshot, messages }: View): string[] {
  const endpoints = snapshot.llm.endpoints
    .filter(({ downSince }) => downSince !== null)
    .map(({ url, lastError }) => messages.endpointWaiting(url, harmless(lastError ?? '')))
  return [
    ...endpoints,
    ...waitingParts(snapshot).map(([name, reason]) => messages.waitingFor(partName(name, messages), harmless(reason))),
  ].map((line) => picocolors.yellow(line))
}

/** Parts whose server does not answer, with the reason: sinks, and Kafka itself. */
export function waitingParts({ sinks, sender }: RunSnapshot): [name: string, reason: string][] {
  const waiting = sinks
    .filter((sink) => sink.waiting)
    .map((sink): [string, string] => [sink.name, sink.lastError ?? ''])
  return sender.downSince === null ? waiting : [...waiting, ['Kafka', sender.lastError ?? '']]
}

/** A part's name in the language; names that are not translated stay. */
export function partName(name: string, { parts }: Messages): string {
  return name in parts ? parts[name as keyof Messages['parts']] : name
}
