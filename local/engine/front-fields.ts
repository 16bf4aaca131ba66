// The shape of a request's body, checked and coerced as vLLM's pydantic models do: numeral strings are numbers,
// null is "not given", unknown fields pass in silence, and every fault is told at once.

import { invalidShape } from './front-faults.ts'
import type { ShapeFault } from './front-faults.ts'

export type Body = Record<string, unknown>

/** What a field may hold. */
export type FieldKind =
  'integer' | 'int64' | 'number' | 'boolean' | 'string' | 'object' | 'integers' | 'stops' | 'prompt' | 'messages'

const SAMPLING: Readonly<Record<string, FieldKind>> = {
  model: 'string',
  n: 'integer',
  max_tokens: 'integer',
  temperature: 'number',
  top_p: 'number',
  top_k: 'integer',
  min_p: 'number',
  repetition_penalty: 'number',
  presence_penalty: 'number',
  frequency_penalty: 'number',
  seed: 'int64',
  priority: 'int64',
  stop: 'stops',
  stop_token_ids: 'integers',
  include_stop_str_in_output: 'boolean',
  ignore_eos: 'boolean',
  skip_special_tokens: 'boolean',
  min_tokens: 'integer',
  stream: 'boolean',
  stream_options: 'object',
  echo: 'boolean',
  add_special_tokens: 'boolean',
  return_token_ids: 'boolean',
  request_id: 'string',
  logit_bias: 'object',
  prompt_logprobs: 'integer',
  response_format: 'object',
  structured_outputs: 'object',
}

export const COMPLETION_FIELDS = { ...SAMPLING, prompt: 'prompt', logprobs: 'integer', suffix: 'string' } as const

export const CHAT_FIELDS = {
  ...SAMPLING,
  messages: 'messages',
  max_completion_tokens: 'integer',
  logprobs: 'boolean',
  top_logprobs: 'integer',
  include_reasoning: 'boolean',
  add_generation_prompt: 'boolean',
  continue_final_message: 'boolean',
} as const

export const TOKENIZE_FIELDS = {
  model: 'string',
  prompt: 'string',
  messages: 'messages',
  add_special_tokens: 'boolean',
  add_generation_prompt: 'boolean',
  continue_final_message: 'boolean',
  return_token_strs: 'boolean',
} as const

export const DETOKENIZE_FIELDS = { model: 'string', tokens: 'integers' } as const

export const POOLING_FIELDS = {
  model: 'string',
  messages: 'messages',
  add_special_tokens: 'boolean',
  add_generation_prompt: 'boolean',
  continue_final_message: 'boolean',
  use_activation: 'boolean',
  priority: 'int64',
  encoding_format: 'string',
} as const

export const EMBEDDING_FIELDS = { ...POOLING_FIELDS, dimensions: 'integer', truncate_prompt_tokens: 'integer' } as const

/** Checks the fields that the body has, coercing them in place; throws one 400 with all faults. `required` must be there. */
export function checkFields(
  body: Body,
  fields: Readonly<Record<string, FieldKind>>,
  required: readonly string[] = [],
): void {
  const faults: ShapeFault[] = []
  for (const name of Object.keys(body)) {
    const kind = fields[name]
    if (kind !== undefined && body[name] !== null) body[name] = coerce(kind, body[name], `body.${name}`, faults)
  }
  for (const name of required) {
    if (!(name in body)) faults.push({ type: 'missing', loc: `body.${name}`, msg: 'Field required', input: body })
  }
  if (faults.length > 0) throw invalidShape(faults)
}

const LARGEST_INT64 = 2 ** 63

function coerce(kind: FieldKind, value: unknown, loc: string, faults: ShapeFault[]): unknown {
  switch (kind) {
    case 'integer':
      return integer(value, loc, faults)
    case 'int64':
      return int64(integer(value, loc, faults), loc, faults)
    case 'number':
      return float(value, loc, faults)
    case 'boolean':
      return boolean(value, loc, faults)
    case 'string':
      if (typeof value !== 'string') faults.push(wrongType('string', loc, 'Input should be a valid string', value))
      return value
    case 'object':
      if (typeof value !== 'object' || Array.isArray(value)) {
        faults.push(wrongType('dict', loc, 'Input should be a valid dictionary', value))
      }
      return value
    case 'integers':
      if (!Array.isArray(value)) faults.push(wrongType('list', loc, 'Input should be a valid list', value))
      return Array.isArray(value) ? value.map((item, index) => integer(item, `${loc}.${index}`, faults)) : value
    case 'stops':
      return stops(value, loc, faults)
    case 'prompt':
      prompt(value, loc, faults)
      return value
    case 'messages':
      messages(value, loc, faults)
      return value
  }
}

function wrongType(type: string, loc: string, msg: string, input: unknown): ShapeFault {
  return { type: `${type}_type`, loc, msg, input }
}

function integer(value: unknown, loc: string, faults: ShapeFault[]): unknown {
  const msg = 'Input should be a valid integer'
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'string') {
    if (/^\s*[+-]?\d+(?:\.0*)?\s*$/.test(value)) return Number(value)
    faults.push({ type: 'int_parsing', loc, msg: `${msg}, unable to parse string as an integer`, input: value })
  } else if (typeof value !== 'number') {
    faults.push(wrongType('int', loc, msg, value))
  } else if (!Number.isInteger(value)) {
    faults.push({ type: 'int_from_float', loc, msg: `${msg}, got a number with a fractional part`, input: value })
  }
  return value
}

function int64(value: unknown, loc: string, faults: ShapeFault[]): unknown {
  if (typeof value !== 'number' || Math.abs(value) <= LARGEST_INT64) return value
  const [type, words, sign, mark] =
    value > 0 ? ['less_than_equal', 'less', '', 'le'] : ['greater_than_equal', 'greater', '-', 'ge']
  const edge = `${sign}${value > 0 ? '9223372036854775807' : '9223372036854775808'}`
  faults.push({
    type,
    loc,
    msg: `Input should be ${words} than or equal to ${edge}`,
    input: value,
    ctx: `'${mark}': ${edge}`,
  })
  return value
}

function float(value: unknown, loc: string, faults: ShapeFault[]): unknown {
  const msg = 'Input should be a valid number'
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'string') {
    if (value.trim() !== '' && !Number.isNaN(Number(value))) return Number(value)
    faults.push({ type: 'float_parsing', loc, msg: `${msg}, unable to parse string as a number`, input: value })
  } else if (typeof value !== 'number') {
    faults.push(wrongType('float', loc, msg, value))
  }
  return value
}

const TRUE = [1, '1', 'true', 't', 'yes', 'y', 'on']
const FALSE = [0, '0', 'false', 'f', 'no', 'n', 'off']

function boolean(value: unknown, loc: string, faults: ShapeFault[]): unknown {
  if (typeof value === 'boolean') return value
  const plain = typeof value === 'string' ? value.toLowerCase() : value
  if (TRUE.includes(plain as string)) return true
  if (FALSE.includes(plain as string)) return false
  const msg = 'Input should be a valid boolean'
  if (typeof value === 'string' || typeof value === 'number') {
    faults.push({ type: 'bool_parsing', loc, msg: `${msg}, unable to interpret input`, input: value })
  } else {
    faults.push(wrongType('bool', loc, msg, value))
  }
  return value
}

/** A string or a list of at most 4: vLLM reports both branches of the union when neither fits. */
function stops(value: unknown, loc: string, faults: ShapeFault[]): unknown {
  if (typeof value === 'string') return value
  const notString = wrongType('string', loc, 'Input should be a valid string', value)
  if (!Array.isArray(value)) {
    faults.push(notString, wrongType('list', loc, 'Input should be a valid list', value))
    return value
  }
  const items: ShapeFault[] = []
  for (const [index, item] of value.entries()) {
    if (typeof item !== 'string')
      items.push(wrongType('string', `${loc}.${index}`, 'Input should be a valid string', item))
  }
  if (value.length > 4) {
    const msg = `List should have at most 4 items after validation, not ${value.length}`
    const ctx = `'field_type': 'List', 'max_length': 4, 'actual_length': ${value.length}`
    items.push({ type: 'too_long', loc, msg, input: value, ctx })
  }
  if (items.length > 0) faults.push(notString, ...items)
  return value
}

/** A string, ids, strings or lists of ids: when nothing fits, the faults of every branch. */
function prompt(value: unknown, loc: string, faults: ShapeFault[]): void {
  if (typeof value === 'string') return
  const list: unknown[] | null = Array.isArray(value) ? value : null
  const branches: ShapeFault[][] = [ids(value, loc), [], [], []]
  if (list === null) {
    branches[1]!.push(wrongType('list', loc, 'Input should be a valid list', value))
    branches[2]!.push(wrongType('string', loc, 'Input should be a valid string', value))
    branches[3]!.push(wrongType('list', loc, 'Input should be a valid list', value))
  } else {
    branches[1]!.push(...list.flatMap((item, index) => ids(item, `${loc}.${index}`)))
    branches[2]!.push(wrongType('string', loc, 'Input should be a valid string', value))
    for (const [index, item] of list.entries()) {
      if (typeof item !== 'string')
        branches[3]!.push(wrongType('string', `${loc}.${index}`, 'Input should be a valid string', item))
    }
  }
  if (branches.every((branch) => branch.length > 0)) faults.push(...branches.flat())
}

function ids(value: unknown, loc: string): ShapeFault[] {
  if (!Array.isArray(value)) return [wrongType('list', loc, 'Input should be a valid list', value)]
  const faults: ShapeFault[] = []
  for (const [index, item] of value.entries()) {
    const at = `${loc}.${index}`
    integer(item, at, faults)
    if (typeof item === 'number' && item < 0) {
      const msg = 'Input should be greater than or equal to 0'
      faults.push({ type: 'greater_than_equal', loc: at, msg, input: item, ctx: "'ge': 0" })
    }
  }
  return faults
}

function messages(value: unknown, loc: string, faults: ShapeFault[]): void {
  if (!Array.isArray(value)) {
    faults.push(wrongType('list', loc, 'Input should be a valid list', value))
    return
  }
  for (const [index, item] of (value as unknown[]).entries()) {
    const at = `${loc}.${index}`
    if (typeof item !== 'object' || item === null || Array.isArray(item)) {
      faults.push(wrongType('dict', at, 'Input should be a valid dictionary', item))
    } else if (typeof (item as Body)['role'] !== 'string') {
      faults.push({ type: 'missing', loc: `${at}.role`, msg: 'Field required', input: item })
    }
  }
}
