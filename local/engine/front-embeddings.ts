// POST /v1/embeddings, and what /pooling answers for an embedding model: one vector for each text, as numbers or base64.

import type { Engine } from './contract.ts'
import { badParameter, badRequest, invalidShape, noRoute } from './front-faults.ts'
import { checkFields, EMBEDDING_FIELDS } from './front-fields.ts'
import type { Body } from './front-fields.ts'
import type { ReadPrompt } from './front-prompts.ts'
import { embeds, rewardShapeOf } from './front-protocol.ts'
import { base64 } from './front-score-shapes.ts'
import { readScored, scoreAll, scoreUsage } from './front-scores.ts'
import { chooseModel, maxModelLen, newId, now } from './front-state.ts'
import type { FrontState, Work } from './front-state.ts'

type Embed = NonNullable<Engine['embed']>

/** Serves /v1/embeddings; 404 for a model that is a reward model by its name. */
export async function embeddingsRoute(front: FrontState, body: Body, work: Work): Promise<unknown> {
  const { embed } = front.engine
  if (embed === undefined) throw noRoute(false)
  checkFields(body, EMBEDDING_FIELDS)
  const model = chooseModel(front, body, false)
  if (!embeds(model) && rewardShapeOf(front.protocol, model) !== null) throw noRoute(false)
  const { vectors, prompts } = await embedAll(front, embed, body, work)
  const data = vectors.map((embedding, index) => ({ index, object: 'embedding', embedding }))
  return { id: newId('embd'), object: 'list', created: now(), model, data, usage: scoreUsage(prompts) }
}

/** What /pooling answers of an embedding model, or of a nameless one with the task embed. */
export async function pooledEmbeddings(front: FrontState, embed: Embed, body: Body, work: Work): Promise<unknown> {
  checkFields(body, EMBEDDING_FIELDS)
  const model = chooseModel(front, body, false)
  const task = typeof body['task'] === 'string' ? body['task'] : 'embed'
  if (task === 'token_embed')
    throw badParameter("Try switching the model's pooling_task via --pooler-config.task token_embed.", 'task')
  if (task !== 'embed')
    throw badParameter(`Unsupported task: '${task}' Supported tasks: ['token_embed', 'embed']`, 'task')
  const { vectors, prompts } = await embedAll(front, embed, body, work)
  const data = vectors.map((vector, index) => ({ index, object: 'pooling', data: vector }))
  return { id: newId('pooling'), object: 'list', created: now(), model, data, usage: scoreUsage(prompts) }
}

async function embedAll(
  front: FrontState,
  embed: Embed,
  body: Body,
  work: Work,
): Promise<{ prompts: ReadPrompt[]; vectors: (number[] | string)[] }> {
  const format = body['encoding_format'] ?? 'float'
  if (format !== 'float' && format !== 'base64') {
    const names = "'float', 'base64', 'bytes' or 'bytes_only'"
    const ctx = `'expected': "${names}"`
    const fault = { type: 'literal_error', loc: 'body.encoding_format', msg: `Input should be ${names}`, input: format }
    throw invalidShape([{ ...fault, ctx }])
  }
  const { dimensions } = body
  if (typeof dimensions === 'number')
    throw badRequest(
      `Model '${String(body['model'])}' does not support Matryoshka embeddings; dimensions must be unset (received dimensions=${dimensions}).`,
    )
  const prompts = readScored(front, body).map((prompt) => cut(prompt, front, body['truncate_prompt_tokens']))
  const vectors = await scoreAll(front, (prompt) => Promise.resolve(embed(prompt.text)), prompts, work)
  return { prompts, vectors: vectors.map((vector) => (format === 'base64' ? base64(vector) : vector)) }
}

/** The first tokens of a prompt where the request asks for it; -1 stands for the context. */
function cut(prompt: ReadPrompt, front: FrontState, limit: unknown): ReadPrompt {
  if (typeof limit !== 'number') return prompt
  const context = maxModelLen(front)
  if (limit > context)
    throw badRequest(
      'truncate_prompt_tokens value is greater than max_model_len. Please request a smaller truncation size.',
    )
  const tokens = prompt.tokens.slice(0, limit < 0 ? context : limit)
  if (tokens.length === prompt.tokens.length) return prompt
  return { ...prompt, tokens, text: front.engine.detokenize(tokens), characters: null }
}
