// What a replay takes of the model servers beside others: its share of their slots, and its place in their queues.

import { callersOf } from '../llm/callers.ts'
import { callersIn } from '../pipeline/callers.ts'
import type { LoadedConfig } from '../configs/load.ts'
import type { RunParts } from '../pipeline/run-contract.ts'
import { UsageFault } from '../schemas/failure.ts'
import type { Messages } from './messages/contract.ts'
import type { ReplayOptions } from './replay-options.ts'

/** Behind the calls of runs, which ask for 0; room is left for replays before and behind it. */
const BEHIND_RUNS = 10

export interface Standing {
  /** undefined: it calls no model. */
  readonly share: RunParts['share']
  readonly priority: number
  /** What no option has asked for, as sentences. */
  readonly say: (messages: Messages) => string[]
}

/** Throws UsageFault for a priority that no server would look at. */
export function standingOf(
  options: Pick<ReplayOptions, 'share' | 'priority'>,
  { config }: Pick<LoadedConfig, 'config'>,
): Standing {
  const callers = callersOf(callersIn(config))
  const goesByIt = callers.some(({ endpoints }) =>
    endpoints.some(({ schedulingPolicy }) => schedulingPolicy === 'priority'),
  )
  if (options.priority !== undefined && !goesByIt)
    throw new UsageFault(
      `--priority ${options.priority}: no model server that this replay calls schedules by priority; set schedulingPolicy: priority at the endpoints of those that run with --scheduling-policy priority, or leave --priority out`,
    )
  const priority = options.priority ?? BEHIND_RUNS
  return {
    share: options.share ?? (callers.length > 0 ? 'beside' : undefined),
    priority,
    say: (messages) => (goesByIt && options.priority === undefined ? [messages.behind(priority)] : []),
  }
}
