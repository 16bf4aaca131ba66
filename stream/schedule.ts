// Records that were taken and wait for a free place: one queue a partition, served in turn, so that a partition
// whose next record must wait (see Ledger.mayStart) holds up no other.

import type { Arrival } from './arrival.ts'
import type { Tenure } from './tenure.ts'

export interface Schedule {
  /** Adds records of one partition, in offset order. */
  add(arrivals: readonly Arrival[]): void
  /** Takes out the next record that may start; null if there is none. */
  next(): Arrival | null
  /** Forgets a partition's records. */
  drop(tenure: Tenure): void
  /** Records and bytes that could start now. */
  ready(): { records: number; bytes: number }
  /** All records that wait. */
  size(): number
}

interface Line {
  arrivals: Arrival[]
  head: number
  bytes: number
}

/** Makes an empty schedule. */
export function createSchedule(): Schedule {
  const lines = new Map<Tenure, Line>()
  let turn: Tenure[] = []

  function mayStart(tenure: Tenure, line: Line): boolean {
    const first = line.arrivals[line.head]
    return first !== undefined && tenure.ledger.mayStart(first.offset)
  }

  return {
    add(arrivals) {
      for (const arrival of arrivals) {
        let line = lines.get(arrival.tenure)
        if (line === undefined) {
          line = { arrivals: [], head: 0, bytes: 0 }
          lines.set(arrival.tenure, line)
          turn.push(arrival.tenure)
        }
        line.arrivals.push(arrival)
        line.bytes += sizeOfArrival(arrival)
      }
    },

    next() {
      for (let tried = 0; tried < turn.length; tried += 1) {
        const tenure = turn.shift()!
        turn.push(tenure)
        const line = lines.get(tenure)!
        if (!mayStart(tenure, line)) continue
        const arrival = line.arrivals[line.head]!
        line.head += 1
        line.bytes -= sizeOfArrival(arrival)
        if (line.head === line.arrivals.length) {
          line.arrivals = []
          line.head = 0
        } else if (line.head >= 1024) {
          line.arrivals = line.arrivals.slice(line.head)
          line.head = 0
        }
        return arrival
      }
      return null
    },

    drop(tenure) {
      lines.delete(tenure)
      turn = turn.filter((each) => each !== tenure)
    },

    ready() {
      let records = 0
      let bytes = 0
      for (const [tenure, line] of lines) {
        if (!mayStart(tenure, line)) continue
        records += line.arrivals.length - line.head
        bytes += line.bytes
      }
      return { records, bytes }
    },

    size() {
      let records = 0
      for (const line of lines.values()) records += line.arrivals.length - line.head
      return records
    },
  }
}

/** Bytes that a waiting record holds. */
export function sizeOfArrival(arrival: Arrival): number {
  return 200 + (arrival.value?.length ?? 0)
}
