// POST /v1/completions/render and /v1/chat/completions/render (vLLM's --enable-scale-out): the token ids that a
// request would be computed from and the sampling parameters that it would be sampled with, defaults filled in.

import type { IncomingMessage } from 'node:http'
import { scaleOutDisabled } from './front-faults.ts'
import { CHAT_FIELDS, checkFields, COMPLETION_FIELDS } from './front-fields.ts'
import type { Body } from './front-fields.ts'
import { readChat, readPrompts } from './front-prompts.ts'
import type { ReadPrompt } from './front-prompts.ts'
import { effectiveMaxTokens, readSampling } from './front-sampling.ts'
import { chooseModel, maxModelLen, newId } from './front-state.ts'
import type { FrontState } from './front-state.ts'

/** Serves /v1/completions/render: one object for each prompt. */
export function renderCompletions(front: FrontState, request: IncomingMessage, body: Body): unknown {
  requireScaleOut(front)
  checkFields(body, COMPLETION_FIELDS)
  const model = chooseModel(front, body, true)
  const most = typeof body['max_tokens'] === 'number' ? body['max_tokens'] : undefined
  return readPrompts(body, front.engine).map((prompt) => ({
    request_id: newId('cmpl', request.headers['x-request-id'] ?? body['request_id']),
    ...rendered(front, body, prompt, most),
    model,
    ...tail(body, null, null),
  }))
}

/** Serves /v1/chat/completions/render. */
export function renderChat(front: FrontState, request: IncomingMessage, body: Body): unknown {
  requireScaleOut(front)
  checkFields(body, CHAT_FIELDS, ['messages'])
  const model = chooseModel(front, body, true)
  const prompt = readChat(body, front.engine, true)
  const asked = body['max_completion_tokens'] ?? body['max_tokens']
  const most = typeof asked === 'number' ? asked : Number.POSITIVE_INFINITY
  const kwargs = {
    cohere_format: 'cmd4',
    add_generation_prompt: body['add_generation_prompt'] !== false,
    continue_final_message: body['continue_final_message'] === true,
  }
  return {
    request_id: newId('chatcmpl', request.headers['x-request-id'] ?? body['request_id']),
    ...rendered(front, body, prompt, most),
    model,
    ...tail(body, false, { chat_template_kwargs: kwargs }),
  }
}

function requireScaleOut(front: FrontState): void {
  if (front.protocol.scaleOut !== true) throw scaleOutDisabled()
}

/** Ids and sampling; a completion without max_tokens shows none, a chat what the context leaves. */
function rendered(front: FrontState, body: Body, prompt: ReadPrompt, most: number | undefined): Body {
  const room = effectiveMaxTokens(most ?? 1, prompt.tokens.length, prompt.characters, front.engine, maxModelLen(front))
  const { sampling } = readSampling(body, room, front.engine, front.protocol.generationConfig)
  return {
    token_ids: prompt.tokens,
    token_offsets: null,
    features: null,
    content_parts: null,
    sampling_params: {
      presence_penalty: body['presence_penalty'] ?? 0,
      frequency_penalty: body['frequency_penalty'] ?? 0,
      repetition_penalty: sampling.repetitionPenalty,
      temperature: sampling.temperature,
      top_p: sampling.topP,
      ...(sampling.topK > 0 && { top_k: sampling.topK }),
      min_p: sampling.minP,
      ...(typeof body['seed'] === 'number' && { seed: body['seed'] }),
      stop: sampling.stop,
      stop_token_ids: sampling.stopTokenIds,
      ...(most !== undefined && { max_tokens: room }),
      output_kind: 2,
      skip_clone: true,
      bad_words: [],
      skip_reading_prefix_cache: false,
    },
  }
}

function tail(body: Body, reasoningEnded: boolean | null, parserArguments: unknown): Body {
  return {
    reasoning_ended: reasoningEnded,
    reasoning_parser_kwargs: parserArguments,
    return_token_ids: body['return_token_ids'] ?? null,
    output_mode: 'tokens',
    stream: body['stream'] === true,
    stream_options: null,
    cache_salt: null,
    priority: 0,
    kv_transfer_params: null,
    ec_transfer_params: null,
  }
}
