// The config of model servers: endpoints, sampling, roles, reward models. Promises: no secret fits in it;
// a key is named by the environment variable that holds it.

import { z } from 'zod'
import { accessConfig } from './access.ts'
import { chatTemplateConfig } from './own-template.ts'
import { continueConfig, fanOutConfig, firstTokenConfig } from './sampling-config.ts'
import { priceConfig } from './prices.ts'

/** The word that stands for the small model which the command line starts on this machine. */
export const LOCAL_ENDPOINT = 'local'

const endpointUrl = z
  .string()
  .superRefine((value, context) => {
    if (value === LOCAL_ENDPOINT) return
    const fault = (message: string): void => {
      context.addIssue({ code: 'custom', message })
    }
    if (!URL.canParse(value)) {
      fault('not a URL; give one such as http://127.0.0.1:8000 (with or without /v1)')
      return
    }
    const url = new URL(value)
    if (url.protocol !== 'http:' && url.protocol !== 'https:') fault('only http:// and https:// are spoken')
    if (url.username !== '' || url.password !== '')
      fault('carries credentials; put the key in an environment variable and its name in keyEnv')
    if (url.search !== '' || url.hash !== '') fault('has a query or a fragment; give the base URL alone')
  })
  .describe('Base URL of an OpenAI-compatible server, with or without /v1; or the word local')

export const endpointConfig = z.strictObject({
  url: endpointUrl,
  ...accessConfig,
  weight: z.number().positive().default(1).describe('Share of the work against the other endpoints of the role'),
  limit: z
    .int()
    .min(1)
    .max(100_000)
    .default(4096)
    .describe('Never more sequences in flight there (a request of n choices is n); below it the limit finds itself'),
  start: z.int().min(1).max(100_000).default(16).describe('What the limit begins with, before it is found out'),
  adaptive: z.boolean().default(true).describe('false: the limit is always limit'),
  schedulingPolicy: z
    .enum(['fcfs', 'priority'])
    .optional()
    .describe("vLLM's --scheduling-policy there; priority: calls of replays ask for a place behind those of runs"),
})

export const samplingConfig = z.strictObject({
  temperature: z.number().min(0).max(2).default(1),
  topP: z.number().gt(0).max(1).default(1),
  topK: z.int().min(-1).default(0).describe('0 or -1 is off'),
  minP: z.number().min(0).max(1).default(0).describe('0 is off'),
  repetitionPenalty: z.number().gt(0).max(2).default(1).describe('1 is off'),
  maxTokens: z.int().min(1).default(1024),
})

/** For models that label or judge: the likeliest reply, with room for a thought. */
export const coolSamplingConfig = samplingConfig.extend({
  temperature: samplingConfig.shape.temperature.unwrap().default(0),
  maxTokens: samplingConfig.shape.maxTokens.unwrap().default(2048),
})

const endpoints = z.array(endpointConfig).min(1, 'needs at least one endpoint')
const model = z.string().min(1).describe('Model name as the server knows it')
const timeoutSeconds = z
  .number()
  .positive()
  .max(2_000_000)
  .default(3600)
  .describe('A call that takes longer is given up and tried elsewhere')

export const roleConfig = z.strictObject({
  endpoints,
  model,
  template: z
    .string()
    .min(1)
    .optional()
    .describe('Entry of configs/model_configs.json for raw prefixes; found by the model name when left out'),
  chatTemplate: chatTemplateConfig,
  sampling: samplingConfig.prefault({}),
  firstToken: firstTokenConfig.optional(),
  continue: continueConfig.optional(),
  fanOut: fanOutConfig.optional(),
  stop: z
    .array(
      z
        .string()
        .min(1)
        .refine((text) => text.trim() !== '' || text.length > 1, 'would cut at the first blank or line end'),
    )
    .max(4, 'vLLM takes at most 4 stop strings')
    .default([])
    .describe("Stop strings beside the template's own"),
  timeoutSeconds,
  system: z.string().min(1).nullable().default(null).describe('System message of chat requests; null sends none'),
  prompt: z
    .string()
    .includes('{problem}')
    .default('{problem}\n\nPlease reason step by step, and put your final answer within \\boxed{}.')
    .describe("The user's message of chat requests; {problem} is replaced"),
  price: priceConfig,
})

/** A reward model behind /pooling or /classify. */
export const rewarderConfig = z.strictObject({ endpoints, model, timeoutSeconds, price: priceConfig })

/** An embedding model behind /v1/embeddings or /pooling. */
export const embedderConfig = z.strictObject({
  endpoints,
  model,
  timeoutSeconds,
  price: priceConfig,
  prefix: z
    .string()
    .default('')
    .describe('Put before every text, where the model wants an instruction, as "query: " of the e5 models'),
  dimensions: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('Shorter vectors, of models that were trained for it (Matryoshka); null: as the model gives them'),
  maxTokens: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      "Longer texts are cut by the server (vLLM's truncate_prompt_tokens); null: a text too long gets no vector",
    ),
  batch: z.int().min(1).max(256).default(16).describe('Texts in one request at most'),
})

/** How the scores of a process reward's steps become one value. */
export const SUMMARIES = ['min', 'mean', 'last', 'product'] as const
export type Summary = (typeof SUMMARIES)[number]

export type EndpointConfig = z.infer<typeof endpointConfig>
export type SamplingConfig = z.infer<typeof samplingConfig>
export type RoleConfig = z.infer<typeof roleConfig>
/** What the model layer reads of a role; system text and prompt are for the stages. */
export type SpeakerConfig = Omit<RoleConfig, 'system' | 'prompt'>
/** A reward model and how its replies are read; reward-model: found out from the first reply. */
export type RewarderConfig = z.infer<typeof rewarderConfig> & {
  readonly kind: 'token-rm' | 'process-rm' | 'sequence-rm' | 'reward-model'
  /** min unless said. */
  readonly summary?: Summary
}

export type EmbedderConfig = z.infer<typeof embedderConfig>

/** Every model that is called, by its lane's name: a role, `reward:NAME`, or `embedder`. */
export interface Callers {
  readonly roles: Readonly<Record<string, SpeakerConfig | undefined>>
  readonly rewarders: Readonly<Record<string, RewarderConfig>>
  readonly embedder?: EmbedderConfig | undefined
}

/** Lane of the embedding model. */
export const EMBEDDER = 'embedder'

/** Base URL without a trailing slash or /v1: the name of an engine everywhere, and the key of what is shared. */
export function engineUrl(url: string): string {
  return url.replace(/\/+$/, '').replace(/\/v1$/, '').replace(/\/+$/, '')
}
