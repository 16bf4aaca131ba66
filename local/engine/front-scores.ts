// POST /pooling and POST /classify over the engine's rewards, in the shape of the reward model that is asked:
// token: one [value] for each token, raw, the last being the reward; process: one [no, yes] for each step mark;
// sequence: one value, through a sigmoid unless use_activation is false. A model whose name tells no shape answers
// /pooling as a token or, where marks are, as a process model, and /classify as a sequence model.

import type { Engine } from './contract.ts'
import { badParameter, badRequest, invalidShape, noRoute } from './front-faults.ts'
import type { ShapeFault } from './front-faults.ts'
import { checkFields, POOLING_FIELDS } from './front-fields.ts'
import type { Body } from './front-fields.ts'
import { readChat, readInputs } from './front-prompts.ts'
import type { ReadPrompt } from './front-prompts.ts'
import { embeds, rewardShapeOf } from './front-protocol.ts'
import type { RewardShape } from './front-protocol.ts'
import { checkPromptFits } from './front-sampling.ts'
import { base64, pooled, sequenceValue } from './front-score-shapes.ts'
import { chooseModel, maxModelLen, newId, now, scoreInSlot } from './front-state.ts'
import type { FrontState, Work } from './front-state.ts'
import { varyScores } from './front-vary.ts'
import { STEP_MARK } from './tokens.ts'

type Score = NonNullable<Engine['score']>

/** Serves /pooling of a reward model. */
export async function pooledScores(front: FrontState, score: Score, body: Body, work: Work): Promise<unknown> {
  checkFields(body, POOLING_FIELDS)
  const model = chooseModel(front, body, false)
  const shape = rewardShapeOf(front.protocol, model)
  checkTask(body, shape)
  const prompts = readScored(front, body)
  const values = await scoreAll(front, score, prompts, work)
  const data = prompts.map((prompt, index) => {
    const rows = pooled(shape ?? shapeOfText(prompt), prompt.tokens, values[index]!, body['use_activation'])
    return { index, object: 'pooling', data: body['encoding_format'] === 'base64' ? base64(rows) : rows }
  })
  return { id: newId('pooling'), object: 'list', created: now(), model, data, usage: scoreUsage(prompts) }
}

/** Serves /classify, which only sequence models have. */
export async function classifyRoute(front: FrontState, score: Score, body: Body, work: Work): Promise<unknown> {
  checkFields(body, POOLING_FIELDS)
  const model = sequenceModel(front, body)
  if (embeds(model)) throw noRoute(false)
  const prompts = readScored(front, body)
  const values = await scoreAll(front, score, prompts, work)
  const data = values.map((list, index) => {
    return { index, label: 'LABEL_0', probs: [sequenceValue(list, body['use_activation'])], num_classes: 1 }
  })
  return { id: newId('classify'), object: 'list', created: now(), model, data, usage: scoreUsage(prompts) }
}

/** The model's name; the 404 of a route that a token or process model does not have. */
export function sequenceModel(front: FrontState, body: Body): string {
  const model = chooseModel(front, body, false)
  if ((rewardShapeOf(front.protocol, model) ?? 'sequence') !== 'sequence') throw noRoute(false)
  return model
}

/** Raw values of each prompt's tokens. Throws the 400 of a prompt that does not fit. */
export async function scoreAll(
  front: FrontState,
  score: Score,
  prompts: readonly ReadPrompt[],
  work: Work,
): Promise<number[][]> {
  for (const { tokens, characters } of prompts)
    checkPromptFits(tokens.length, characters, front.engine, maxModelLen(front))
  const times = front.vary ? work.counted.answeredBefore : 0
  const scored = async (prompt: ReadPrompt): Promise<number[]> => varyScores(await score(prompt, work.signal), times)
  return Promise.all(prompts.map((prompt) => scoreInSlot(front, prompt.text, work, () => scored(prompt))))
}

function shapeOfText(prompt: ReadPrompt): RewardShape {
  return prompt.text.includes(STEP_MARK) ? 'process' : 'token'
}

/** The inputs or the conversation of a body. */
export function readScored(front: FrontState, body: Body): ReadPrompt[] {
  if ('messages' in body) return [readChat(body, front.engine, false)]
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

function checkTask(body: Body, shape: RewardShape | null): void {
  const own = shape === 'sequence' ? 'classify' : 'token_classify'
  const task = body['task'] ?? own
  if (task === own) return
  if (shape === 'sequence' && task === 'token_classify') {
    const help = "Try switching the model's pooling_task via --pooler-config.task token_classify."
    throw badParameter(help, 'task')
  }
  if (typeof task === 'string' && TASKS.includes(task)) {
    throw badParameter(`Unsupported task: '${task}' Supported tasks: ['${own}']`, 'task')
  }
  throw invalidShape(taskFaults(body, task))
}

/** Faults of all three kinds of body that /pooling takes: an input, messages, a plug-in's data. */
function taskFaults(body: Body, task: unknown): ShapeFault[] {
  const names = `${TASKS.slice(0, -1)
    .map((name) => `'${name}'`)
    .join(', ')} or '${TASKS.at(-1)!}'`
  const ctx = `'expected': "${names}"`
  const literal = { type: 'literal_error', loc: 'body.task', msg: `Input should be ${names}`, input: task, ctx }
  const branches = ['input', 'messages', 'data'].map((field): ShapeFault[] => {
    const missing = { type: 'missing', loc: `body.${field}`, msg: 'Field required', input: body }
    return field in body ? [literal] : [missing, literal]
  })
  return branches.flat()
}

/** Usage of a scored request: nothing is generated. */
export function scoreUsage(prompts: readonly ReadPrompt[]): unknown {
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
