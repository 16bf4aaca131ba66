// The engines that a config names, one for each URL, whatever number of roles name it. Promises: every fault of the
// endpoints' config is found before the first call, and all are told together.

import { UsageFault } from '../schemas/failure.ts'
import type { Environment } from '../schemas/tls.ts'
import { type Access, isSameAccess, readAccess } from './access.ts'
import type { Caller } from './callers.ts'
import { EMBEDDER, engineUrl, LOCAL_ENDPOINT } from './config.ts'
import type { Canary } from './endpoint.ts'

export type { Environment }

export interface Engine {
  readonly url: string
  readonly access: Access
  /** Never more sequences in flight. */
  readonly limit: number
  /** What the limit begins with. */
  readonly start: number
  readonly adaptive: boolean
  /** Whether it takes the lowest priority first. */
  readonly byPriority: boolean
  readonly canary: Canary
}

/** The engines of these callers, one for each URL. Throws UsageFault with every fault. */
export function enginesOf(callers: readonly Caller[], environment: Environment): Map<string, Engine> {
  const faults: string[] = []
  const engines = new Map<string, Engine>()
  const firstPlace = new Map<string, { place: string; keyEnv: string | undefined; access: Access }>()
  for (const { name, endpoints, canary } of callers) {
    const urls = new Set<string>()
    for (const [index, endpoint] of endpoints.entries()) {
      const owner = ownerOf(name)
      const place = `${owner}.endpoints.${index}`
      if (endpoint.url === LOCAL_ENDPOINT) {
        faults.push(`${place}.url: the local model is not running; start it with ./magpie services up or give a URL`)
        continue
      }
      const url = engineUrl(endpoint.url)
      if (urls.has(url)) faults.push(`${place}.url: ${url} is there twice; give it once with a higher weight`)
      urls.add(url)
      const { access, faults: found } = readAccess(endpoint, environment)
      for (const { path, text } of found) faults.push(`${place}.${path.join('.')}: ${text}`)
      const known = engines.get(url)
      const first = firstPlace.get(url)
      if (known === undefined || first === undefined) {
        const { limit, start, adaptive } = endpoint
        const byPriority = endpoint.schedulingPolicy === 'priority'
        engines.set(url, { url, access, limit, start, adaptive, byPriority, canary })
        firstPlace.set(url, { place, keyEnv: endpoint.keyEnv, access })
        continue
      }
      // One server has one limit: of several, the lowest does no harm.
      if (endpoint.limit < known.limit) engines.set(url, { ...known, limit: endpoint.limit })
      if (!endpoint.adaptive && known.adaptive) engines.set(url, { ...engines.get(url)!, adaptive: false })
      if (endpoint.schedulingPolicy === 'priority') engines.set(url, { ...engines.get(url)!, byPriority: true })
      if (first.keyEnv !== endpoint.keyEnv)
        faults.push(`${place}.keyEnv: ${url} has another key at ${first.place}; it is one server, give one key`)
      else if (!isSameAccess(first.access, access))
        faults.push(
          `${place}: ${url} has other headers or certificates at ${first.place}; it is one server, give the same`,
        )
    }
  }
  if (faults.length > 0) throw new UsageFault(faults)
  return engines
}

/** Where the config has the caller. */
function ownerOf(caller: string): string {
  if (caller === EMBEDDER) return 'stages.screen.embeddings'
  return caller.startsWith('reward:') ? `stages.reward.rewards[${caller.slice(7)}]` : `roles.${caller}`
}
