// The report as one screen of text: at most 40 lines of 100 columns. Pure.

import type { Report } from '../report.ts'

const WIDTH = 100
const REASONS = 9
const BAR = 24

/** Text of a report. Control characters of models' text are left out. */
export function renderReport(report: Report): string {
  const { run, revision, state, startedAt, seconds } = report
  const head = `Run ${run}${revision === 'main' ? '' : ` (revision ${revision})`}: ${state}, started ${startedAt.slice(0, 19)} UTC, ${duration(seconds)}`
  const parts = [[head], funnel(report), reasons(report), failures(report), cost(report), quality(report)]
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map(fit).join('\n'))
    .join('\n\n')
}

function funnel({ funnel: steps }: Report): string[] {
  const first = steps[0]?.problems ?? 0
  const rows = steps.map(({ step, problems }) => {
    const share = first === 0 ? 0 : problems / first
    return `  ${step.padEnd(12)} ${count(problems).padStart(9)} ${`${(100 * share).toFixed(0)} %`.padStart(6)}  ${'▇'.repeat(Math.round(BAR * share))}`
  })
  return [`Funnel${rows.length === 0 ? ': nothing yet' : ''}`, ...rows]
}

function reasons({ reasons: all }: Report): string[] {
  if (all.length === 0) return []
  const total = all.reduce((sum, { problems }) => sum + problems, 0)
  const shown = all.slice(0, REASONS).map(({ stage, reason, problems, example }) => {
    const seen = example === null || example === '' ? '' : `  as: ${plain(example)}`
    return `  ${count(problems).padStart(7)}  ${`${stage}: ${reason}`.padEnd(34)}${seen}`
  })
  const rest = all.slice(REASONS).reduce((sum, { problems }) => sum + problems, 0)
  return [
    `Rejected ${count(total)}`,
    ...shown,
    ...(rest > 0 ? [`  ${count(rest).padStart(7)}  for ${all.length - REASONS} other reasons`] : []),
  ]
}

function failures({ failures: all }: Report): string[] {
  if (all.length === 0) return []
  return [
    'Dead letters',
    ...all
      .slice(0, 4)
      .map(
        ({ stage, code, deadLetters, example }) =>
          `  ${count(deadLetters).padStart(7)}  ${stage}: ${code}  as: ${plain(example)}`,
      ),
  ]
}

function cost({ cost: all, seconds }: Report): string[] {
  if (all.length === 0) return []
  const title = `${'Models'.padEnd(18)}${'calls'.padStart(9)}${'tokens in'.padStart(13)}${'tokens out'.padStart(13)}${'seconds'.padStart(10)}${'out/s'.padStart(9)}  model`
  return [
    title,
    ...all.slice(0, 7).map((row) => {
      const rate = seconds === 0 ? 0 : row.completionTokens / seconds
      const numbers = [
        count(row.promptTokens).padStart(13),
        count(row.completionTokens).padStart(13),
        row.seconds.toFixed(1).padStart(10),
      ]
      return `  ${row.role.padEnd(16)}${count(row.calls).padStart(9)}${numbers.join('')}${rate.toFixed(0).padStart(9)}  ${row.model}`
    }),
  ]
}

function quality({ verdicts, rewards }: Report): string[] {
  const kinds = [...new Set(verdicts.map(({ kind }) => kind))]
  const judged = kinds.map((kind) => {
    const of = verdicts.filter((row) => row.kind === kind)
    return `  ${`${kind}s`.padEnd(16)}${of.map(({ verdict, responses }) => `${verdict} ${count(responses)}`).join(' · ')}`
  })
  const names = [...new Set(rewards.map(({ reward }) => reward))].slice(0, 4)
  const scored = names.map((name) => {
    const of = rewards.filter(({ reward }) => reward === name)
    return `  ${`reward ${name}`.padEnd(16)}${of.map(({ verdict, mean }) => `${verdict} ${mean.toFixed(2)}`).join(' · ')} (means)`
  })
  return judged.length + scored.length === 0 ? [] : ['Verdicts', ...judged, ...scored]
}

const count = (value: number): string => value.toLocaleString('en-US')

function duration(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  return whole < 3600
    ? `${Math.floor(whole / 60)} min ${whole % 60} s`
    : `${Math.floor(whole / 3600)} h ${Math.floor(whole / 60) % 60} min`
}

/** One line without control characters. */
function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim()
}

function fit(line: string): string {
  const letters = [...line]
  return letters.length <= WIDTH ? line.trimEnd() : `${letters.slice(0, WIDTH - 1).join('')}…`
}
