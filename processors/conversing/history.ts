// What a conversation so far looks like to the models that go on with it. Promise: no text of it can forge a turn.

import { withoutControlTokens } from '../../llm/control-tokens.ts'
import type { PastTurn } from '../../llm/templates.ts'
import { Failure } from '../../schemas/failure.ts'

/** Why a conversation has fewer turns than wished, as its record says it. */
export interface Ending {
  /** kebab-case. */
  readonly ended: string
  readonly detail: string
}

/** A question and its answer without the thought, control tokens made words. */
export function safeTurn(user: string, assistant: string): PastTurn {
  return { user: withoutControlTokens(user), assistant: withoutControlTokens(assistant) }
}

/** The result, or null where the conversation has outgrown the model's context. Rethrows anything else. */
export async function unlessFull<Result>(call: Promise<Result>): Promise<Result | null> {
  try {
    return await call
  } catch (error) {
    if (error instanceof Failure && error.retry === 'permanent' && error.code === 'context-length') return null
    throw error
  }
}

export const CONTEXT_FULL: Ending = {
  ended: 'context-too-long',
  detail: 'the conversation leaves no room in the context of the model',
}
