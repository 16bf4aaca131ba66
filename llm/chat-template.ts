// The pre-query prefix out of a model's own chat template (Jinja), by the sentinel method: render a chat whose
// user's message is a sentinel, and cut where it stands.

import { Template as JinjaTemplate } from '@huggingface/jinja'
import { permanent } from '../schemas/failure.ts'

const SENTINEL = 'x7QpreQueryY3'

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
  const text = new JinjaTemplate(chatTemplate).render({
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
