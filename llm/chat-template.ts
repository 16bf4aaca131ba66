// The pre-query prefix out of a model's own chat template (Jinja), by the sentinel method: render a chat whose
// user's message is a sentinel, and cut where it stands. Promises: the same template gives the same text on every
// day, since a template that asks for the date is told a fixed one.

import { runInNewContext } from 'node:vm'
import { Template as JinjaTemplate } from '@huggingface/jinja'
import { permanent } from '../schemas/failure.ts'

/** Rendering takes a few milliseconds. */
const LONGEST_MS = 5000

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

/** Two turns before the one to be written, in words as SENTINEL. */
export const EARLIER_TURNS = [
  { user: 'x7QfirstY1', assistant: 'x7QsecondY2' },
  { user: 'x7QthirdY4', assistant: 'x7QfourthY5' },
] as const

export interface RenderedThirdTurn {
  /** Everything before the first letter of the third question, EARLIER_TURNS included. */
  readonly before: string
  /** From the last letter of an earlier question to the first of its answer. */
  readonly past: string
  /** From the last letter of the first answer to the first of the second question. */
  readonly between: string
}

/** Renders the third of three turns. Throws a permanent failure when the template does not write the messages as they are. */
export function renderThirdTurn(parts: ChatTemplateParts): RenderedThirdTurn {
  const said = EARLIER_TURNS.flatMap(({ user, assistant }) => [
    { role: 'user', content: user },
    { role: 'assistant', content: assistant },
  ])
  const text = rendered(parts, [...said, { role: 'user', content: SENTINEL }])
  const pieces: string[] = []
  let rest = text
  for (const word of [...said.map(({ content }) => content), SENTINEL]) {
    const [before, after, ...more] = rest.split(word)
    if (before === undefined || after === undefined || more.length > 0)
      throw permanent('chat-template', 'the chat template does not write the messages exactly once, in their order')
    pieces.push(before)
    rest = after
  }
  return { before: text.slice(0, text.indexOf(SENTINEL)), past: pieces[1]!, between: pieces[2]! }
}

/** Renders one user's turn. Throws a permanent failure when the template does not write the message as it is. */
export function renderUserTurn(parts: ChatTemplateParts): RenderedTurn {
  const text = rendered(parts, [{ role: 'user', content: SENTINEL }])
  const [prefix, suffix, ...more] = text.split(SENTINEL)
  if (prefix === undefined || suffix === undefined || more.length > 0)
    throw permanent('chat-template', 'the chat template does not write the user message exactly once')
  return { prefix, suffix }
}

function rendered(
  { chatTemplate, bosToken = '', eosToken = '', system = null, variables = {} }: ChatTemplateParts,
  messages: readonly { readonly role: string; readonly content: string }[],
): string {
  const render = (): string =>
    parsed(chatTemplate).render({
      fixed_date: fixedDate,
      messages: system === null ? messages : [{ role: 'system', content: system }, ...messages],
      bos_token: bosToken,
      eos_token: eosToken,
      add_generation_prompt: true,
      ...variables,
    })
  try {
    // A broken template, or one that counts for ever, keeps the library busy without an end.
    return runInNewContext('render()', { render }, { timeout: LONGEST_MS }) as string
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    throw permanent('chat-template', `it has no end after ${LONGEST_MS / 1000} s: is a block not closed?`, {
      cause: error,
    })
  }
}

/** Throws a permanent failure where the text is no template. */
function parsed(chatTemplate: string): JinjaTemplate {
  try {
    // The library's own strftime_now tells today and cannot be replaced by a variable: it gets another name.
    return new JinjaTemplate(chatTemplate.replace(/\bstrftime_now\b/g, 'fixed_date'))
  } catch (error) {
    // Where the text ends too early, the library stumbles over what is not there.
    const why =
      error instanceof TypeError || !(error instanceof Error)
        ? 'it ends inside a block or an expression'
        : error.message
    throw permanent('chat-template', `it is no valid Jinja template: ${why}`, { cause: error })
  }
}

/** Python's strftime of the fixed date; what it does not know stays as it is. */
function fixedDate(format: string): string {
  const { year, month, day, shortMonth, longMonth } = FIXED_DATE
  const parts: Record<string, string> = { Y: year, m: month, d: day, b: shortMonth, B: longMonth }
  return format.replace(/%([YmdbB])/g, (whole, letter: string) => parts[letter] ?? whole)
}
