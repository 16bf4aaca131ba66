// The calls of one role: they share a model and may go to the same endpoints. Promises: its members may change while
// calls wait and run; an endpoint that answers far more slowly than its peers is known, and said once.

import type { Logger } from '../schemas/logger.ts'
import type { Endpoint } from './endpoint.ts'

export interface Member {
  readonly endpoint: Endpoint
  /** Share of the work against the other members. */
  readonly weight: number
}

export interface Lane {
  /** A role, or `reward:NAME`. */
  readonly name: string
  members(): readonly Member[]
  /** From now on. Calls in flight at an endpoint that is no member any more end there. */
  setMembers(members: readonly Member[]): void
  /** A call of this lane was answered there after so long. */
  answered(endpoint: Endpoint, milliseconds: number): void
  /** Mean time of an answer of this lane there, milliseconds; null before the first. */
  meanMs(endpoint: Endpoint): number | null
  /** Whether it needs far more time than the others of this lane: it gets what they cannot take. */
  isSlow(endpoint: Endpoint): boolean
}

/** So many times the median of its peers is slow. */
const SLOW = 4
/** No longer slow from here. */
const WELL = 2
/** Answers of an endpoint before it is judged, and between two judgements of a lane. */
const ENOUGH = 32
const NEWEST = 0.05

interface Pace {
  answers: number
  /** Of an answer, milliseconds. */
  mean: number
}

export function createLane(name: string, initial: readonly Member[], log: Logger): Lane {
  let members = initial
  const paces = new Map<Endpoint, Pace>()
  const slow = new Set<Endpoint>()
  let sinceJudged = 0

  /** Median of the others' means. */
  const peersOf = (endpoint: Endpoint): number | null => {
    const means = [...paces]
      .filter(([other, { answers }]) => other !== endpoint && answers >= ENOUGH)
      .map(([, { mean }]) => mean)
      .sort((a, b) => a - b)
    return means.length === 0 ? null : means[Math.floor((means.length - 1) / 2)]!
  }

  const judge = (): void => {
    for (const [endpoint, { answers, mean }] of paces) {
      const peers = peersOf(endpoint)
      if (peers === null || answers < ENOUGH) continue
      if (!slow.has(endpoint) && mean > SLOW * peers) {
        slow.add(endpoint)
        const seconds = { seconds: Math.round(mean) / 1000, peers: Math.round(peers) / 1000 }
        log.warn(
          { endpoint: endpoint.url, role: name, ...seconds },
          'model server is slow; it gets what others cannot take',
        )
      } else if (slow.has(endpoint) && mean < WELL * peers) {
        slow.delete(endpoint)
        log.info({ endpoint: endpoint.url, role: name }, 'model server is as fast as its peers again')
      }
    }
  }

  return {
    name,
    members: () => members,
    setMembers: (next) => {
      members = next
      for (const endpoint of paces.keys()) {
        if (next.some((member) => member.endpoint === endpoint)) continue
        paces.delete(endpoint)
        slow.delete(endpoint)
      }
    },
    answered: (endpoint, milliseconds) => {
      if (!members.some((member) => member.endpoint === endpoint)) return
      const pace = paces.get(endpoint)
      if (pace === undefined) paces.set(endpoint, { answers: 1, mean: milliseconds })
      else {
        pace.answers += 1
        // The plain mean at first, so that the first answers, which are the short ones, do not weigh for long.
        pace.mean += (milliseconds - pace.mean) * Math.max(NEWEST, 1 / pace.answers)
      }
      sinceJudged += 1
      if (sinceJudged < ENOUGH) return
      sinceJudged = 0
      judge()
    },
    meanMs: (endpoint) => paces.get(endpoint)?.mean ?? null,
    isSlow: (endpoint) => slow.has(endpoint),
  }
}
