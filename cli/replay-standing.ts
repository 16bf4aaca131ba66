// What a replay takes of the model servers beside others: its share of their slots, and its place in their queues.

import { callersOf } from '../llm/callers.ts'
import { callersIn } from '../pipeline/callers.ts'
import type { LoadedConfig } from '../configs/load.ts'
import { UsageFault } from '../schemas/failure.ts'
import type { Messages } from './messages/contract.ts'
import type { ReplayOptions } from './replay-options.ts'

/** Of the engines' slots beside a run that is at work, unless --share says another. */
const SHARE_BESIDE = 0.2
/** Behind the calls of runs, which ask for 0; room is left for replays before and behind it. */
const BEHIND_RUNS = 10

export interface Standing {
  /** undefined: all slots. */
  readonly share: number | undefined
  readonly priority: number
  /** What no option has asked for, as sentences. */
  readonly say: (messages: Messages) => string[]
}

/** isBeside: a run is at work. Throws UsageFault for a priority that no server would look at. */
export function standingOf(
  options: Pick<ReplayOptions, 'share' | 'priority'>,
  { config }: Pick<LoadedConfig, 'config'>,
  isBeside: boolean,
): Standing {
  const callers = callersOf(callersIn(config))
  const goesByIt = callers.some(({ endpoints }) =>
    endpoints.some(({ schedulingPolicy }) => schedulingPolicy === 'priority'),
  )
  if (options.priority !== undefined && !goesByIt)
    throw new UsageFault(
      `--priority ${options.priority}: no model server that this replay calls schedules by priority; set schedulingPolicy: priority at the endpoints of those that run with --scheduling-policy priority, or leave --priority out`,
    )
  const share = options.share ?? (isBeside && callers.length > 0 ? SHARE_BESIDE : undefined)
  const priority = options.priority ?? BEHIND_RUNS
  return {
    share,
    priority,
    say: (messages) => [
      ...(share !== undefined && options.share === undefined ? [messages.sharing(share)] : []),
      ...(goesByIt && options.priority === undefined ? [messages.behind(priority)] : []),
    ],
  }
}
