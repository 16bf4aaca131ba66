// The part of node-llama-cpp that is used here, as types of our own: the library is no dependency of this
// package, it is installed into the user's cache on first use (local/engine-install.ts) and imported from there.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

export interface LlamaLibrary {
  getLlama(options: {
    gpu: false
    build: 'never'
    skipDownload: true
    maxThreads: number
    logLevel: 'warn'
    logger: (level: string, message: string) => void
  }): Promise<LlamaRuntime>
  LlamaGrammarEvaluationState: new (options: { model: LlamaModel; grammar: LlamaGrammar }) => LlamaGrammarState
}

export interface LlamaRuntime {
  loadModel(options: { modelPath: string }): Promise<LlamaModel>
  createGrammarForJsonSchema(schema: unknown): Promise<LlamaGrammar>
  dispose(): Promise<void>
}

/** Opaque to us. */
export interface LlamaGrammar {
  readonly grammar: string
}

/** Opaque to us; one for each generation. */
export interface LlamaGrammarState {
  clone(): LlamaGrammarState
}

export interface LlamaModel {
  readonly tokens: { readonly bos: number | null; readonly shouldPrependBosToken: boolean }
  readonly trainContextSize: number
  readonly fileInfo: { readonly metadata: { readonly tokenizer?: { readonly chat_template?: unknown } } }
  tokenize(text: string, specialTokens: boolean): number[]
  /** An id that does not exist ends the whole process: check before. */
  detokenize(tokens: readonly number[], specialTokens: boolean, lastTokens?: readonly number[]): string
  iterateAllTokens(): Iterable<number>
  isEogToken(token: number): boolean
  createContext(options: { sequences: number; contextSize: number; threads: number }): Promise<LlamaContext>
  dispose(): Promise<void>
}

export interface LlamaContext {
  getSequence(): LlamaSequence
  dispose(): Promise<void>
}

export interface LlamaSequence {
  readonly nextTokenIndex: number
  readonly contextTokens: number[]
  clearHistory(): Promise<void>
  /** Keeps what the context has in common with these tokens and drops the rest. */
  adaptStateToTokens(tokens: number[], allowShift: boolean): Promise<void>
  /** Every option has a default of the library's own: all of them are passed. */
  evaluate(tokens: number[], options: LlamaEvaluation): AsyncGenerator<number, void, undefined>
}

export interface LlamaEvaluation {
  temperature: number
  topK: number
  topP: number
  minP: number
  seed: number
  yieldEogToken: true
  repeatPenalty?: { punishTokens: () => number[]; maxPunishTokens: number; penalty: number }
  grammarEvaluationState?: LlamaGrammarState
}

/** Imports the library from the folder that local/engine-install.ts filled. */
export async function importLlamaLibrary(engineFolder: string): Promise<LlamaLibrary> {
  const entry = join(engineFolder, 'node_modules', 'node-llama-cpp', 'dist', 'index.js')
  return (await import(pathToFileURL(entry).href)) as LlamaLibrary
}
