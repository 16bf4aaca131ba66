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
}

export interface EngineChoice {
  text: string
  finishReason: 'stop' | 'length'
  /** The stop string or token id that ended it; null for the end token. */
  stopReason: string | number | null
  completionTokens: number
}

export interface EngineMessage {
  role: string
  content: string
}

/** One generation is one sequence: the front counts slots and queues; the back end only makes text. */
export interface Engine {
  readonly models: readonly { id: string; maxModelLen: number }[]
  tokenize(text: string, options: { addSpecialTokens: boolean }): number[]
  detokenize(tokens: readonly number[]): string
  /** The chat template's text. */
  render(messages: readonly EngineMessage[], addGenerationPrompt: boolean): string
  /** Raw prompt to text. onText gets pieces as they come (streams); jsonSchema asks for JSON. */
  complete(prompt: { text: string; tokens: number[]; messages?: readonly EngineMessage[] }, sampling: EngineSampling, options: { signal: AbortSignal; jsonSchema?: unknown; onText?: (piece: string) => void }): Promise<EngineChoice>
  /** Reward of a conversation: one raw value for each token, the last is the reward; null: this engine has no reward model. */
  score: ((messages: readonly EngineMessage[], signal: AbortSignal) => Promise<number[]>) | null
  close(): Promise<void>
}
