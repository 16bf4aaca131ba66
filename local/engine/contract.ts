// What stands behind the OpenAI-compatible front: invented or recorded text (simulate), or a small real model.

export interface EngineSampling {
  temperature: number
  topP: number
  topK: number
  minP: number
  repetitionPenalty: number
  maxTokens: number
  seed: number
  stop: readonly string[]
  stopTokenIds: readonly number[]
  /** Added to the logits of these ids; none unless said. */
  logitBias?: ReadonlyMap<number, number>
  /** Whether the text leaves out the model's control tokens (true unless said); their ids are counted all the same. */
  skipSpecialTokens?: boolean
}

export interface EngineChoice {
  text: string
  finishReason: 'stop' | 'length'
  /** The stop string or token id that ended it; null for the end token. */
  stopReason: string | number | null
  completionTokens: number
  /** The ids behind completionTokens where the engine knows them (the end token included); else the front tokenizes the text. */
  tokenIds?: readonly number[]
}

export interface EngineMessage {
  role: string
  content: string
}

/** What a model is given: the text, its token ids, and the messages where it came as a chat. */
export interface EnginePrompt {
  text: string
  tokens: number[]
  messages?: readonly EngineMessage[]
}

export interface EngineOptions {
  signal: AbortSignal
  /** A JSON Schema: the text has to be JSON that fits it. */
  jsonSchema?: unknown
  /** Gets pieces of text as they come, all of them before the promise resolves (streams). */
  onText?: (piece: string) => void
}

/** One generation is one sequence: the front counts slots and queues; the back end only makes text. */
export interface Engine {
  readonly models: readonly { id: string; maxModelLen: number }[]
  /** Characters of the longest token: the front refuses hopelessly long prompts by it before tokenizing, as vLLM does. */
  readonly longestToken?: number
  tokenize(text: string, options: { addSpecialTokens: boolean }): number[]
  /** Ids that do not exist are left out. */
  detokenize(tokens: readonly number[]): string
  /** Whether this id exists; all do where it is left out. */
  knowsToken?(token: number): boolean
  /** The chat template's text. */
  render(messages: readonly EngineMessage[], addGenerationPrompt: boolean): string
  /** Prompt to text, stop strings and limits applied. Throws a permanent Failure 'context-length' for a prompt without room. */
  complete(prompt: EnginePrompt, sampling: EngineSampling, options: EngineOptions): Promise<EngineChoice>
  /**
   * Reward of a conversation: one raw value for each token of the prompt, the last is the reward; at a step mark it is
   * how much speaks for the step (a logit). null: no reward model here.
   */
  score: ((prompt: EnginePrompt, signal: AbortSignal) => Promise<number[]>) | null
  /** Vector of a text, of unit length; left out: no embedding model here. */
  embed?: (text: string) => number[]
  close(): Promise<void>
}
