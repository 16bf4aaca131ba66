// A priority queue of waiting calls: lower rank first (finish before starting), then the older one. Promises:
// order is total and does not depend on when something was taken out; an entry can leave from the middle.

export interface Ranked {
  /** Stage rank: reward and judge 0, sample 1, answer 2, tag 3, problems 4. */
  readonly rank: number
  /** Running number of the call; a call that is tried again keeps it. */
  readonly age: number
}

export interface PriorityQueue<T extends Ranked> {
  add(entry: T): void
  /** Takes an entry out wherever it stands; false when it is not there. */
  remove(entry: T): boolean
  first(): T | undefined
  size(): number
}

/** True when a goes before b. */
export function goesBefore(a: Ranked, b: Ranked): boolean {
  return a.rank !== b.rank ? a.rank < b.rank : a.age < b.age
}

/** A binary heap; entries taken out from the middle are dropped when they come up. */
export function createPriorityQueue<T extends Ranked>(): PriorityQueue<T> {
  const heap: T[] = []
  const present = new Set<T>()

  const swap = (i: number, j: number): void => {
    const entry = heap[i]!
    heap[i] = heap[j]!
    heap[j] = entry
  }
  const rise = (start: number): void => {
    let i = start
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!goesBefore(heap[i]!, heap[parent]!)) return
      swap(i, parent)
      i = parent
    }
  }
  const sink = (): void => {
    let i = 0
    for (;;) {
      const left = 2 * i + 1
      if (left >= heap.length) return
      const right = left + 1
      const child = right < heap.length && goesBefore(heap[right]!, heap[left]!) ? right : left
      if (!goesBefore(heap[child]!, heap[i]!)) return
      swap(i, child)
      i = child
    }
  }
  const dropFirst = (): void => {
    const last = heap.pop()!
    if (heap.length === 0) return
    heap[0] = last
    sink()
  }
  const rebuild = (): void => {
    const left = heap.filter((entry) => present.has(entry)).sort((a, b) => (goesBefore(a, b) ? -1 : 1))
    heap.length = 0
    for (const entry of left) heap.push(entry)
  }

  return {
    add: (entry) => {
      if (present.has(entry)) throw new Error('an entry waits once')
      // An entry that left and comes back may still stand in the heap: its old place would make it two.
      if (heap.length > present.size && heap.includes(entry)) rebuild()
      present.add(entry)
      heap.push(entry)
      rise(heap.length - 1)
    },
    remove: (entry) => {
      if (!present.delete(entry)) return false
      if (heap[0] === entry) dropFirst()
      else if (heap.length > 64 && heap.length > 2 * present.size) rebuild()
      return true
    },
    first: () => {
      while (heap.length > 0 && !present.has(heap[0]!)) dropFirst()
      return heap[0]
    },
    size: () => present.size,
  }
}
