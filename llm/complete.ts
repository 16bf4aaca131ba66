// One request of a role to its completions. Promises: the role's sampling whole, the template's stops with raw
// prompts, provenance in every completion; a first token of its own temperature and texts that go on beyond one call
// where the role says so (docs/sampling.md), with the cost of all calls in one record; no call for what is known.

import { createHash } from 'node:crypto'
import type { Asked, CallMemory } from '../schemas/call-memory.ts'
import type { SpeakerConfig } from './config.ts'
import type { Completion, CompletionRequest, Sampling } from './contract.ts'
import { EngineFailure } from './engine-failure.ts'
import { type AskRole, goOn, type Manner, withPromptIds } from './further-call.ts'
import type { Markers } from './reasoning.ts'
import type { Choices } from './replies.ts'
import { roleTemplate } from './role-template.ts'
import { fanOutOf } from './sampling-config.ts'
import { CONTINUATIONS, SECOND_CALL } from './seeds.ts'
import { tokensBeginningWith } from './token-texts.ts'
import { firstUtterances, type Utterance } from './utterance.ts'

/** What goes with a role's raw prompts, and how its model marks thoughts. */
export interface RoleTemplate {
  readonly name: string
  readonly stop: readonly string[]
  readonly stopTokenIds: readonly number[]
  readonly reasoning: Markers | null
}

interface Role {
  readonly name: string
  readonly config: SpeakerConfig
  readonly template: RoleTemplate | null
}

/** At most so many stop strings are taken by vLLM; the template's token ids stop at the same places. */
const STOP_STRINGS = 4
/** Forbids a token: servers take no bias below it. */
const FORBIDDEN = -100

/** The role's template; null where none is known. Throws UsageFault for a name or a file that is no good. */
export function templateOf(config: SpeakerConfig): RoleTemplate | null {
  const template = roleTemplate(config)
  if (template === null) return null
  const { name, stop, stopTokenIds, reasoning } = template
  return { name, stop, stopTokenIds, reasoning }
}

/**
 * Completes the request; see Llm.complete. account: the role that generations bear; the role's own name unless said.
 * said: see CallMemory.
 */
export async function completeRequest(
  role: Role,
  request: CompletionRequest & { readonly account?: string },
  ask: AskRole,
  said?: CallMemory['said'],
): Promise<Completion[]> {
  const { config } = role
  const n = request.n ?? 1
  const template = 'prompt' in request.input ? role.template : null
  const manner: Manner = {
    model: config.model,
    sampling: { ...config.sampling, ...request.sampling },
    stop: [...new Set([...config.stop, ...(template?.stop ?? [])])].slice(0, STOP_STRINGS),
    stopTokenIds: template?.stopTokenIds ?? [],
    markers: role.template?.reasoning ?? null,
    ask,
  }
  const asks = askedOf(role, request, manner)
  const known = said?.(Array.from({ length: n }, (_, index) => ({ ...asks, seed: request.seed + index })))
  if (known !== undefined && known !== null) return known
  const together = fanOutOf(role.name, config) === 'n' ? n : 1
  const asked = Array.from({ length: Math.ceil(n / together) }, async (_, index) => {
    const first = await firstCall(config, { ...request, n: together, seed: request.seed + index * together }, manner)
    return allSettled(first.map((utterance) => finish(config, request, utterance, manner)))
  })
  return (await allSettled(asked)).flat().map((utterance) => ({
    text: utterance.text,
    reasoning: utterance.reasoning,
    generation: {
      ...asks,
      endpoint: utterance.endpoint,
      seed: utterance.seed,
      finishReason: utterance.finishReason,
      stopReason: utterance.stopReason,
      promptTokens: utterance.promptTokens,
      cachedTokens: utterance.cachedTokens,
      completionTokens: utterance.completionTokens,
      milliseconds: utterance.milliseconds,
      attempts: utterance.attempts,
      continuations: utterance.continuations,
      usd: utterance.usd,
      keptFrom: null,
    },
  }))
}

/** What a text hangs on, as its record will say; each choice has its own seed beside it. */
function askedOf(
  { name, config, template }: Role,
  { input, account, jsonSchema }: CompletionRequest & { readonly account?: string },
  { sampling, stop, stopTokenIds }: Manner,
): Omit<Asked, 'seed'> {
  const { firstToken, continue: budget } = jsonSchema === undefined ? config : {}
  const rest = [...stop, ...stopTokenIds, firstToken, budget, jsonSchema].filter((each) => each !== undefined)
  return {
    role: account ?? name,
    model: config.model,
    template: 'prompt' in input ? (template?.name ?? null) : null,
    promptHash: promptHash(input),
    ...sampling,
    maxTokens: Math.max(sampling.maxTokens, budget?.maxTokens ?? 0),
    firstTemperature: firstToken?.temperature ?? null,
    mannerHash: rest.length === 0 ? null : sha256(JSON.stringify(rest)).slice(0, 12),
  }
}

/** The first call: the whole text, or with firstToken one token drawn at a temperature of its own. */
async function firstCall(
  { firstToken, continue: budget }: SpeakerConfig,
  { input, n = 1, seed, jsonSchema }: CompletionRequest,
  { model, sampling, stop, stopTokenIds, ask }: Manner,
): Promise<Utterance[]> {
  const token = jsonSchema === undefined ? firstToken : undefined
  const withIds = jsonSchema === undefined && (firstToken !== undefined || budget !== undefined)
  const drawn: Sampling =
    token === undefined
      ? sampling
      : { ...sampling, temperature: token.temperature ?? sampling.temperature, maxTokens: 1 }
  const request = {
    ...{ model, input, n, seed, sampling: drawn, stop, stopTokenIds, jsonSchema },
    ...(withIds ? { returnTokenIds: true } : {}),
  }
  const suppress = token?.suppress ?? []
  const answer = await ask(n, { ...request, suppress }, async (client, signal): Promise<Choices> => {
    const ids = suppress.length === 0 ? [] : await tokensBeginningWith(client, model, suppress, signal)
    if (ids === null) throw noTokenizer()
    const reply = await client.complete(
      {
        ...request,
        ...(ids.length === 0 ? {} : { logitBias: Object.fromEntries(ids.map((id) => [id, FORBIDDEN])) }),
      },
      signal,
    )
    return withIds ? withPromptIds(reply, client, model, input, signal) : reply
  })
  return firstUtterances(answer, { seed, maxTokens: drawn.maxTokens })
}

/** Until the text ends by itself: the second call of the two-call method, then continuations up to the budget. */
async function finish(
  { firstToken, continue: budget }: SpeakerConfig,
  { jsonSchema }: CompletionRequest,
  first: Utterance,
  manner: Manner,
): Promise<Utterance> {
  if (jsonSchema !== undefined) return first
  const { maxTokens } = manner.sampling
  let said = first
  if (firstToken !== undefined && said.finishReason === 'length' && maxTokens > 1) {
    const second = await goOn(said, { step: SECOND_CALL, maxTokens: maxTokens - 1 }, manner)
    if (second === null) return said
    said = second
  }
  const most = budget?.maxTokens ?? 0
  const piece = Math.max(maxTokens, Math.ceil(most / (CONTINUATIONS.last - CONTINUATIONS.first + 1)))
  for (let step = CONTINUATIONS.first; said.finishReason === 'length' && !said.full; step += 1) {
    const left = most - (said.ids?.length ?? most)
    if (left <= 0) break
    const next = await goOn(said, { step, maxTokens: Math.min(piece, left) }, manner)
    if (next === null) break
    said = { ...next, continuations: said.continuations + 1 }
  }
  return said
}

/** All results in order; when all have come to rest, the first failure is thrown. */
async function allSettled<T>(running: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(running)
  return settled.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
}

function noTokenizer(): EngineFailure {
  return new EngineFailure(
    'none',
    'no-tokenizer',
    'the server has no /tokenize and /detokenize, which firstToken.suppress needs; take it out of the role, or serve the model with vLLM',
  )
}

/** SHA-256 (hex) of the prompt's text, or of the messages as JSON. */
function promptHash(input: CompletionRequest['input']): string {
  return sha256('prompt' in input ? input.prompt : JSON.stringify(input.messages))
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
