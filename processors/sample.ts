// Stage sample: n warm samples of each problem, each a request of its own (it can be balanced, tried again and
// finished alone), or several in one where the sampler's fanOut is n. Promises: sample i has seed base + i of a range
// reserved for the problem either way, and the texts are kept untouched in the order of their indexes.

import { z } from 'zod'
import type { Llm } from '../llm/contract.ts'
import { type FanOut, fanOutOf } from '../llm/sampling-config.ts'
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
  choices: z
    .int()
    .min(1)
    .max(256)
    .default(8)
    .describe('Samples asked for in one request where roles.sampler.fanOut is n'),
})

export type SampleConfig = z.infer<typeof sampleConfig>

export interface SampleParts {
  readonly llm: Llm
  readonly config: Pick<SampleConfig, 'n' | 'choices'>
  /** The sampler's system text and prompt, and how it asks for several choices. */
  readonly role: Prompting & { readonly fanOut?: FanOut | undefined }
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
}

/** Returns the stage. It emits always; the first permanent Failure of a call aborts the other calls and is thrown. */
export function createSample({ llm, config, role, now }: SampleParts): Process<Screened | Tagged | Answered, Sampled> {
  const together = fanOutOf('sampler', role) === 'n' ? config.choices : 1
  return async function sample(record, { signal, calls }) {
    const messages = askProblem(role, record.screening.text)
    const ask =
      (first: number) =>
      async (both: AbortSignal): Promise<Response[]> => {
        const n = Math.min(together, config.n - first)
        const completions = await llm.complete(
          { input: { messages }, n, seed: problemSeed('sample', record.id, first) },
          { role: 'sampler', signal: both, rank: RANK, calls },
        )
        if (completions.length !== n) throw new Error(`asked for ${n} choices, got ${completions.length}`)
        return completions.map((completion, index) => responseOf(record.id, 'sample', first + index, completion))
      }
    const samples = await allOrAbort(
      signal,
      Array.from({ length: Math.ceil(config.n / together) }, (_, index) => ask(index * together)),
    )
    return { emit: { ...asAnswered(record), ...envelopeOf(record, now()), samples: samples.flat() } }
  }
}
