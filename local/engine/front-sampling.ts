// The numbers of a generation request: what is possible, in vLLM's words, and vLLM's defaults for what is not given.

import type { Engine, EngineSampling } from './contract.ts'
import { badParameter, badRequest, pythonFloat } from './front-faults.ts'
import type { Body } from './front-fields.ts'
import type { GenerationConfig } from './front-protocol.ts'

const MOST_CHOICES = 16384
const MOST_LOGPROBS = 20

/** Sampling of one request; choice i adds i to the seed. */
export interface SamplingRequest {
  readonly n: number
  readonly sampling: EngineSampling
  /** Put behind a text that a stop string has ended. */
  readonly includeStop: boolean
}

function numberOr(body: Body, name: string, otherwise: number): number {
  const value = body[name]
  return typeof value === 'number' ? value : otherwise
}

/**
 * Reads and checks the sampling part of a checked body. `maxTokens` is what effectiveMaxTokens allows; what is not
 * given is the model's generation_config, where the server has one.
 */
export function readSampling(
  body: Body,
  maxTokens: number,
  engine: Engine,
  defaults: GenerationConfig = {},
): SamplingRequest {
  const n = numberOr(body, 'n', 1)
  if (n < 1) throw badRequest(`n must be at least 1, got ${n}.`)
  if (n > MOST_CHOICES) {
    const help = 'To increase this limit, set the VLLM_MAX_N_SEQUENCES environment variable.'
    throw badRequest(`n must be at most ${MOST_CHOICES}, got ${n}. ${help}`)
  }
  const temperature = numberOr(body, 'temperature', defaults.temperature ?? 1)
  const topP = numberOr(body, 'top_p', defaults.top_p ?? 1)
  const topK = numberOr(body, 'top_k', defaults.top_k ?? 0)
  const minP = numberOr(body, 'min_p', defaults.min_p ?? 0)
  const repetitionPenalty = numberOr(body, 'repetition_penalty', defaults.repetition_penalty ?? 1)
  for (const name of ['presence_penalty', 'frequency_penalty']) {
    const penalty = numberOr(body, name, 0)
    if (!(penalty >= -2 && penalty <= 2)) throw badRequest(`${name} must be in [-2, 2], got ${pythonFloat(penalty)}.`)
  }
  if (!(repetitionPenalty > 0)) {
    throw badRequest(`repetition_penalty must be greater than zero, got ${pythonFloat(repetitionPenalty)}.`)
  }
  checkTemperature(temperature)
  if (!(topP > 0 && topP <= 1)) throw badNumber('top_p must be in (0, 1]', 'top_p', topP)
  if (topK < 0 && topK !== -1) throw badRequest(`top_k must be 0 (disable), or at least 1, got ${topK}.`)
  if (!(minP >= 0 && minP <= 1)) throw badNumber('min_p must be in [0, 1]', 'min_p', minP)
  if (maxTokens < 1) throw badParameter(`max_tokens must be at least 1, got ${maxTokens}.`, 'max_tokens', maxTokens)
  const stop = typeof body['stop'] === 'string' ? [body['stop']] : ((body['stop'] ?? []) as string[])
  if (stop.includes('')) throw badRequest('stop cannot contain an empty string.')
  if (temperature === 0 && n > 1 && body['use_beam_search'] !== true) {
    throw badRequest(`n must be 1 when using greedy sampling, got ${n}.`)
  }
  checkUnsupported(body, engine)
  const seed = typeof body['seed'] === 'number' ? body['seed'] : Math.floor(Math.random() * 2 ** 48)
  const stopTokenIds = (body['stop_token_ids'] ?? []) as number[]
  const logitBias = readLogitBias(body)
  const skipSpecialTokens = body['skip_special_tokens'] !== false
  const numbers = { temperature, topP, topK, minP, repetitionPenalty, maxTokens, seed }
  return {
    n,
    sampling: { ...numbers, stop, stopTokenIds, skipSpecialTokens, ...(logitBias && { logitBias }) },
    includeStop: body['include_stop_str_in_output'] === true,
  }
}

function badNumber(rule: string, name: string, value: number): Error {
  return badParameter(`${rule}, got ${pythonFloat(value)}.`, name, pythonFloat(value))
}

function checkTemperature(temperature: number): void {
  if (!Number.isFinite(temperature)) throw badNumber('temperature must be a finite number', 'temperature', temperature)
  if (temperature < 0) throw badNumber('temperature must be non-negative', 'temperature', temperature)
  if (temperature > 2) throw badNumber('temperature must be in [0, 2]', 'temperature', temperature)
}

/** Biases by token id; undefined: none. They bear on the first token of an invented problem, and on nothing else. */
function readLogitBias(body: Body): ReadonlyMap<number, number> | undefined {
  const given = Object.entries(body['logit_bias'] ?? {}).map(([id, bias]) => [Number(id), Number(bias)] as const)
  return given.length === 0 ? undefined : new Map(given)
}

/** Log probabilities cannot be had here: that is said, not passed over. */
function checkUnsupported(body: Body, engine: Engine): void {
  const given = body['top_logprobs'] ?? body['logprobs']
  const wanted = typeof given === 'number' ? given : 0
  if (wanted > MOST_LOGPROBS) {
    const message = `Requested sample logprobs of ${wanted}, which is greater than max allowed: ${MOST_LOGPROBS}`
    throw badParameter(message, 'logprobs', wanted)
  }
  const bias = Object.keys(body['logit_bias'] ?? {}).map(Number)
  const unknown = bias.filter((id) => engine.knowsToken?.(id) === false)
  if (unknown.length > 0) {
    const message = `token_id(s) [${unknown.join(', ')}] in logit_bias contain out-of-vocab token ids.`
    throw badParameter(message, 'logit_bias', `[${unknown.join(', ')}]`)
  }
  const asked = ['logprobs', 'top_logprobs', 'prompt_logprobs'].find((name) => {
    const value = body[name]
    return value === true || (typeof value === 'number' && !(name === 'top_logprobs' && value === 0))
  })
  if (asked !== undefined) throw badParameter('This server has no log probabilities.', asked)
}

/**
 * The number of tokens that may be generated: what was asked, cut to what the context has left (vLLM cuts in silence).
 * Throws the 400 of a prompt that does not fit, or of a max_tokens beyond any prompt.
 */
export function effectiveMaxTokens(
  asked: number,
  promptTokens: number,
  characters: number | null,
  engine: Engine,
  maxModelLen: number,
): number {
  checkPromptFits(promptTokens, characters, engine, maxModelLen)
  if (asked > maxModelLen && asked !== Number.POSITIVE_INFINITY) {
    const message = `max_tokens=${asked} cannot be greater than max_model_len=${maxModelLen}. Please request fewer output tokens.`
    throw badParameter(message, 'max_tokens', asked)
  }
  return Math.min(asked, maxModelLen - promptTokens)
}

/** Throws vLLM's 400 for a prompt longer than the context; `characters` is null where it came as token ids. */
export function checkPromptFits(
  promptTokens: number,
  characters: number | null,
  engine: Engine,
  maxModelLen: number,
): void {
  const head = `This model's maximum context length is ${maxModelLen} tokens. However, your prompt contains`
  const tail = 'Please reduce the length of the input prompt.'
  const mostCharacters = maxModelLen * (engine.longestToken ?? Number.POSITIVE_INFINITY)
  if (characters !== null && characters > mostCharacters) {
    const bound = `(more than ${mostCharacters} characters, which is the upper bound for ${maxModelLen} input tokens)`
    throw badParameter(`${head} ${characters} characters ${bound}. ${tail}`, 'input_text', characters)
  }
  if (promptTokens <= maxModelLen) return
  // Text is tokenized only up to one token too many; ids are counted.
  const count = characters === null ? promptTokens : maxModelLen + 1
  const told = characters === null ? String(count) : `at least ${count}`
  throw badParameter(
    `${head} ${told} input tokens, which exceeds this limit even without any output tokens. ${tail}`,
    'input_tokens',
    count,
  )
}

/** The JSON Schema that the output has to fit, if any; null: free text. */
export function readJsonSchema(body: Body): unknown {
  const structured = body['structured_outputs'] as Body | null | undefined
  if (structured) {
    const other = ['regex', 'choice', 'grammar', 'structural_tag'].find((name) => (structured[name] ?? null) !== null)
    if (other !== undefined)
      throw badParameter(
        `This server has structured outputs by JSON Schema only, not by ${other}.`,
        'structured_outputs',
      )
    if (structured['json_object'] === true) return { type: 'object' }
    if (structured['json'] !== undefined) return parsedSchema(structured['json'])
  }
  const format = body['response_format'] as Body | null | undefined
  if (!format || format['type'] === 'text') return null
  if (format['type'] === 'json_object') return { type: 'object' }
  const schema = (format['json_schema'] as Body | undefined)?.['schema']
  if (format['type'] !== 'json_schema' || typeof schema !== 'object' || schema === null) {
    throw badParameter(
      'response_format must be text, json_object, or json_schema with a json_schema.schema.',
      'response_format',
    )
  }
  return schema
}

function parsedSchema(given: unknown): unknown {
  if (typeof given !== 'string') return given
  try {
    return JSON.parse(given)
  } catch {
    throw badParameter('structured_outputs.json is not JSON.', 'structured_outputs')
  }
}
