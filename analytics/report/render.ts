// A report as text that fits one screen: at most 40 lines of at most 100 characters (or the width that there is).

import picocolors from 'picocolors'
import type { Report } from './contract.ts'
import { harmless } from '../../schemas/terminal-text.ts'
import { clip, columns, count, dollars, duration, folded, percent, short } from './format.ts'
import type { Column } from './format.ts'
import { ruleLines } from './rules.ts'

export interface RenderOptions {
  /** Characters of a line; more than 100 are not used, fewer than 60 are not expected. */
  readonly width: number
  readonly colour: boolean
}

const SCREEN_WIDTH = 100
const SCREEN_LINES = 40

/** Lines of each part at most, its heading not counted. */
interface Limits {
  readonly reasons: number
  readonly rules: number
  readonly cost: number
  readonly rewards: number
  readonly deadLetters: number
}

const ROOMY: Limits = { reasons: 10, rules: 5, cost: 8, rewards: 4, deadLetters: 3 }
const TIGHT: Limits = { reasons: 10, rules: 3, cost: 4, rewards: 2, deadLetters: 2 }

/** The report as lines joined by newlines, without one at the end. */
export function renderReport(report: Report, options: RenderOptions): string {
  const roomy = linesOf(report, options, ROOMY)
  const lines = roomy.length <= SCREEN_LINES ? roomy : linesOf(report, options, TIGHT)
  return lines.slice(0, SCREEN_LINES).join('\n')
}

function linesOf(report: Report, options: RenderOptions, limits: Limits): string[] {
  const width = Math.min(SCREEN_WIDTH, options.width)
  const paint = picocolors.createColors(options.colour)
  const heading = (text: string): string => paint.bold(clip(text, width))
  const plain = (lines: readonly string[]): string[] => lines.map((line) => clip(line, width))

  const funnel = ['Funnel', ...funnelLines(report)]
  const reasons = ['Why problems ended', ...reasonLines(report, limits.reasons)]
  const beside = width >= 90
  const { sft, preference } = report.curation
  const rules = [ruleLines('SFT', sft, limits.rules), ruleLines('Preference', preference, limits.rules)] as const
  return [
    heading(headline(report)),
    ...plain([rateLine(report)]),
    '',
    ...(beside
      ? sideBySide(funnel, reasons, width).map(boldFirst(paint))
      : [
          heading('Funnel'),
          ...plain(funnel.slice(1)),
          '',
          heading('Why problems ended'),
          ...plain(reasons.slice(1, 7)),
        ]),
    ...(sft.length + preference.length === 0
      ? []
      : ['', ...(beside ? sideBySide(...rules, width) : plain(rules.flat())).map(boldFirst(paint))]),
    '',
    heading('Models'),
    ...plain(costLines(report, limits.cost, width)),
    '',
    heading(report.answersOf === report.run.revision ? 'Answers' : `Answers (of ${harmless(report.answersOf)})`),
    ...answerLines(report, limits.rewards, width),
    ...(report.deadLetters.length === 0
      ? []
      : [
          '',
          paint.red(clip(deadLetterHeading(report), width)),
          ...plain(deadLetterLines(report, limits.deadLetters, width)),
        ]),
  ]
}

const boldFirst =
  (paint: ReturnType<typeof picocolors.createColors>) =>
  (line: string, place: number): string =>
    place === 0 ? paint.bold(line) : line

function headline({ run }: Report): string {
  const source = run.replay === null ? '' : ` (${run.replay.from} of ${run.replay.of})`
  const revision = run.revision === 'main' ? '' : ` · revision ${run.revision}${source}`
  const state = run.state === null ? '' : ` · ${run.state}`
  return harmless(
    `Run ${run.id}${revision}${state} · began ${run.startedAt.slice(0, 16).replace('T', ' ')} UTC · ${duration(run.seconds)}`,
  )
}

function rateLine({ rates, ends, rows }: Report): string {
  const made = `${count(rows.sft)} SFT and ${count(rows.preferences)} preference rows`
  const open = ends.open === 0 ? '' : ` · ${count(ends.open)} problems on the way`
  return `${made}${open} · ${short(rates.problemsPerHour)} problems/h · ${short(rates.tokensPerSecond)} new tokens/s`
}

const BAR_WIDTH = 12

function funnelLines({ funnel, ends }: Report): string[] {
  if (funnel.length === 0) return ['nothing yet']
  const bar = (share: number): string =>
    '█'.repeat(Math.max(share > 0 ? 1 : 0, Math.round(Math.min(1, share) * BAR_WIDTH)))
  const rows = funnel.map(({ step, problems, share }) => [step, count(problems), percent(share), bar(share)])
  return [
    ...columns(rows, [{ align: 'left' }, { align: 'right' }, { align: 'right' }, { align: 'left' }]),
    `ended: ${count(ends.accepted)} accepted, ${count(ends.rejected)} rejected, ${count(ends.deadLetters)} dead`,
  ]
}

function reasonLines({ reasons }: Report, most: number): string[] {
  if (reasons.length === 0) return ['no problem was refused']
  const shown = reasons.slice(0, reasons.length > most ? most - 1 : most)
  const rows = shown.map(({ stage, reason, problems, share }) => [
    harmless(stage),
    harmless(reason),
    count(problems),
    percent(share),
  ])
  const rest = reasons.slice(shown.length)
  if (rest.length > 0) {
    const problems = rest.reduce((sum, each) => sum + each.problems, 0)
    const share = rest.reduce((sum, each) => sum + each.share, 0)
    rows.push(['…', `${rest.length} more reasons`, count(problems), percent(share)])
  }
  return columns(rows, [
    { align: 'left', most: 10 },
    { align: 'left', most: 26 },
    { align: 'right' },
    { align: 'right' },
  ])
}

function costLines({ cost, money }: Report, most: number, width: number): string[] {
  if (cost.length === 0) return ['no model was asked']
  const shown = cost.slice(0, cost.length > most ? most - 1 : most)
  const priced = money.total !== null
  const rows = [
    ['role', 'model', 'calls', 'tokens in', 'cached', 'out', 'model time', 'out/s', ...(priced ? ['cost'] : [])],
    ...shown.map((each) => [
      harmless(each.role),
      harmless(each.model),
      count(each.calls),
      short(each.promptTokens),
      each.cachedTokens === 0 ? '' : short(each.cachedTokens),
      short(each.completionTokens),
      duration(each.seconds),
      each.seconds === 0 || each.completionTokens === 0 ? '' : short(each.completionTokens / each.seconds),
      ...(priced ? [each.usd === null ? 'no price' : dollars(each.usd)] : []),
    ]),
  ]
  if (shown.length < cost.length) rows.push(['…', `${cost.length - shown.length} more`, ...Array<string>(6).fill('')])
  const lines = columns(
    rows,
    [
      { align: 'left', most: 18 },
      { align: 'left', most: priced ? 22 : 28 },
      ...Array<Column>(7).fill({ align: 'right' }),
    ],
    width,
  )
  return money.total === null ? lines : [...lines, moneyLine(money, money.total)]
}

function moneyLine({ perSftRow, perPreferenceRow, unpriced }: Report['money'], total: number): string {
  const per = [
    ...(perSftRow === null ? [] : [`${dollars(perSftRow)} for each SFT row`]),
    ...(perPreferenceRow === null ? [] : [`${dollars(perPreferenceRow)} for each preference row`]),
  ]
  const missing = unpriced.length === 0 ? [] : [`without ${unpriced.map(harmless).join(', ')}`]
  return [`${dollars(total)} in all`, ...per, ...missing].join(' · ')
}

/** Turns first, then the reasons of those that are shorter than wished; nothing where no conversation went on. */
function conversationLines({ conversations }: Report): string[] {
  const reached = new Map<number, number>()
  for (const { turns, conversations: some } of conversations)
    if (turns > 1) reached.set(turns, (reached.get(turns) ?? 0) + some)
  if (reached.size === 0) return []
  const turns = [...reached].map(([number, some]) => `${count(some)} of ${number} turns`)
  const short = conversations
    .filter((each) => each.turns > 1 && each.ended !== null)
    .map(({ ended, conversations: some }) => `${count(some)} ${harmless(ended ?? '')}`)
  const ends = short.length === 0 ? '' : `; ended early: ${short.slice(0, 4).join(', ')}`
  return [`conversations: ${turns.join(', ')}${ends}`]
}

function answerLines(report: Report, most: number, width: number): string[] {
  const { verdicts, judge, unfinished, passRate, rewards } = report
  const judged = verdicts.map(({ verdict, responses, share }) => `${count(responses)} ${verdict} (${percent(share)})`)
  const first = judged.length === 0 ? 'no answer was verified yet' : `verdicts: ${judged.join(', ')}`
  const rate = passRate === null ? '' : `; mean pass rate ${percent(passRate)}`
  const { thoughts, cut, continued } = unfinished
  const never = [
    ...(thoughts === 0 ? [] : [`${count(thoughts)} thoughts that never closed`]),
    ...(cut === 0 ? [] : [`${count(cut)} texts cut at their length`]),
    ...(continued === 0 ? [] : [`${count(continued)} went on after a cut`]),
  ]
  const rows = rewards
    .slice(0, most)
    .map((reward) => [
      harmless(reward.name),
      `${count(reward.responses)} scored`,
      reward.mean === null ? '' : `mean ${short(reward.mean)}`,
      reward.median === null ? '' : `median ${short(reward.median)}`,
      reward.least === null || reward.greatest === null ? '' : `${short(reward.least)} to ${short(reward.greatest)}`,
      reward.errors === 0 ? '' : `${count(reward.errors)} without a score`,
    ])
  const left = { align: 'left' } as const
  const ends = never.length === 0 ? [] : [never.join(', ')]
  const sentences = [`${first}${rate}`, ...judgeLines(judge), ...ends, ...conversationLines(report)]
  return [
    ...sentences.flatMap((sentence) => folded(sentence, width)),
    ...columns(rows, [{ align: 'left', most: 20 }, left, left, left, left, left], width),
  ]
}

function judgeLines({ responses, calls, recovered, disagreements, matrix }: Report['judge']): string[] {
  if (responses === 0) return []
  const unread = matrix.filter(({ judge }) => judge === 'unreadable').reduce((sum, each) => sum + each.responses, 0)
  const parts = [
    `judge: ${count(responses)} in ${count(calls)} calls`,
    `${count(recovered)} recovered`,
    `${count(disagreements)} equal against symbols`,
    ...(unread === 0 ? [] : [`${count(unread)} unreadable`]),
  ]
  return [parts.join(', ')]
}

function deadLetterHeading({ deadLetters }: Report): string {
  const waiting = deadLetters.reduce((sum, { count: letters, redriven }) => sum + letters - redriven, 0)
  return waiting === 0
    ? 'Dead letters (none waits)'
    : `Dead letters (${count(waiting)} wait: ./magpie dead-letters list)`
}

function deadLetterLines({ deadLetters }: Report, most: number, width: number): string[] {
  const rows = deadLetters
    .slice(0, most)
    .map(({ stage, code, count: letters, example }) => [
      harmless(stage),
      harmless(code),
      count(letters),
      harmless(example),
    ])
  return columns(
    rows,
    [{ align: 'left', most: 12 }, { align: 'left', most: 26 }, { align: 'right' }, { align: 'left' }],
    width,
  )
}

function sideBySide(left: readonly string[], right: readonly string[], width: number): string[] {
  const half = Math.floor(width / 2) - 2
  return Array.from({ length: Math.max(left.length, right.length) }, (_, place) => {
    const cell = clip(left[place] ?? '', half)
    return clip(`${cell}${' '.repeat(half - Array.from(cell).length)}   ${right[place] ?? ''}`.trimEnd(), width)
  })
}
