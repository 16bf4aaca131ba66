// Does an engine take a priority? Asked by a small call that goes ahead of all others, so that a full engine says so too.

import type { Canary } from './endpoint.ts'
import type { EngineClient } from './engine-client.ts'
import { EngineFailure } from './engine-failure.ts'

/** Ahead of every call of ours; whatever is not 0 shows it. */
const AHEAD = -1

/** The refusal of an engine that takes none; null where it takes one, or says nothing of it. */
export async function priorityRefusal(
  client: EngineClient,
  canary: Canary,
  signal: AbortSignal,
): Promise<EngineFailure | null> {
  try {
    await canary(client.at(AHEAD), signal)
    return null
  } catch (error) {
    if (!(error instanceof EngineFailure)) throw error
    return error.code === 'priority-refused' ? error : null
  }
}
