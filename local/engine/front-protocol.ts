// Which server is played, beyond its model: the switches of vLLM (and of the model behind it) that change the shape
// of replies. Everything is off unless said; the defaults are a stock `vllm serve` without a reasoning parser.

/** How a reward model answers: a value for each token, a pair for each step mark, or one for the whole text. */
export type RewardShape = 'token' | 'process' | 'sequence'

export type ReasoningParser = 'deepseek_r1' | 'openai_gptoss'

/** Sampling parameters that a model's generation_config.json can set, by vLLM's names. */
export const GENERATION_CONFIG_NAMES = [
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'repetition_penalty',
  'max_tokens',
] as const

export type GenerationConfig = Readonly<Partial<Record<(typeof GENERATION_CONFIG_NAMES)[number], number>>>

export interface FrontProtocol {
  /** generate: no reward routes; pooling: no generation routes; both in one server unless said, as no vLLM has them. */
  readonly runner?: 'generate' | 'pooling'
  /** The shape of every model; unless said a model's name decides, and nameless ones answer every route. */
  readonly rewardShape?: RewardShape
  /** Chats are split into thought and content; raw completions never are. */
  readonly reasoningParser?: ReasoningParser
  /** Where the thought stands: `reasoning` unless said, or `reasoning_content` as in older releases. */
  readonly reasoningField?: 'reasoning' | 'reasoning_content'
  /** usage.prompt_tokens_details.cached_tokens is told, by --enable-prompt-tokens-details. */
  readonly promptTokensDetails?: boolean
  /** Defaults of what a request leaves out. */
  readonly generationConfig?: GenerationConfig
  /** The routes under /v1/.../render answer, by --enable-scale-out. */
  readonly scaleOut?: boolean
  /** Whether a request's priority counts; first come, first served unless said, and then vLLM 0.32 passes over it. */
  readonly schedulingPolicy?: 'fcfs' | 'priority'
  /** Where it does not count it is refused, as by older releases. */
  readonly refusesPriority?: boolean
}

export const GENERATION_ROUTES = ['/v1/completions', '/v1/chat/completions']
export const REWARD_ROUTES = ['/pooling', '/classify', '/score', '/rerank']
export const EMBEDDING_ROUTE = '/v1/embeddings'

/** What an engine is beside a model that writes. */
export interface Pooling {
  /** A reward model. */
  readonly scores: boolean
  /** An embedding model. */
  readonly embeds: boolean
}

/** Whether this server has a route (one that nobody has is not told apart). */
export function servesRoute({ runner }: FrontProtocol, { scores, embeds: embedding }: Pooling, path: string): boolean {
  if (path === EMBEDDING_ROUTE) return embedding && runner !== 'generate'
  if (REWARD_ROUTES.includes(path)) return scores && runner !== 'generate'
  return runner !== 'pooling' || !GENERATION_ROUTES.some((route) => path.startsWith(route))
}

/** Whether a model is an embedding model by its name. */
export function embeds(model: string): boolean {
  return /embed|minilm|\b(?:e5|bge|gte)\b/i.test(model)
}

/** The reward shape of a model; null: it answers every route, in the shape that the route and the text ask for. */
export function rewardShapeOf(protocol: FrontProtocol, model: string): RewardShape | null {
  if (protocol.rewardShape !== undefined) return protocol.rewardShape
  if (/\bprm\b/i.test(model)) return 'process'
  if (/skywork-reward/i.test(model)) return 'sequence'
  return /\brm\b|reward/i.test(model) ? 'token' : null
}
