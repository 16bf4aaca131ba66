// Gathers what is wrong: how much of each kind at each place, and the first twenty by id. Promise: memory does not grow
// with the number of faults.

import type { FaultExample, FaultGroup, FaultKind } from './contract.ts'

const NAMED = 20

export interface Faults {
  /** `tell` is asked only where the example is among the first. */
  add(at: string, kind: FaultKind, id: string, tell: () => Omit<FaultExample, 'id'>): void
  count(at: string, kind: FaultKind): number
  /** Forgets a group; returns how many they were. */
  drop(at: string, kind: FaultKind): number
  /** In the order in which places were first heard of. */
  groups(): FaultGroup[]
}

export function createFaults(): Faults {
  const groups = new Map<string, { at: string; kind: FaultKind; count: number; first: FaultExample[] }>()
  return {
    add(at, kind, id, tell) {
      const name = `${kind} ${at}`
      let group = groups.get(name)
      if (group === undefined) groups.set(name, (group = { at, kind, count: 0, first: [] }))
      group.count += 1
      const { first } = group
      if (first.length === NAMED && id >= first[NAMED - 1]!.id) return
      const place = first.findIndex((other) => other.id > id)
      first.splice(place === -1 ? first.length : place, 0, { id, ...tell() })
      if (first.length > NAMED) first.pop()
    },
    count: (at, kind) => groups.get(`${kind} ${at}`)?.count ?? 0,
    drop(at, kind) {
      const count = groups.get(`${kind} ${at}`)?.count ?? 0
      groups.delete(`${kind} ${at}`)
      return count
    },
    groups: () => [...groups.values()].map((group) => ({ ...group, first: [...group.first] })),
  }
}
