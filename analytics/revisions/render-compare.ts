// A comparison as text for a screen: what both say side by side, then what changed from the left to the right.

import picocolors from 'picocolors'
import { harmless } from '../../schemas/terminal-text.ts'
import { clip, columns, count, dollars, percent, short } from '../report/format.ts'
import type { Column } from '../report/format.ts'
import type { RenderOptions } from '../report/render.ts'
import type { Comparison, RowChange, RowReason, Side } from './contract.ts'

const NAME: Column = { align: 'left', most: 34 }
const RIGHT: Column = { align: 'right' }
/** Lines of a list at most. */
const MOST = 12

/** Lines joined by newlines, without one at the end. */
export function renderComparison(comparison: Comparison, { width, colour }: RenderOptions): string {
  const paint = picocolors.createColors(colour)
  const { run, left, right, both, reasons, verdicts, rows } = comparison
  const names = [harmless(left.revision), harmless(right.revision)] as const
  const table = (title: string, lines: readonly (readonly [string, string, string, string])[]): string[] => {
    const [head, ...rest] = columns([[title, ...names, 'change'], ...lines], [NAME, RIGHT, RIGHT, RIGHT])
    return [paint.bold(head ?? ''), ...rest]
  }
  const shownReasons = reasons.slice(0, MOST)
  const lines = [
    paint.bold(`Run ${harmless(run)} · ${names[0]} (${originOf(left)}) · ${names[1]} (${originOf(right)})`),
    `${count(both)} problems were taken by both`,
    '',
    ...table('Problems', sideLines(left, right)),
    '',
    ...table(
      'Why problems ended',
      shownReasons.map((pair) => numbers(`${harmless(pair.stage)}: ${harmless(pair.reason)}`, pair.left, pair.right)),
    ),
    ...(reasons.length > MOST ? [`… ${reasons.length - MOST} more reasons (--json has all)`] : []),
    '',
    paint.bold('Verdicts'),
    ...verdictLines(verdicts, names),
    ...rows.flatMap((change) => ['', ...rowLines(change, names, paint.bold)]),
  ]
  return lines.map((line) => clip(line, colour ? Infinity : width)).join('\n')
}

function originOf({ state, replay }: Side): string {
  const source = replay === null ? 'its own problems' : `${harmless(replay.from)} of ${harmless(replay.of)}`
  return state === null ? source : `${source}, ${harmless(state)}`
}

function numbers(name: string, left: number, right: number, show = count): [string, string, string, string] {
  const change = right - left
  return [name, show(left), show(right), change === 0 ? '' : `${change > 0 ? '+' : '−'}${show(Math.abs(change))}`]
}

function sideLines(left: Side, right: Side): [string, string, string, string][] {
  const of = (
    name: string,
    field: 'problems' | 'accepted' | 'rejected' | 'deadLetters' | 'open' | 'sft' | 'preferences',
  ) => numbers(name, left[field], right[field])
  const maybe = (
    name: string,
    one: number | null | undefined,
    other: number | null | undefined,
    show: (value: number) => string,
  ) =>
    one == null && other == null
      ? []
      : one != null && other != null
        ? [numbers(name, one, other, show)]
        : ([[name, one == null ? '' : show(one), other == null ? '' : show(other), '']] as [
            string,
            string,
            string,
            string,
          ][])
  const rewards = [...new Set([...left.rewards, ...right.rewards].map(({ name }) => name))].sort()
  const mean = (side: Side, reward: string) => side.rewards.find(({ name }) => name === reward)?.mean
  return [
    of('taken', 'problems'),
    of('accepted', 'accepted'),
    of('rejected', 'rejected'),
    of('dead letters', 'deadLetters'),
    of('on the way', 'open'),
    of('SFT rows', 'sft'),
    of('preference rows', 'preferences'),
    ...maybe('mean pass rate', left.passRate, right.passRate, percent),
    ...rewards.flatMap((name) => maybe(`mean ${harmless(name)}`, mean(left, name), mean(right, name), short)),
    numbers('tokens in, asked for by itself', left.promptTokens, right.promptTokens, short),
    numbers('tokens out', left.completionTokens, right.completionTokens, short),
    ...maybe('cost', left.usd, right.usd, dollars),
  ]
}

function verdictLines(
  { compared, changed, matrix }: Comparison['verdicts'],
  names: readonly [string, string],
): string[] {
  if (matrix.length === 0) return ['both have the same responses with the same verdicts']
  const kinds = [...new Set(matrix.flatMap(({ left, right }) => [left, right]))].sort()
  const at = (left: string, right: string) => matrix.find((pair) => pair.left === left && pair.right === right)
  const lines = kinds.map((left) => [left, ...kinds.map((right) => count(at(left, right)?.responses ?? 0))])
  const examples = matrix.filter(({ left, right }) => left !== right).slice(0, MOST)
  return [
    `${count(changed)} of ${count(compared)} responses changed; lines: ${names[0]}, columns: ${names[1]}`,
    ...columns([['', ...kinds], ...lines], [NAME, ...kinds.map(() => RIGHT)]),
    ...examples.map((pair) => `${pair.left} → ${pair.right}: ${pair.examples.map(harmless).join(', ')}`),
  ]
}

function rowLines(change: RowChange, names: readonly [string, string], bold: (text: string) => string): string[] {
  const { type, both, changed, changedExamples, gained, lost, onlyLeftTook, onlyRightTook } = change
  const title = type === 'sft' ? 'SFT rows' : 'Preference rows'
  const [left, right] = names
  const other =
    changed === 0
      ? ''
      : `, ${count(changed)} of them with other responses (${changedExamples.map(harmless).join(', ')})`
  return [
    bold(title),
    `in both: ${count(both)}${other}`,
    `gained in ${right}: ${count(gained)}${gained === 0 ? '' : `; why ${left} has none:`}`,
    ...reasonLines(change.gainedBecause),
    `lost in ${right}: ${count(lost)}${lost === 0 ? '' : `; why ${right} has none:`}`,
    ...reasonLines(change.lostBecause),
    ...(onlyLeftTook + onlyRightTook === 0
      ? []
      : [
          `of problems that the other has not taken: ${count(onlyLeftTook)} in ${left}, ${count(onlyRightTook)} in ${right}`,
        ]),
  ]
}

function reasonLines(reasons: readonly RowReason[]): string[] {
  const shown = reasons.slice(0, MOST)
  const lines = shown.map(({ reason, rows, examples }) => [
    '',
    harmless(reason),
    count(rows),
    examples.map(harmless).join(', '),
  ])
  return [
    ...columns(lines, [{ align: 'left' }, { align: 'left', most: 40 }, RIGHT, { align: 'left' }]),
    ...(reasons.length > MOST ? [`  … ${reasons.length - MOST} more reasons (--json has all)`] : []),
  ]
}
