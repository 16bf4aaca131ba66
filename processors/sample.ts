// Stage sample: n warm samples of each problem, each a request of its own, so that each can be balanced, tried
// again and finished alone. Promises: sample i has seed base + i of a range reserved for the problem, and the
// texts are kept untouched in the order of their indexes.

import { z } from 'zod'
import type { Llm } from '../llm/contract.ts'
import { problemSeed, SEEDS_PER_PROBLEM } from '../llm/seeds.ts'
import type { Answered, Response, Sampled, Screened, Tagged } from '../schemas/records.ts'
import type { Process } from '../stream/outcome.ts'
import { allOrAbort } from './all-or-abort.ts'
import { askProblem, responseOf, type Prompting } from './ask.ts'
import { asAnswered, envelopeOf } from './grow.ts'

/** Before answers and new problems, behind rewards. */
const RANK = 1

export const sampleConfig = z.strictObject({
  enabled: z.boolean().default(true).describe('Ask the sampler n times for each problem'),
  n: z.int().min(1).max(SEEDS_PER_PROBLEM).default(8).describe('Samples of each problem'),
})

export type SampleConfig = z.infer<typeof sampleConfig>

export interface SampleParts {
  readonly llm: Llm
  readonly config: Pick<SampleConfig, 'n'>
  /** The sampler's system text and prompt. */
  readonly role: Prompting
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
}

/** Returns the stage. It emits always; the first permanent Failure of a call aborts the other calls and is thrown. */
export function createSample({ llm, config, role, now }: SampleParts): Process<Screened | Tagged | Answered, Sampled> {
  return async function sample(record, { signal }) {
    const messages = askProblem(role, record.screening.text)
    const ask =
      (index: number) =>
      async (together: AbortSignal): Promise<Response> => {
        const [completion] = await llm.complete(
          { input: { messages }, seed: problemSeed('sample', record.id, index) },
          { role: 'sampler', signal: together, rank: RANK },
        )
        if (completion === undefined) throw new Error('the model client returned no completion for a request of one')
        return responseOf(record.id, 'sample', index, completion)
      }
    const samples = await allOrAbort(
      signal,
      Array.from({ length: config.n }, (_, index) => ask(index)),
    )
    return { emit: { ...asAnswered(record), ...envelopeOf(record, now()), samples } }
  }
}
