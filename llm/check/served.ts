// Does the endpoint answer, take the key, and serve the model?

import type { ServedModel } from '../reply-server.ts'
import type { Unanswered } from './ask.ts'
import type { Remark } from './finding.ts'

/** A server that lists this takes any name (gateways, the simulator). */
const ANY_MODEL = '*'

/** url and model as the config has them; models: what /v1/models answered. */
export function checkServed(look: {
  readonly url: string
  readonly model: string
  readonly models: readonly ServedModel[] | Unanswered
}): Remark[] {
  const { url, model, models } = look
  if ('failed' in models) {
    const { code, message } = models.failed
    // A gateway that does not list its models is found out by its calls.
    if (code === 'route-not-found')
      return [{ severity: 'note', check: 'served', seen: 'it does not list its models', advice: '' }]
    return [{ severity: 'error', check: 'served', seen: `no answer from ${url}: ${message}`, advice: adviceFor(code) }]
  }
  const names = models.map(({ id }) => id)
  if (names.includes(model) || names.includes(ANY_MODEL)) return []
  const seen = `it serves ${names.join(', ') || 'no model'}, not ${model}`
  return [
    {
      severity: 'error',
      check: 'served',
      seen,
      advice: 'correct model in the config, or start the server with --served-model-name',
    },
  ]
}

function adviceFor(code: string): string {
  if (code === 'unauthorized')
    return 'name the environment variable that holds the key in keyEnv, and see that it is the right key'
  if (code === 'timeout') return 'see whether the server hangs or is still loading'
  return 'start the server, or correct the url'
}
