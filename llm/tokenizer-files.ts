// The files of a model that say how it is spoken to: a chat template, tokenizer_config.json, generation_config.json.
// Promises: what is there is read as the files give it; every fault names file and field and says what to do.

import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { UsageFault } from '../schemas/failure.ts'
import type { Template } from './template-file.ts'

/** A fault of a file that a config names. field: where in it; null: the file as a whole. */
export function fileFault(file: string, field: string | null, what: string): UsageFault {
  return new UsageFault(field === null ? `${file} ${what}` : `${file}: ${field} ${what}`)
}

export interface Tokenizer {
  readonly path: string
  /** Where in the file the template stands; null: the file is the template. */
  readonly field: string | null
  readonly chatTemplate: string
  readonly bosToken: string
  readonly eosToken: string
  /** Other special tokens, which templates know by their names. */
  readonly variables: Readonly<Record<string, unknown>>
  readonly addedTokens: ReadonlyMap<string, number>
  /** Ids that end a text. */
  readonly endIds: readonly number[]
  readonly sampling: Template['sampling']['answers']
  readonly contextLength: number | null
}

const token = z.union([z.string(), z.object({ content: z.string() })]).nullish()
const named = z.object({ name: z.string(), template: z.string() })

const tokenizerConfig = z.looseObject({
  chat_template: z.union([z.string(), z.array(named).min(1)]).nullish(),
  bos_token: token,
  eos_token: token,
  unk_token: token,
  pad_token: token,
  additional_special_tokens: z.array(token).nullish(),
  added_tokens_decoder: z.record(z.string(), z.object({ content: z.string() })).nullish(),
  model_max_length: z.number().nullish(),
})

const generationConfig = z.looseObject({
  eos_token_id: z.union([z.int(), z.array(z.int())]).nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  top_k: z.int().nullish(),
  min_p: z.number().nullish(),
  repetition_penalty: z.number().nullish(),
})

/** Transformers writes a huge number for "no limit". */
const NO_LIMIT = 1e9

/** Reads the template at `path` and what lies beside it. Throws UsageFault. */
export function readTokenizer(path: string): Tokenizer {
  const folder = dirname(path)
  const isTemplate = path.endsWith('.jinja')
  if (!isTemplate && !path.endsWith('.json'))
    throw fileFault(path, null, 'is neither a .jinja file nor a tokenizer_config.json')
  const configPath = isTemplate ? join(folder, 'tokenizer_config.json') : path
  const config = isTemplate && !existsSync(configPath) ? {} : readConfig(configPath, tokenizerConfig)
  const { chatTemplate, field } = isTemplate ? { chatTemplate: readText(path), field: null } : templateIn(path, config)
  const bosToken = textOf(config.bos_token)
  if (isTemplate && bosToken === '' && /\bbos_token\b/.test(chatTemplate) && !existsSync(configPath))
    throw fileFault(
      path,
      'bos_token',
      'is written by the template, and only tokenizer_config.json says what it is; put that file beside it, or name that file instead',
    )
  const special = { unk_token: textOf(config.unk_token), pad_token: textOf(config.pad_token) }
  const generationPath = join(folder, 'generation_config.json')
  const generation = existsSync(generationPath) ? readConfig(generationPath, generationConfig) : {}
  const length = config.model_max_length ?? NO_LIMIT
  return {
    path,
    field,
    chatTemplate,
    bosToken,
    eosToken: textOf(config.eos_token),
    variables: { ...special, additional_special_tokens: (config.additional_special_tokens ?? []).map(textOf) },
    addedTokens: new Map(
      Object.entries(config.added_tokens_decoder ?? {}).map(([id, { content }]) => [content, Number(id)]),
    ),
    endIds: [generation.eos_token_id ?? []].flat(),
    sampling: samplingOf(generation),
    contextLength: length >= NO_LIMIT || length < 1 ? null : Math.floor(length),
  }
}

/** The template in a tokenizer_config.json, or in chat_template.jinja beside it, where newer models keep it. */
function templateIn(
  path: string,
  config: z.infer<typeof tokenizerConfig>,
): { chatTemplate: string; field: string | null } {
  const { chat_template: given } = config
  if (typeof given === 'string') return { chatTemplate: given, field: 'chat_template' }
  if (given !== null && given !== undefined) {
    const chosen = given.find(({ name }) => name === 'default') ?? (given.length === 1 ? given[0] : undefined)
    if (chosen !== undefined) return { chatTemplate: chosen.template, field: `chat_template.${chosen.name}` }
    const names = given.map(({ name }) => name).join(', ')
    throw fileFault(
      path,
      'chat_template',
      `has no template named default, only ${names}; save the one you mean as a .jinja file and name that`,
    )
  }
  const beside = join(dirname(path), 'chat_template.jinja')
  if (existsSync(beside)) return { chatTemplate: readText(beside), field: null }
  throw fileFault(
    path,
    'chat_template',
    'is not there, nor is chat_template.jinja beside the file; a base model has none, so name the template of its instruct sister',
  )
}

function samplingOf(generation: z.infer<typeof generationConfig>): Template['sampling']['answers'] {
  const { temperature, top_p: topP, top_k: topK, min_p: minP, repetition_penalty: repetitionPenalty } = generation
  const given = { temperature, topP, topK, minP, repetitionPenalty }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== undefined))
}

function textOf(given: z.infer<typeof token>): string {
  return typeof given === 'string' ? given : (given?.content ?? '')
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : message
    throw fileFault(path, null, `cannot be read (${why}); the path starts at the config's folder`)
  }
}

function readConfig<T>(path: string, shape: z.ZodType<T>): T {
  const text = readText(path)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw fileFault(path, null, `is no JSON (${error instanceof Error ? error.message : String(error)})`)
  }
  const read = shape.safeParse(json)
  if (read.success) return read.data
  const [issue] = read.error.issues
  throw fileFault(
    path,
    issue?.path.join('.') ?? null,
    `is wrong: ${issue?.message ?? ''} (is it ${basename(path)} of a model?)`,
  )
}
