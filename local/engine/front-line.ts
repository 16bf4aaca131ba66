// Who waits for a slot. Promises: a lower priority is earlier; within one, those who lost their seats come first (who
// lost it last, being the oldest), then the others as they came; whoever leaves is out at once.

export interface Waiting {
  /** 0 for all where the server is first come, first served. */
  readonly priority: number
  /** It ran before, lost its seat and needs room for all of its cache. */
  readonly isReturning: boolean
  /** Takes the slot. dueAt: when it fell free. */
  readonly enter: (dueAt: number) => void
}

export interface WaitingLine {
  readonly size: number
  join(waiting: Waiting): void
  leave(waiting: Waiting): void
  /** Whoever is next. */
  first(): Waiting | undefined
}

interface Rank {
  readonly returning: Waiting[]
  /** A Set keeps the order of insertion and deletes from its middle in no time. */
  readonly fresh: Set<Waiting>
}

/** A line with nobody in it. */
export function createWaitingLine(): WaitingLine {
  const ranks = new Map<number, Rank>()
  /** The priorities of the ranks, the lowest first. */
  let order: number[] = []
  let size = 0

  const rankOf = (priority: number): Rank => {
    const known = ranks.get(priority)
    if (known !== undefined) return known
    const rank: Rank = { returning: [], fresh: new Set() }
    ranks.set(priority, rank)
    order = [...ranks.keys()].sort((one, other) => one - other)
    return rank
  }

  return {
    get size() {
      return size
    },
    join(waiting) {
      const { returning, fresh } = rankOf(waiting.priority)
      if (waiting.isReturning) returning.push(waiting)
      else fresh.add(waiting)
      size += 1
    },
    leave(waiting) {
      const { priority, isReturning } = waiting
      const { returning, fresh } = rankOf(priority)
      if (isReturning) returning.splice(returning.indexOf(waiting), 1)
      else fresh.delete(waiting)
      size -= 1
      if (returning.length + fresh.size > 0) return
      ranks.delete(priority)
      order = order.filter((each) => each !== priority)
    },
    first() {
      if (order.length === 0) return undefined
      const { returning, fresh } = ranks.get(order[0]!)!
      return returning.at(-1) ?? fresh.values().next().value
    },
  }
}
