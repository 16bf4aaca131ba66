// POST /pooling, which both kinds of pooling models have: vectors of an embedding model, and of a nameless one that is
// asked for them; else rewards.

import { pooledEmbeddings } from './front-embeddings.ts'
import { noRoute } from './front-faults.ts'
import type { Body } from './front-fields.ts'
import { embeds, rewardShapeOf } from './front-protocol.ts'
import { pooledScores } from './front-scores.ts'
import type { FrontState, Work } from './front-state.ts'

/** Serves /pooling. */
export async function poolingRoute(front: FrontState, body: Body, work: Work): Promise<unknown> {
  const { score, embed, models } = front.engine
  const model = typeof body['model'] === 'string' ? body['model'] : models[0]!.id
  const isNameless = rewardShapeOf(front.protocol, model) === null
  if (embed !== undefined && (embeds(model) || (isNameless && body['task'] === 'embed')))
    return pooledEmbeddings(front, embed, body, work)
  if (score === null) throw noRoute(false)
  return pooledScores(front, score, body, work)
}
