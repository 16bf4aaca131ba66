// POST /v1/completions and POST /v1/chat/completions. Both are the same generation; they differ in how the prompt
// comes and in the shape of the reply, which a `Shape` writes.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { EngineChoice } from './contract.ts'
import { badParameter, badRequest, toFault } from './front-faults.ts'
import { CHAT_FIELDS, checkFields, COMPLETION_FIELDS } from './front-fields.ts'
import type { Body } from './front-fields.ts'
import { readChat, readPrompts } from './front-prompts.ts'
import type { ReadPrompt } from './front-prompts.ts'
import { effectiveMaxTokens, readJsonSchema, readSampling } from './front-sampling.ts'
import { chatShape, completionShape } from './front-shapes.ts'
import type { Shape, Usage } from './front-shapes.ts'
import { replyWithFault, streamWithFault } from './front-spoil.ts'
import { chooseModel, generate, maxModelLen, newId, now } from './front-state.ts'
import type { FrontState, Work } from './front-state.ts'
import { holdLast, openEventStream } from './front-stream.ts'

const COMPLETION_MAX_TOKENS = 16

/** Everything that one request of either route asks for. */
interface Asked {
  readonly shape: Shape
  readonly prompts: readonly ReadPrompt[]
  readonly body: Body
  readonly defaultMaxTokens: number
}

/** Serves /v1/completions. */
export async function serveCompletion(
  front: FrontState,
  request: IncomingMessage,
  response: ServerResponse,
  body: Body,
  work: Work,
): Promise<void> {
  checkFields(body, COMPLETION_FIELDS)
  const head = {
    id: newId('cmpl', request.headers['x-request-id'] ?? body['request_id']),
    created: now(),
    model: chooseModel(front, body, true),
    fingerprint: front.fingerprint,
  }
  if (typeof body['suffix'] === 'string')
    throw badRequest('suffix is only supported for models with FIM completion rendering', 'suffix')
  const prompts = readPrompts(body, front.engine)
  await serve(front, response, work, {
    shape: completionShape(head),
    prompts,
    body,
    defaultMaxTokens: COMPLETION_MAX_TOKENS,
  })
}

/** Serves /v1/chat/completions. */
export async function serveChat(
  front: FrontState,
  request: IncomingMessage,
  response: ServerResponse,
  body: Body,
  work: Work,
): Promise<void> {
  checkFields(body, CHAT_FIELDS, ['messages'])
  const head = {
    id: newId('chatcmpl', request.headers['x-request-id'] ?? body['request_id']),
    created: now(),
    model: chooseModel(front, body, true),
    fingerprint: front.fingerprint,
  }
  const prompt = readChat(body, front.engine, true)
  const asked = body['max_completion_tokens'] ?? body['max_tokens']
  const { reasoningParser: parser, reasoningField: field = 'reasoning' } = front.protocol
  const included = body['include_reasoning'] !== false
  // Structured output is all content: no thought is made before it here.
  const splits = parser !== undefined && readJsonSchema(body) === null
  const shape = chatShape(head, splits ? { parser, field, included, prompt: prompt.text } : null)
  await serve(front, response, work, {
    shape,
    prompts: [prompt],
    // Channels are read off the control tokens.
    body: { ...body, max_tokens: asked, ...(parser === 'openai_gptoss' && { skip_special_tokens: false }) },
    defaultMaxTokens: Number.POSITIVE_INFINITY,
  })
}

async function serve(front: FrontState, response: ServerResponse, work: Work, asked: Asked): Promise<void> {
  const { body, prompts } = asked
  const stream = body['stream'] === true
  if ((body['stream_options'] ?? null) !== null && !stream) {
    throw badParameter('Stream options can only be defined when `stream=True`.', 'stream_options')
  }
  const jsonSchema = readJsonSchema(body)
  const defaults = front.protocol.generationConfig
  const fallback = defaults?.max_tokens ?? asked.defaultMaxTokens
  const wanted = typeof body['max_tokens'] === 'number' ? body['max_tokens'] : fallback
  const requests = prompts.map((prompt) => {
    const most = effectiveMaxTokens(wanted, prompt.tokens.length, prompt.characters, front.engine, maxModelLen(front))
    return { prompt, ...readSampling(body, most, front.engine, defaults) }
  })
  front.checkRoom(requests.reduce((sum, { n }) => sum + n, 0))
  for (const { n } of requests) front.metrics.asked(n)
  const sequences = requests.flatMap(({ prompt, n, sampling, includeStop }) =>
    Array.from({ length: n }, (_, choice) => ({
      prompt,
      includeStop,
      sampling: { ...sampling, seed: sampling.seed + choice },
    })),
  )
  if (stream) {
    await serveStream(front, response, work, asked, sequences, jsonSchema)
    return
  }
  const details = cachedDetails(front, prompts)
  const returnIds = body['return_token_ids'] === true
  const echo = body['echo'] === true
  let completionTokens = 0
  const choices = await Promise.all(
    sequences.map(async ({ prompt, sampling, includeStop }, index) => {
      const choice = await generate(front, prompt, sampling, work, { jsonSchema })
      remember(front, prompt, choice)
      completionTokens += choice.completionTokens
      const text = (echo ? asked.shape.echoed(prompt, body) : '') + choice.text + stopOf(choice, includeStop)
      return asked.shape.choice(
        index,
        text,
        choice,
        returnIds ? { prompt: prompt.tokens, completion: idsOf(front, choice) } : null,
      )
    }),
  )
  const usage = { ...usageOf(prompts, completionTokens), ...details }
  replyWithFault(response, work.fault, asked.shape.reply(choices, usage, returnIds ? prompts[0]!.tokens : null))
}

interface Sequence {
  readonly prompt: ReadPrompt
  readonly sampling: Parameters<typeof generate>[2]
  readonly includeStop: boolean
}

async function serveStream(
  front: FrontState,
  response: ServerResponse,
  work: Work,
  asked: Asked,
  sequences: readonly Sequence[],
  jsonSchema: unknown,
): Promise<void> {
  const { body, shape, prompts } = asked
  const streamOptions = (body['stream_options'] ?? {}) as Body
  const includeUsage = streamOptions['include_usage'] === true
  const continuous = includeUsage && streamOptions['continuous_usage_stats'] === true
  const returnIds = body['return_token_ids'] === true
  const ids = (text: string): number[] | null =>
    returnIds ? front.engine.tokenize(text, { addSpecialTokens: false }) : null
  const events = streamWithFault(openEventStream(response), response, work.fault)
  const details = cachedDetails(front, prompts)
  let completionTokens = 0
  try {
    for (const [index, { prompt }] of sequences.entries()) {
      const opening = shape.openingChunk(index, returnIds ? prompt.tokens : null)
      if (opening !== null) events.send(opening)
    }
    await Promise.all(
      sequences.map(async ({ prompt, sampling, includeStop }, index) => {
        let sent = 0
        const usage = (): Usage | null => (continuous ? usageOf([prompt], sent) : null)
        const piece = (text: string, choice: EngineChoice | null): void => {
          sent = choice?.completionTokens ?? sent + 1
          const promptIds = returnIds && first ? prompt.tokens : null
          first = false
          const chunk = shape.chunk(index, text, choice, {
            prompt: promptIds,
            completion: ids(text),
            usage: usage(),
            last: choice !== null && !includeUsage,
          })
          if (chunk !== null) events.send(chunk)
        }
        let first = true
        if (body['echo'] === true) piece(shape.echoed(prompt, body), null)
        const held = holdLast((text) => {
          piece(text, null)
        })
        const choice = await generate(front, prompt, sampling, work, { jsonSchema, onText: held.push })
        remember(front, prompt, choice)
        completionTokens += choice.completionTokens
        piece(held.last() + stopOf(choice, includeStop), choice)
      }),
    )
    if (includeUsage) events.send(shape.usageChunk({ ...usageOf(prompts, completionTokens), ...details }))
    events.end()
  } catch (error) {
    if (work.signal.aborted) throw error
    front.log.warn({ error: toFault(error).body }, 'a stream ended in an error')
    events.end(error)
  }
}

/**
 * How much of the last prompt was computed before, where the server tells it (vLLM tells nothing of none at all).
 * Prompts of one request are computed in the order in which they stand.
 */
function cachedDetails(front: FrontState, prompts: readonly ReadPrompt[]): Pick<Usage, 'prompt_tokens_details'> {
  const { prefixCache } = front
  if (prefixCache === null) return {}
  let cached = 0
  for (const { tokens } of prompts) {
    cached = prefixCache.cached(tokens)
    prefixCache.remember(tokens)
  }
  return cached === 0 ? {} : { prompt_tokens_details: { cached_tokens: cached } }
}

/** What was generated is in the cache too: an answer that goes on finds it there. */
function remember(front: FrontState, prompt: ReadPrompt, choice: EngineChoice): void {
  front.prefixCache?.remember([...prompt.tokens, ...idsOf(front, choice)])
}

function usageOf(prompts: readonly ReadPrompt[], completionTokens: number): Usage {
  let promptTokens = 0
  for (const { tokens } of prompts) promptTokens += tokens.length
  return {
    prompt_tokens: promptTokens,
    total_tokens: promptTokens + completionTokens,
    completion_tokens: completionTokens,
  }
}

function stopOf(choice: EngineChoice, includeStop: boolean): string {
  return includeStop && typeof choice.stopReason === 'string' ? choice.stopReason : ''
}

function idsOf(front: FrontState, choice: EngineChoice): readonly number[] {
  return choice.tokenIds ?? front.engine.tokenize(choice.text, { addSpecialTokens: false })
}
