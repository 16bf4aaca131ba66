// An Engine whose text is there at once: an Author says what is written, text-writing.ts what of it follows a prompt,
// text-cut.ts where a server would end it; here it is put into pieces and scored. All is decided by prompt and seed (at
// temperature 0 by the prompt alone); the sampling numbers change the first token of a problem where that is asked for,
// else nothing.

import type { Author } from './author.ts'
import type { Engine, EnginePrompt, EngineSampling } from './contract.ts'
import { jsonBySchema } from './invented-json.ts'
import { ruleOn } from './invented-ruling.ts'
import { createDice, hashText } from './random.ts'
import { cutText } from './text-cut.ts'
import { question, writeText } from './text-writing.ts'
import {
  detokenize,
  END_TOKEN,
  HARMONY_END_TOKEN,
  knowsToken,
  LONGEST_TOKEN,
  pieces,
  STEP_MARK,
  tokenize,
} from './tokens.ts'
import { readTurns, renderChatml, renderHarmony } from './turns.ts'
import { embedWords } from './word-bag.ts'

export interface TextEngineOptions {
  models?: readonly string[]
  maxModelLen?: number
  /** Answers begin with a thought and `</think>`, as a reasoning model without a parser writes. */
  think?: boolean
  /** Answers and chats are in the harmony format of gpt-oss: a thought in one channel, the answer in another. */
  harmony?: boolean
  /** Problems from a bare prefix begin with a token of first-tokens.ts, drawn at the request's temperature. */
  firstTokens?: boolean
  /** The special token that this tokenizer puts first where special tokens are added; the chat template writes it too. */
  bos?: string
}

/** An Engine that writes what the author says. */
export function createTextEngine(author: Author, options: TextEngineOptions = {}): Engine {
  const maxModelLen = options.maxModelLen ?? 32768
  const harmony = options.harmony === true
  const style = {
    answers: harmony ? 'harmony' : options.think === true ? 'think' : 'bare',
    firstTokens: options.firstTokens === true,
  } as const
  const bos = options.bos ?? ''
  const render = harmony ? renderHarmony : renderChatml
  return {
    models: (options.models ?? ['simulated']).map((id) => ({ id, maxModelLen })),
    longestToken: LONGEST_TOKEN,
    tokenize: (text, { addSpecialTokens }) => tokenize(addSpecialTokens ? bos + text : text),
    detokenize,
    knowsToken,
    render: (messages, addGenerationPrompt) => bos + render(messages, addGenerationPrompt),
    complete(prompt, sampling, { jsonSchema, onText }) {
      const room = maxModelLen - prompt.tokens.length
      // Without randomness a seed changes nothing.
      const drawn = sampling.temperature === 0 ? { ...sampling, seed: 0 } : sampling
      const text = jsonSchema === undefined ? writeText(author, prompt, drawn, style) : json(prompt, jsonSchema, drawn)
      const limited = { ...sampling, maxTokens: Math.min(sampling.maxTokens, room) }
      const choice = cutText(text, limited, harmony ? HARMONY_END_TOKEN : END_TOKEN)
      if (onText) for (const piece of pieces(choice.text)) onText(piece)
      return Promise.resolve(choice)
    },
    score: (prompt) => Promise.resolve(score(author, prompt)),
    embed: embedWords,
    close: () => Promise.resolve(),
  }
}

function json(prompt: EnginePrompt, schema: unknown, sampling: EngineSampling): string {
  const drawn = jsonBySchema(schema, createDice(sampling.seed, hashText(prompt.text)))
  const ruling = ruleOn(question(prompt.messages ?? readTurns(prompt.text).messages), schema)
  return JSON.stringify(ruling === null ? drawn : { ...(drawn as object), ...ruling })
}

const STEP_TOKEN = tokenize(STEP_MARK)[0]!

/** One value for each token: noise that closes in on the reward, which is the last; at step marks the steps' own. */
function score(author: Author, prompt: EnginePrompt): number[] {
  const messages = prompt.messages ?? readTurns(prompt.text).messages
  // A text without any turn is all answer where it holds steps, for nobody asks in steps.
  const answer =
    messages.findLast(({ role }) => role === 'assistant')?.content ??
    (prompt.text.includes(STEP_MARK) ? prompt.text : '')
  const asked = answer === prompt.text ? '' : question(messages)
  const reward = author.reward(asked, answer.replaceAll(STEP_MARK, ''))
  const dice = createDice(hashText(prompt.text))
  const last = prompt.tokens.length - 1
  const values = prompt.tokens.map((_, at) =>
    Math.fround((reward * at) / Math.max(1, last) + 4 * (dice.uniform() - 0.5)),
  )
  if (last >= 0) values[last] = reward
  const steps = answer.split(STEP_MARK).slice(0, -1)
  const marks = [...prompt.tokens.keys()].filter((at) => prompt.tokens[at] === STEP_TOKEN)
  if (steps.length > 0) {
    const logits = author.steps(asked, steps)
    for (const [index, at] of marks.slice(-steps.length).entries()) values[at] = Math.fround(logits[index]!)
  }
  return values
}
