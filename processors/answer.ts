// Stage answer: one cool answer (T 0 to 0.2 by the role's config) to each problem. Promises: what the model said
// is kept untouched, finish reason and all; nothing is judged here. One call a problem, with a seed that a repeat has too.

import { z } from 'zod'
import type { Llm } from '../llm/contract.ts'
import { problemSeed } from '../llm/seeds.ts'
import type { Answered, Screened, Tagged } from '../schemas/records.ts'
import type { Process } from '../stream/outcome.ts'
import { askProblem, responseOf, type Prompting } from './ask.ts'
import { envelopeOf, asTagged } from './grow.ts'

/** Place in the models' queue: later stages go first, so that problems are finished before new ones are begun. */
const RANK = 2

export const answerConfig = z.strictObject({
  enabled: z.boolean().default(true).describe('Ask the answerer once for each problem'),
})

export type AnswerConfig = z.infer<typeof answerConfig>

export interface AnswerParts {
  readonly llm: Llm
  /** The answerer's system text and prompt. */
  readonly role: Prompting
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
}

/** Returns the stage. It emits always; a permanent Failure of the call (as context-length) is thrown. */
export function createAnswer({ llm, role, now }: AnswerParts): Process<Screened | Tagged, Answered> {
  return async function answer(record, { signal, calls }) {
    const [completion] = await llm.complete(
      { input: { messages: askProblem(role, record.screening.text) }, seed: problemSeed('answer', record.id) },
      { role: 'answerer', signal, rank: RANK, calls },
    )
    if (completion === undefined) throw new Error('the model client returned no completion for a request of one')
    return {
      emit: {
        ...asTagged(record),
        ...envelopeOf(record, now()),
        answer: responseOf(record.id, 'answer', 0, completion),
      },
    }
  }
}
