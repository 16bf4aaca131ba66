// Format prm: the steps of a response with a label each, as TRL's PRMTrainer reads them. The steps are those that the
// process reward model scored (llm/steps.ts); a label says whether the score reaches the threshold.

import { withoutControlTokens } from '../../../llm/control-tokens.ts'
import { splitSteps } from '../../../llm/steps.ts'
import type { Look, Maker } from '../contract.ts'
import { field, recordSchema } from './fields.ts'

/** What the query gives of a response (query.ts). */
interface ScoredResponse {
  readonly id: string
  readonly problem_id: string
  /** null: table problems has no such problem, or not its text. */
  readonly instruction: string | null
  readonly solution: string
  readonly steps: readonly number[]
  readonly reward: number | null
  readonly model: string
  readonly verdict: string | null
  readonly final_answer: string | null
  readonly reference_answer: string | null
  readonly revision: string
}

const OWN = [
  field('prompt', 'string', 'The problem'),
  field('completions', { type: 'array', items: 'string' }, 'The steps of the response'),
  field('labels', { type: 'array', items: 'boolean' }, 'true: the step is right'),
]

const BEHIND = [
  field('problem_id', 'string', 'Id of the problem'),
  field('step_rewards', { type: 'array', items: 'double' }, 'Probability that each step is right'),
  field('reward', ['null', 'double'], 'What the scores of the steps come to'),
  field('reward_name', 'string', 'The process reward'),
  field('model', 'string', 'Model that wrote the response'),
  field('verdict', ['null', 'string'], 'Verdict of the final answer'),
  field('final_answer', ['null', 'string'], 'The final answer'),
  field('reference_answer', ['null', 'string'], 'The answer that the problem came with'),
  field('revision', 'string', 'Way of processing'),
]

/** Maker of rows of a response's steps. */
export function stepsMaker({ bare, threshold, reward }: Look): Maker {
  const fields = bare ? OWN : [field('id', 'string', 'Id of the response'), ...OWN, ...BEHIND]
  return {
    schema: recordSchema('Steps', 'A row of format prm', fields),
    make(columns) {
      const response = columns as unknown as ScoredResponse
      if (response.instruction === null) return { leftOut: 'no-text-of-its-problem' }
      const completions = splitSteps(withoutControlTokens(response.solution))
      if (completions.length !== response.steps.length) return { leftOut: 'steps-and-scores-differ' }
      const values: Record<string, unknown> = {
        ...response,
        prompt: response.instruction,
        completions,
        labels: response.steps.map((score) => score >= threshold),
        step_rewards: response.steps,
        reward_name: reward,
      }
      return [Object.fromEntries(fields.map(({ name }) => [name, values[name]]))]
    },
    faultsOf({ completions, labels, step_rewards: scores }) {
      const steps = (completions as unknown[]).length
      return Object.entries({ labels, step_rewards: scores }).flatMap(([name, list]) => {
        const length = (list as unknown[] | undefined)?.length ?? steps
        return length === steps ? [] : [{ field: name, message: `${length} for ${steps} steps` }]
      })
    },
  }
}
