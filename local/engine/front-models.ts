// GET /v1/models, as vLLM lists them.

import { newId } from './front-state.ts'
import type { FrontState } from './front-state.ts'

/** Serves /v1/models. */
export function modelsRoute(front: FrontState): unknown {
  const created = front.startedAt
  const permission = {
    id: newId('modelperm'),
    object: 'model_permission',
    created,
    allow_create_engine: false,
    allow_sampling: true,
    allow_logprobs: false,
    allow_search_indices: false,
    allow_view: true,
    allow_fine_tuning: false,
    organization: '*',
    group: null,
    is_blocking: false,
  }
  // As gateways do: a star says that any name is taken.
  const listed = front.anyModel
    ? [...front.engine.models, { ...front.engine.models[0]!, id: '*' }]
    : front.engine.models
  const data = listed.map(({ id, maxModelLen }) => ({
    id,
    object: 'model',
    created,
    owned_by: 'magpie',
    root: id,
    parent: null,
    max_model_len: maxModelLen,
    permission: [permission],
  }))
  return { object: 'list', data }
}
