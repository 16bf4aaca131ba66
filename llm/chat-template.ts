// The pre-query prefix out of a model's own chat template (Jinja), by the sentinel method: render a chat whose
// user's message is a sentinel, and cut where it stands. Promises: the same template gives the same text on every
// day, since a template that asks for the date is told a fixed one.

import { Template as JinjaTemplate } from '@huggingface/jinja'
import { permanent } from '../schemas/failure.ts'

/** A user's message that no template and no model writes by itself. */
export const SENTINEL = 'x7QpreQueryY3'

/** The day that templates are told: the one that Llama 3.1's writes where it is told none. */
const FIXED_DATE = { year: '2024', month: '07', day: '26', shortMonth: 'Jul', longMonth: 'July' }

export interface ChatTemplateParts {
  readonly chatTemplate: string
  readonly bosToken?: string
  readonly eosToken?: string
  /** System message; null renders none, so that the template's own default shows. */
  readonly system?: string | null
  /** Variables that the template knows beside the messages, such as date_string. */
  readonly variables?: Readonly<Record<string, unknown>>
}

export interface RenderedTurn {
  /** Everything before the user's first letter. */
  readonly prefix: string
  /** Everything after the user's last letter, up to where the model answers. */
  readonly suffix: string
}

/** Renders one user's turn. Throws a permanent failure when the template does not write the message as it is. */
export function renderUserTurn({
  chatTemplate,
  bosToken = '',
  eosToken = '',
  system = null,
  variables = {},
}: ChatTemplateParts): RenderedTurn {
  const user = { role: 'user', content: SENTINEL }
  // The library's own strftime_now tells today and cannot be replaced by a variable: it gets another name.
  const text = new JinjaTemplate(chatTemplate.replace(/\bstrftime_now\b/g, 'fixed_date')).render({
    fixed_date: fixedDate,
    messages: system === null ? [user] : [{ role: 'system', content: system }, user],
    bos_token: bosToken,
    eos_token: eosToken,
    add_generation_prompt: true,
    ...variables,
  })
  const [prefix, suffix, ...more] = text.split(SENTINEL)
  if (prefix === undefined || suffix === undefined || more.length > 0)
    throw permanent('chat-template', 'the chat template does not write the user message exactly once')
  return { prefix, suffix }
}

/** Python's strftime of the fixed date; what it does not know stays as it is. */
function fixedDate(format: string): string {
  const { year, month, day, shortMonth, longMonth } = FIXED_DATE
  const parts: Record<string, string> = { Y: year, m: month, d: day, b: shortMonth, B: longMonth }
  return format.replace(/%([YmdbB])/g, (whole, letter: string) => parts[letter] ?? whole)
}
