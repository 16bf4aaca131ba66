// POST /tokenize and POST /detokenize, in the engine's own tokens.

import { checkFields, DETOKENIZE_FIELDS, TOKENIZE_FIELDS } from './front-fields.ts'
import type { Body } from './front-fields.ts'
import { badRequest } from './front-faults.ts'
import { readChat } from './front-prompts.ts'
import { chooseModel, maxModelLen } from './front-state.ts'
import type { FrontState } from './front-state.ts'

/** Token ids of a prompt, or of messages through the chat template (a generation prompt is added unless refused). */
export function tokenizeRoute(front: FrontState, body: Body): unknown {
  const chat = 'messages' in body
  checkFields(body, TOKENIZE_FIELDS, chat ? [] : ['prompt'])
  chooseModel(front, body, true)
  const tokens = chat ? readChat(body, front.engine, true).tokens : tokensOf(front, body)
  const strings =
    body['return_token_strs'] === true ? tokens.map((token) => printable(front.engine.detokenize([token]))) : null
  return { count: tokens.length, max_model_len: maxModelLen(front), tokens, token_strs: strings }
}

function tokensOf(front: FrontState, body: Body): number[] {
  const prompt = body['prompt'] as string
  if (!prompt.isWellFormed())
    throw badRequest('TextEncodeInput must be Union[TextInputSequence, Tuple[InputSequence, InputSequence]]')
  return front.engine.tokenize(prompt, { addSpecialTokens: body['add_special_tokens'] !== false })
}

/** Token strings show a space and a newline as byte-level vocabularies do. */
function printable(token: string): string {
  return token.replaceAll(' ', 'Ġ').replaceAll('\n', 'Ċ')
}

/** The text of ids; ids outside the vocabulary are left out. */
export function detokenizeRoute(front: FrontState, body: Body): unknown {
  checkFields(body, DETOKENIZE_FIELDS, ['tokens'])
  chooseModel(front, body, true)
  return { prompt: front.engine.detokenize(body['tokens'] as number[]) }
}
