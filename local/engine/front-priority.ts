// A request's place in the queue, as its body asks for it (vLLM's `priority`: lower is earlier, 0 unless said).

import { badRequest } from './front-faults.ts'
import type { Body } from './front-fields.ts'
import type { FrontProtocol } from './front-protocol.ts'

/** The priority that a request has here: 0 for all where the server does not schedule by it. Throws the 400 of releases that refuse it then. */
export function priorityOf({ schedulingPolicy, refusesPriority }: FrontProtocol, body: Body): number {
  const { priority } = body
  // Anything else is told with the other faults of the body's shape.
  if (typeof priority !== 'number' || !Number.isInteger(priority)) return 0
  if (schedulingPolicy === 'priority') return priority
  if (refusesPriority === true && priority !== 0)
    throw badRequest(`Got priority ${priority} but Priority scheduling is not enabled.`)
  return 0
}
