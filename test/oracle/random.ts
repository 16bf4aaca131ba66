// Random choices that are the same in every run: a small generator with a seed.

export interface Random {
  /** A whole number from low to high, both included. */
  whole(low: number, high: number): number
  /** The same without zero. */
  nonzero(low: number, high: number): number
  pick<Item>(items: readonly Item[]): Item
  chance(): boolean
}

/** A source of choices (mulberry32, a public-domain generator by T. Ettinger). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const whole = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1))
  return {
    whole,
    nonzero(low, high) {
      for (;;) {
        const value = whole(low, high)
        if (value !== 0) return value
      }
    },
    pick: (items) => items[whole(0, items.length - 1)]!,
    chance: () => next() < 0.5,
  }
}
