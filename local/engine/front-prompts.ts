// From a checked body to what the engine is given: raw prompts in their four shapes, and chats by the template.

import type { Engine, EngineMessage, EnginePrompt } from './contract.ts'
import { badParameter, badRequest } from './front-faults.ts'
import type { Body } from './front-fields.ts'

export interface ReadPrompt extends EnginePrompt {
  /** Characters of the text that came; null where token ids came. */
  readonly characters: number | null
}

/** The prompts of /v1/completions: a string, strings, ids, or lists of ids. */
export function readPrompts(body: Body, engine: Engine): ReadPrompt[] {
  const given = body['prompt']
  const missing = (): Error => badParameter('Either prompt or prompt_embeds must be provided and non-empty.', 'prompt')
  if (given === undefined || given === null || given === '') throw missing()
  return readInputs(given, body['add_special_tokens'] !== false, engine, missing)
}

/** One or several inputs, as text or ids. An empty one throws what `empty` makes. */
export function readInputs(
  given: unknown,
  addSpecialTokens: boolean,
  engine: Engine,
  empty: () => Error,
): ReadPrompt[] {
  if (typeof given === 'string') return [fromText(given, addSpecialTokens, engine, empty)]
  const list = given as unknown[]
  if (list.length === 0) throw badRequest('You must pass at least one prompt')
  if (typeof list[0] === 'number') return [fromIds(list as number[], engine, empty)]
  return list.map((item) =>
    typeof item === 'string'
      ? fromText(item, addSpecialTokens, engine, empty)
      : fromIds(item as number[], engine, empty),
  )
}

function fromText(text: string, addSpecialTokens: boolean, engine: Engine, empty: () => Error): ReadPrompt {
  if (text === '') throw empty()
  if (!text.isWellFormed())
    throw badRequest('TextEncodeInput must be Union[TextInputSequence, Tuple[InputSequence, InputSequence]]')
  return { text, tokens: engine.tokenize(text, { addSpecialTokens }), characters: text.length }
}

function fromIds(tokens: number[], engine: Engine, empty: () => Error): ReadPrompt {
  if (tokens.length === 0) throw empty()
  const unknown = tokens.find((token) => engine.knowsToken?.(token) === false)
  if (unknown !== undefined) throw badRequest(`Token id ${unknown} is out of vocabulary`)
  return { text: engine.detokenize(tokens), tokens, characters: null }
}

/** The chat of a body through the engine's template. `addGenerationPrompt` is the route's default. */
export function readChat(body: Body, engine: Engine, addGenerationPrompt: boolean): ReadPrompt {
  const messages = (body['messages'] as Body[]).map(readMessage)
  if (messages.length === 0)
    throw badRequest('Cannot apply chat template to an empty conversation. Provide at least one message.')
  const open = typeof body['add_generation_prompt'] === 'boolean' ? body['add_generation_prompt'] : addGenerationPrompt
  const continues = body['continue_final_message'] === true
  if (continues && open) {
    if (body['add_generation_prompt'] === true)
      throw badRequest('Cannot set both `continue_final_message` and `add_generation_prompt` to True.')
    throw badRequest(
      'continue_final_message and add_generation_prompt are not compatible. Use continue_final_message when you want the model to continue the final message, and add_generation_prompt when you want to add a header that will prompt it to start a new assistant message instead.',
    )
  }
  // A final message that is continued stands after the opening of its turn, without an end.
  const text = continues
    ? engine.render(messages.slice(0, -1), true) + messages.at(-1)!.content
    : engine.render(messages, open)
  if (!text.isWellFormed())
    throw badRequest('TextEncodeInput must be Union[TextInputSequence, Tuple[InputSequence, InputSequence]]')
  const addSpecialTokens = body['add_special_tokens'] === true
  return { text, tokens: engine.tokenize(text, { addSpecialTokens }), messages, characters: text.length }
}

/** Text of a message; a list of parts is put together. */
function readMessage(message: Body): EngineMessage {
  const { role, content } = message
  if (typeof content === 'string') return { role: role as string, content }
  const parts = Array.isArray(content) ? (content as Body[]) : []
  return {
    role: role as string,
    content: parts.map((part) => (typeof part['text'] === 'string' ? part['text'] : '')).join('\n'),
  }
}
