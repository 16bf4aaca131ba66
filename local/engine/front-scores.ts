// POST /pooling and POST /classify over the engine's rewards. /pooling answers as a token reward model does, one
// [value] for each token, the last being the reward; a text with `<extra_0>` marks is answered as a process reward
// model does, one [no, yes] for each mark. /classify answers as a sequence reward model: one value, through a sigmoid
// unless use_activation is false.

import type { Engine } from './contract.ts'
import { badParameter, badRequest, invalidShape } from './front-faults.ts'
import { checkFields, POOLING_FIELDS } from './front-fields.ts'
import type { Body } from './front-fields.ts'
import { readChat, readInputs } from './front-prompts.ts'
import type { ReadPrompt } from './front-prompts.ts'
import { checkPromptFits } from './front-sampling.ts'
import { chooseModel, maxModelLen, newId, now, scoreInSlot } from './front-state.ts'
import type { FrontState, Work } from './front-state.ts'

const STEP_MARK = '<extra_0>'

interface Scored {
  readonly model: string
  readonly prompts: readonly ReadPrompt[]
  /** Raw values of each prompt's tokens. */
  readonly values: readonly (readonly number[])[]
}

/** Serves /pooling. */
export async function poolingRoute(
  front: FrontState,
  score: NonNullable<Engine['score']>,
  body: Body,
  work: Work,
): Promise<unknown> {
  checkFields(body, POOLING_FIELDS)
  checkTask(body)
  const { model, prompts, values } = await scoreAll(front, score, body, work)
  const activate = body['use_activation']
  const data = prompts.map((prompt, index) => {
    const vectors = prompt.text.includes(STEP_MARK)
      ? steps(front.engine, prompt, values[index]!, activate !== false)
      : values[index]!.map((value) => [activate === true ? sigmoid(value) : value])
    return { index, object: 'pooling', data: body['encoding_format'] === 'base64' ? base64(vectors) : vectors }
  })
  return { id: newId('pooling'), object: 'list', created: now(), model, data, usage: usageOf(prompts) }
}

/** Serves /classify. */
export async function classifyRoute(
  front: FrontState,
  score: NonNullable<Engine['score']>,
  body: Body,
  work: Work,
): Promise<unknown> {
  checkFields(body, POOLING_FIELDS)
  const { model, prompts, values } = await scoreAll(front, score, body, work)
  const data = values.map((list, index) => {
    const reward = list.at(-1) ?? 0
    const probability = body['use_activation'] === false ? reward : sigmoid(reward)
    return { index, label: 'LABEL_0', probs: [probability], num_classes: 1 }
  })
  return { id: newId('classify'), object: 'list', created: now(), model, data, usage: usageOf(prompts) }
}

async function scoreAll(
  front: FrontState,
  score: NonNullable<Engine['score']>,
  body: Body,
  work: Work,
): Promise<Scored> {
  const model = chooseModel(front, body, false)
  const prompts = 'messages' in body ? [readChat(body, front.engine, false)] : readInput(front, body)
  for (const { tokens, characters } of prompts)
    checkPromptFits(tokens.length, characters, front.engine, maxModelLen(front))
  const values = await Promise.all(
    prompts.map((prompt) => scoreInSlot(front, prompt.text, work, () => score(prompt, work.signal))),
  )
  return { model, prompts, values }
}

function readInput(front: FrontState, body: Body): ReadPrompt[] {
  const input = body['input']
  const isInput =
    typeof input === 'string' ||
    (Array.isArray(input) && (input as unknown[]).every((item) => ['string', 'number', 'object'].includes(typeof item)))
  if (!isInput) throw invalidShape([{ type: 'missing', loc: 'body.input', msg: 'Field required', input: body }])
  return readInputs(input, body['add_special_tokens'] !== false, front.engine, () =>
    badRequest('The decoder prompt cannot be empty'),
  )
}

const TASKS = ['embed', 'classify', 'token_embed', 'token_classify', 'plugin', 'embed&token_classify']

function checkTask(body: Body): void {
  const task = body['task'] ?? 'token_classify'
  if (task === 'token_classify') return
  if (typeof task === 'string' && TASKS.includes(task)) {
    throw badParameter(`Unsupported task: '${task}' Supported tasks: ['token_classify']`, 'task')
  }
  const names = `${TASKS.slice(0, -1)
    .map((name) => `'${name}'`)
    .join(', ')} or '${TASKS.at(-1)!}'`
  throw invalidShape([
    {
      type: 'literal_error',
      loc: 'body.task',
      msg: `Input should be ${names}`,
      input: task,
      ctx: `'expected': "${names}"`,
    },
  ])
}

/** [no, yes] at each step mark: probabilities, or with activate false the logits behind them. */
function steps(engine: Engine, prompt: ReadPrompt, values: readonly number[], activate: boolean): number[][] {
  const mark = engine.tokenize(STEP_MARK, { addSpecialTokens: false })[0]
  const at = [...prompt.tokens.keys()].filter((index) => prompt.tokens[index] === mark)
  return at.map((index) => {
    const value = values[index]!
    return activate ? [1 - sigmoid(value), sigmoid(value)] : [-value / 2, value / 2]
  })
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value))
}

/** Little-endian float32, row after row. */
function base64(vectors: readonly (readonly number[])[]): string {
  return Buffer.from(new Float32Array(vectors.flat()).buffer).toString('base64')
}

function usageOf(prompts: readonly ReadPrompt[]): unknown {
  let tokens = 0
  for (const prompt of prompts) tokens += prompt.tokens.length
  return {
    prompt_tokens: tokens,
    total_tokens: tokens,
    completion_tokens: 0,
    prompt_tokens_details: null,
    completion_tokens_details: null,
  }
}
