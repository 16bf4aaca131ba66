// The parts of a replay that a process takes which joins it.

import type { PartName } from '../pipeline.ts'
import { soleFault } from '../pipeline/sole-sinks.ts'
import type { SoleSink } from '../pipeline/sole-sinks.ts'
import { UsageFault } from '../schemas/failure.ts'

export interface Joined {
  readonly revision: string
  /** What the replay has. */
  readonly own: readonly PartName[]
  /** Those of it that its leader has alone. */
  readonly sole: readonly SoleSink[]
  readonly leader: { readonly pid: number; readonly host: string }
}

/** Those that `--stages` names, or all that can be shared. Throws UsageFault for what the replay does not have or share. */
export function joinedParts(named: readonly string[], { revision, own, sole, leader }: Joined): Set<PartName> {
  const faults = named.flatMap((name) => {
    if (!(own as readonly string[]).includes(name))
      return [`--stages: revision ${revision} has no part ${name}; it has ${own.join(', ')}`]
    const alone = sole.find((each) => each === name)
    return alone === undefined ? [] : [soleFault(alone, leader)]
  })
  if (faults.length > 0) throw new UsageFault(faults)
  const shared = own.filter((name) => !(sole as readonly PartName[]).includes(name))
  return new Set(named.length === 0 ? shared : shared.filter((name) => named.includes(name)))
}
