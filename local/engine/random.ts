// Chance that repeats: everything here is a function of numbers and texts, so the same request gets the same text.

/** 32-bit FNV-1a of a text's UTF-16 units, mixed once more so that near texts lie far apart. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return mix(hash)
}

/** One 32-bit number from several (any safe integers, signs and high bits count). */
export function hashNumbers(...numbers: number[]): number {
  let hash = 0x9e3779b9
  for (const number of numbers) {
    hash = mix(hash ^ (number | 0))
    hash = mix(hash ^ (Math.floor(number / 0x1_0000_0000) | 0) ^ 0x5bd1e995)
  }
  return hash
}

/** murmur3's 32-bit finalizer: each bit of the result depends on each bit of the input. */
function mix(value: number): number {
  let hash = value | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** Draws one after another from a seed. */
export interface Dice {
  /** Uniform in [0, 1). */
  uniform(): number
  /** Uniform integer in [0, below). */
  below(below: number): number
  /** One of the list. */
  pick<Item>(list: readonly Item[]): Item
  /** Standard normal. */
  normal(): number
}

/** Dice of these seeds: equal seeds, equal draws. */
export function createDice(...seeds: number[]): Dice {
  const start = hashNumbers(...seeds)
  let count = 0
  const uniform = (): number => {
    count += 1
    return mix(start + Math.imul(count, 0x9e3779b9)) / 0x1_0000_0000
  }
  const below = (limit: number): number => Math.floor(uniform() * limit)
  return {
    uniform,
    below,
    pick: (list) => list[below(list.length)]!,
    // Box and Muller; 1 - u keeps the logarithm's argument above 0.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  }
}
