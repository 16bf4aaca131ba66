// POST /score and POST /rerank of a sequence reward model: a question against each of several texts, as a pair.

import type { Engine } from './contract.ts'
import { invalidShape } from './front-faults.ts'
import { checkFields, POOLING_FIELDS } from './front-fields.ts'
import type { Body } from './front-fields.ts'
import type { ReadPrompt } from './front-prompts.ts'
import { sequenceValue } from './front-score-shapes.ts'
import { scoreAll, scoreUsage, sequenceModel } from './front-scores.ts'
import { newId, now } from './front-state.ts'
import type { FrontState, Work } from './front-state.ts'

type Score = NonNullable<Engine['score']>

/** Serves /score: `queries` and `documents`, or the older `text_1` and `text_2`. */
export async function scoreRoute(front: FrontState, score: Score, body: Body, work: Work): Promise<unknown> {
  checkFields(body, POOLING_FIELDS)
  const model = sequenceModel(front, body)
  const names = 'text_1' in body ? (['text_1', 'text_2'] as const) : (['queries', 'documents'] as const)
  const [queries, documents] = [texts(body, names[0]), texts(body, names[1])]
  // One query stands against every document, several stand against one each.
  const prompts = documents.map((document, index) => pair(front, queries[index] ?? queries[0]!, document))
  const values = await scoreAll(front, score, prompts, work)
  const data = values.map((list, index) => {
    return { index, object: 'score', score: sequenceValue(list, body['use_activation']) }
  })
  return { id: newId('score'), object: 'list', created: now(), model, data, usage: scoreUsage(prompts) }
}

/** Serves /rerank: the documents, the best first. */
export async function rerankRoute(front: FrontState, score: Score, body: Body, work: Work): Promise<unknown> {
  checkFields(body, POOLING_FIELDS)
  const model = sequenceModel(front, body)
  const query = texts(body, 'query')[0]!
  const documents = texts(body, 'documents')
  const prompts = documents.map((document) => pair(front, query, document))
  const values = await scoreAll(front, score, prompts, work)
  const results = values.map((list, index) => ({
    index,
    document: { text: documents[index]!, multi_modal: null },
    relevance_score: sequenceValue(list, body['use_activation']),
  }))
  results.sort((left, right) => right.relevance_score - left.relevance_score)
  const tokens = prompts.reduce((sum, prompt) => sum + prompt.tokens.length, 0)
  return { id: newId('score'), model, usage: { prompt_tokens: tokens, total_tokens: tokens }, results }
}

function texts(body: Body, name: string): string[] {
  const given = body[name]
  const list: unknown[] = Array.isArray(given) ? given : [given]
  if (list.length > 0 && list.every((item) => typeof item === 'string')) return list
  throw invalidShape([{ type: 'missing', loc: `body.${name}`, msg: 'Field required', input: body }])
}

/** The pair as the tokenizer joins it (one text after the other); it is scored as a question and its answer. */
function pair(front: FrontState, query: string, document: string): ReadPrompt {
  const text = query + document
  const messages = [
    { role: 'user', content: query },
    { role: 'assistant', content: document },
  ]
  const tokens = front.engine.tokenize(text, { addSpecialTokens: false })
  return { text, tokens, messages, characters: text.length }
}
