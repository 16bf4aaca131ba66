// A forecast as text.

import { harmless } from '../../schemas/terminal-text.ts'
import { columns, count, dollars, duration, short } from '../report/format.ts'
import type { Estimate, Forecast } from './contract.ts'

/** The forecast as lines joined by newlines, without one at the end. */
export function renderForecast(forecast: Forecast): string {
  const { rows, all, roles, perSftRow, perPreferenceRow, hours } = forecast
  const money = (estimate: Estimate | null): string[] => (estimate === null ? [] : range(estimate, dollars))
  const line = (title: string, cells: readonly string[]): string[] => [title, ...cells]
  const table = columns(
    [
      ['', 'forecast', 'from', 'to'],
      line('problems', [count(forecast.problems)]),
      line('SFT rows', range(rows.sft, whole)),
      line('preference rows', range(rows.preference, whole)),
      line('tokens', range(all.tokens, short)),
      ...roles.map(({ role, tokens }) => line(`  ${harmless(role)}`, range(tokens, short))),
      ...(all.usd === null ? [] : [line('cost', money(all.usd))]),
      ...roles.flatMap(({ role, usd }) => (usd === null ? [] : [line(`  ${harmless(role)}`, money(usd))])),
      ...(perSftRow === null ? [] : [line('tokens for an SFT row', range(perSftRow.tokens, short))]),
      ...(perSftRow?.usd == null ? [] : [line('cost of an SFT row', money(perSftRow.usd))]),
      ...(perPreferenceRow === null
        ? []
        : [line('tokens for a preference row', range(perPreferenceRow.tokens, short))]),
      ...(perPreferenceRow?.usd == null ? [] : [line('cost of a preference row', money(perPreferenceRow.usd))]),
      line(
        'time',
        range(hours, (value) => duration(value * 3600)),
      ),
    ],
    [{ align: 'left' }, { align: 'right' }, { align: 'right' }, { align: 'right' }],
  )
  return [...table, '', ...assumptions(forecast)].join('\n')
}

const whole = (value: number): string => count(value)

function range({ value, low, high }: Estimate, show: (value: number) => string): string[] {
  return [show(value), show(low), show(high)]
}

const ENDS = {
  total: 'the total is reached',
  sft: 'the SFT rows wanted are accepted',
  preference: 'the preference rows wanted are accepted',
  minimum: 'the least number of problems is made',
} as const

function assumptions({ probed, endsBy, busiest, unpriced }: Forecast): string[] {
  return [
    `from, to: 95 % interval, by the spread of the ${count(probed)} problems of the probe.`,
    'Assumed:',
    `- The whole run, from its first problem until ${ENDS[endsBy]}; what it has made already is not taken off.`,
    '- Problems are accepted, and answers are as long, as in the probe; duplicates grow in number in a long run.',
    '- Tries that fail are as frequent as in the probe.',
    ...(busiest === null
      ? ['- No engine is called, so the time is not known.']
      : [
          `- Time: the seconds of all sequences at ${busiest.url}, the engine with the most to do, by the ${count(busiest.limit)} that it runs at once (where the limit finds itself, as the probe found it: a full run may find more and be faster). A call takes as long at full load as in the probe; start and end of the run come on top.`,
          '- GPU hours: engines as full as that while the run is at work; idle ones cost more than is said here.',
        ]),
    ...(unpriced.length === 0
      ? []
      : [`- Not in the cost, since they have no price: ${unpriced.map(harmless).join(', ')}.`]),
  ]
}
