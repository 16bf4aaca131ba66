// What a curation rule is: a name, a setting, what it looks at, and its own test cases. test/processors/curation/
// rules.test.ts runs the cases of all. A new rule is an object in rules/ and one line in rules.ts.

import type { z } from 'zod'
import type { Candidate, ProblemFacts } from './candidates.ts'

/** What a rule looks at. */
export interface Facts {
  /** The response without its thought. */
  readonly solution: string
  /** The thought; null where there is none. */
  readonly thought: string | null
  readonly finalAnswer: string | null
  /** New tokens of the call, the thought included. */
  readonly tokens: number
  /** Rewards that have a value, by name. */
  readonly rewards: Readonly<Record<string, number>>
  readonly problem: ProblemFacts
}

export interface Case<Setting> {
  readonly setting: Setting
  /** What matters; the rest is an honest short solution. */
  readonly given: Partial<Omit<Facts, 'problem'>> & { readonly problem?: Partial<ProblemFacts> }
  readonly refused: boolean
}

export interface CurationRule<Setting> {
  /** kebab-case; the reason of what it refuses. */
  readonly reason: string
  /** For a person: what it keeps out. */
  readonly says: string
  readonly setting: z.ZodType<Setting>
  /** The setting where the config has none; null or false switches a rule off. */
  readonly initially: Setting | null
  /** It asks for a good response, so it leaves rejected ones alone unless preference.rejectedRules has it. */
  readonly sparesRejected?: boolean
  /** What was seen where it refuses; null where it does not. Linear in the text. */
  seen(facts: Facts, setting: Setting): string | null
  readonly cases: readonly Case<Setting>[]
}

/** Gives the rule its type. */
export function rule<Setting>(parts: CurationRule<Setting>): CurationRule<Setting> {
  return parts
}

/** What the rules look at, of a candidate. */
export function factsOf({ response, verdict, rewards, problem }: Candidate): Facts {
  return {
    solution: verdict.solution,
    thought: verdict.reasoning,
    finalAnswer: verdict.finalAnswer,
    tokens: response.generation.completionTokens,
    rewards,
    problem,
  }
}
