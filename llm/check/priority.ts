// Does a server of which the config says that it schedules by priority take one? That it obeys it cannot be seen.

import { answered, type Unanswered } from './ask.ts'
import type { Remark } from './finding.ts'

/** refusal: what the server said of a call with a priority; null: it took it. */
export function checkPriority(refusal: { readonly message: string } | null | Unanswered): Remark[] {
  if (refusal === null || !answered(refusal)) return []
  return [
    {
      severity: 'error',
      check: 'priority',
      seen: `it refuses the calls of replays: ${refusal.message}`,
      advice: 'start it with --scheduling-policy priority, or take schedulingPolicy out of its endpoint',
    },
  ]
}
