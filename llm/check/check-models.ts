// Every role and reward model of a config at each of its endpoints. Promises: never throws for what a server does; every
// endpoint of every subject is looked at, all at once.

import { callersOf } from '../callers.ts'
import { type Clock, systemClock } from '../clock.ts'
import { engineUrl } from '../config.ts'
import { createEngineClient } from '../engine-client.ts'
import { enginesOf, type Environment } from '../engines.ts'
import { priorityRefusal } from '../priority-probe.ts'
import { createAsk } from './ask.ts'
import { checkEmbedder, type EmbedderSubject } from './check-embedder.ts'
import { checkRewarder, type RewarderSubject } from './check-rewarder.ts'
import { checkRole, type Place, type RoleSubject } from './check-role.ts'
import type { Finding, Remark } from './finding.ts'
import { checkPriority } from './priority.ts'

export type Subject = RoleSubject | RewarderSubject | EmbedderSubject

export interface CheckedModels {
  readonly findings: Finding[]
  /** Each pair of subject and endpoint that was looked at. */
  readonly looked: { readonly caller: string; readonly endpoint: string; readonly model: string }[]
}

/**
 * Looks at all endpoints.
 *
 * timeoutMs: of each single question. Throws UsageFault for faults of the config (a key that is not set, the word
 * local that nobody replaced), and the signal's reason.
 */
export async function checkModels(parts: {
  subjects: readonly Subject[]
  signal: AbortSignal
  environment?: Environment
  timeoutMs?: number
  clock?: Clock
  /** Told when a place is first asked, and when it has been looked at. */
  onProgress?: (place: { caller: string; endpoint: string }, step: 'asked' | 'done') => void
}): Promise<CheckedModels> {
  const { onProgress = () => undefined } = parts
  const { subjects, signal, environment = process.env, timeoutMs = 60_000, clock = systemClock } = parts
  const roles = Object.fromEntries(subjects.flatMap((each) => (each.kind === 'role' ? [[each.name, each.config]] : [])))
  const rewarders = Object.fromEntries(
    subjects.flatMap((each) => (each.kind === 'rewarder' ? [[each.name.replace(/^reward:/, ''), each.config]] : [])),
  )
  const embedder = subjects.find((each) => each.kind === 'embedder')?.config
  const engines = enginesOf(callersOf({ roles, rewarders, embedder }), environment)
  const ask = createAsk({ signal, timeoutMs, clock })
  const places = subjects.flatMap((subject) =>
    subject.config.endpoints.map((endpoint) => ({ subject, url: engineUrl(endpoint.url) })),
  )
  const found = await Promise.all(
    places.map(async ({ subject, url }): Promise<Finding[]> => {
      const { access, byPriority, canary } = engines.get(url)!
      const client = createEngineClient({ url, ...access, clock })
      const told = { caller: subject.name, endpoint: url }
      onProgress(told, 'asked')
      try {
        const place = { url, client, ask }
        const refusal = byPriority ? await ask((limited) => priorityRefusal(client, canary, limited)) : null
        const remarks = [...(await check(subject, place)), ...checkPriority(refusal)]
        return remarks.map((remark) => ({
          caller: subject.name,
          endpoint: url,
          model: subject.config.model,
          ...remark,
        }))
      } finally {
        onProgress(told, 'done')
        await client.close()
      }
    }),
  )
  const looked = places.map(({ subject, url }) => ({
    caller: subject.name,
    endpoint: url,
    model: subject.config.model,
  }))
  return { findings: found.flat(), looked }
}

async function check(subject: Subject, place: Place): Promise<Remark[]> {
  switch (subject.kind) {
    case 'role':
      return checkRole(subject, place)
    case 'rewarder':
      return checkRewarder(subject, place)
    case 'embedder':
      return checkEmbedder(subject, place)
  }
}
