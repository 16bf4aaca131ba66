// Engine over llama.cpp (node-llama-cpp): a real small model on this machine's processor.
// Promises: every sampling option is passed, every generation has its own seed, a prompt without room is refused
// (llama.cpp would silently shift it out), an abort ends a generation at the next token.
import { permanent } from '../../schemas/failure.ts'
import type { Logger } from '../../schemas/logger.ts'
import type { Engine, EngineChoice, EngineMessage, EngineOptions, EnginePrompt, EngineSampling } from './contract.ts'
import type {
  LlamaEvaluation,
  LlamaGrammar,
  LlamaLibrary,
  LlamaModel,
  LlamaRuntime,
  LlamaSequence,
} from './llama-library.ts'
import { sequencePool } from './sequence-pool.ts'
import { stopText } from './stop-text.ts'

export interface LlamaEngineOptions {
  library: LlamaLibrary
  modelPath: string
  /** The name that clients ask for. */
  modelName: string
  /** Threads that compute: never more than cores; waiting threads spin, so one less than the cores is often faster. */
  threads: number
  /** Generations at once; more wait in line. */
  sequences: number
  /** Tokens of prompt and answer together, for each sequence. */
  contextSize: number
  log: Logger
}

const SHIFT_MARGIN = 16
const KEPT_GRAMMARS = 32

/** Loads the weights (0.6-1.3 s for 100 MB) and returns the engine. */
export async function createLlamaEngine(options: LlamaEngineOptions): Promise<Engine> {
  const { library, log, contextSize } = options
  const runtime = await library.getLlama({
    gpu: false,
    build: 'never',
    skipDownload: true,
    maxThreads: options.threads,
    logLevel: 'warn',
    logger: (level, message) => {
      log.debug({ level, text: message }, 'llama.cpp')
    },
  })
  const model = await runtime.loadModel({ modelPath: options.modelPath })
  // The margin keeps the library's context shift from ever beginning: we end a generation before.
  const context = await model.createContext({
    sequences: options.sequences,
    contextSize: contextSize + SHIFT_MARGIN,
    threads: options.threads,
  })
  const pool = sequencePool(Array.from({ length: options.sequences }, () => context.getSequence()))
  const grammarFor = grammars(runtime)
  const known = new Set(model.iterateAllTokens())
  let longestToken = 1
  for (const token of known) longestToken = Math.max(longestToken, model.detokenize([token], true).length)
  if (!usesChatml(model))
    log.warn({ model: options.modelName }, 'these weights have another chat template than ChatML, which is used')

  async function complete(prompt: EnginePrompt, sampling: EngineSampling, call: EngineOptions): Promise<EngineChoice> {
    const tokens = prompt.tokens
    const room = contextSize - tokens.length
    if (tokens.length === 0) throw permanent('empty-prompt', 'The prompt has no tokens.')
    if (room < 1) {
      throw permanent(
        'context-length',
        `This model's maximum context length is ${contextSize} tokens. However, your prompt contains ${tokens.length} input tokens, which exceeds this limit even without any output tokens. Please reduce the length of the input prompt.`,
      )
    }
    const grammar = call.jsonSchema === undefined ? null : await grammarFor(call.jsonSchema)
    return await pool.use(tokens, call.signal, async (sequence) => {
      const evaluation = evaluationOf(sampling, tokens)
      if (grammar !== null) {
        evaluation.options.grammarEvaluationState = new library.LlamaGrammarEvaluationState({ model, grammar })
      }
      return await generate(model, sequence, tokens, Math.min(sampling.maxTokens, room), sampling, evaluation, call)
    })
  }

  return {
    models: [{ id: options.modelName, maxModelLen: contextSize }],
    longestToken,
    tokenize: (text, { addSpecialTokens }) => {
      const { bos, shouldPrependBosToken } = model.tokens
      const tokens = text === '' ? [] : model.tokenize(text, true)
      return addSpecialTokens && shouldPrependBosToken && bos !== null ? [bos, ...tokens] : tokens
    },
    detokenize: (tokens) =>
      model.detokenize(
        tokens.filter((token) => known.has(token)),
        true,
      ),
    knowsToken: (token) => known.has(token),
    render: renderChatml,
    complete,
    score: null,
    close: async () => {
      await context.dispose()
      await model.dispose()
      await runtime.dispose()
    },
  }
}

interface Evaluation {
  options: LlamaEvaluation
  generated: number[]
}

function evaluationOf(sampling: EngineSampling, prompt: readonly number[]): Evaluation {
  const generated: number[] = []
  const options: LlamaEvaluation = {
    temperature: sampling.temperature,
    topK: Math.max(0, sampling.topK),
    topP: sampling.topP,
    minP: sampling.minP,
    seed: seedOf(sampling.seed),
    yieldEogToken: true,
  }
  if (sampling.repetitionPenalty !== 1) {
    // As vLLM: each token of the prompt and of the answer counts once.
    const punishTokens = (): number[] => [...new Set([...prompt, ...generated])]
    options.repeatPenalty = {
      punishTokens,
      maxPunishTokens: prompt.length + sampling.maxTokens,
      penalty: sampling.repetitionPenalty,
    }
  }
  return { options, generated }
}

async function generate(
  model: LlamaModel,
  sequence: LlamaSequence,
  prompt: readonly number[],
  limit: number,
  sampling: EngineSampling,
  { options, generated }: Evaluation,
  call: EngineOptions,
): Promise<EngineChoice> {
  // Special tokens are no part of the text, as with vLLM's skip_special_tokens.
  const text = stopText((tokens, before) => model.detokenize(tokens, false, before), sampling.stop, call.onText)
  // The last token of the prompt is always computed: its result is where the answer begins.
  await sequence.adaptStateToTokens(prompt.slice(0, -1), false)
  let finishReason: EngineChoice['finishReason'] = 'length'
  let stopReason: EngineChoice['stopReason'] = null
  for await (const token of sequence.evaluate(prompt.slice(sequence.nextTokenIndex), options)) {
    call.signal.throwIfAborted()
    generated.push(token)
    const stopToken = sampling.stopTokenIds.includes(token)
    const stopString = stopToken || model.isEogToken(token) ? null : text.add(token)
    if (stopToken || stopString !== null || model.isEogToken(token)) {
      finishReason = 'stop'
      stopReason = stopToken && !model.isEogToken(token) ? token : stopString
      break
    }
    if (generated.length >= limit) break
  }
  return { text: text.finish(), finishReason, stopReason, completionTokens: generated.length, tokenIds: generated }
}

// llama.cpp takes 32 bits, and takes the highest value for "choose one": seeds of any size are folded below it.
function seedOf(seed: number): number {
  const whole = Math.abs(Math.trunc(seed))
  const high = Math.floor(whole / 2 ** 32)
  return Math.min(((whole >>> 0) ^ Math.imul(high, 0x9e3779b1)) >>> 0, 0xfffffffe)
}

function grammars(runtime: LlamaRuntime): (schema: unknown) => Promise<LlamaGrammar> {
  const made = new Map<string, LlamaGrammar>()
  return async (schema) => {
    const key = JSON.stringify(schema)
    const found = made.get(key)
    if (found !== undefined) return found
    let grammar: LlamaGrammar
    try {
      grammar = await runtime.createGrammarForJsonSchema(schema)
    } catch (error) {
      throw permanent('unsupported-schema', `This JSON schema cannot be used here: ${(error as Error).message}`, {
        cause: error,
      })
    }
    if (made.size >= KEPT_GRAMMARS) made.delete(made.keys().next().value!)
    made.set(key, grammar)
    return grammar
  }
}

function usesChatml(model: LlamaModel): boolean {
  const template = model.fileInfo.metadata.tokenizer?.chat_template
  return typeof template === 'string' && template.includes('<|im_start|>')
}

/** SmolLM2's template: ChatML, with its own system text where the messages have none. */
export function renderChatml(messages: readonly EngineMessage[], addGenerationPrompt: boolean): string {
  const first = messages[0]?.role === 'system' ? [] : [{ role: 'system', content: SMOLLM_SYSTEM }]
  const turns = [...first, ...messages].map(({ role, content }) => `<|im_start|>${role}\n${content}<|im_end|>\n`)
  return turns.join('') + (addGenerationPrompt ? '<|im_start|>assistant\n' : '')
}

const SMOLLM_SYSTEM = 'You are a helpful AI assistant named SmolLM, trained by Hugging Face'
