// Openers: words that a problem is begun with, inside the prefix, so that a model which would greet or chat writes
// mathematics. They become part of the problem. The same run and slot have the same opener for ever.

import { z } from 'zod'

export const openerConfig = z.strictObject({
  text: z.string().min(1).max(500).describe('How a problem begins'),
  weight: z.number().positive().default(1).describe('Share among the openers'),
})

export type Opener = z.infer<typeof openerConfig>

/** Taken where the config says `openers: default`: beginnings over the fields of school and contest mathematics. */
export const DEFAULT_OPENERS: readonly Opener[] = [
  { text: 'Find', weight: 4 },
  { text: 'Let', weight: 4 },
  { text: 'How many', weight: 4 },
  { text: 'What is', weight: 3 },
  { text: 'Compute', weight: 2 },
  { text: 'Determine', weight: 2 },
  { text: 'Evaluate', weight: 2 },
  { text: 'Simplify', weight: 1 },
  { text: 'Solve for', weight: 2 },
  { text: 'Suppose that', weight: 2 },
  { text: 'Given that', weight: 1 },
  { text: 'In triangle', weight: 2 },
  { text: 'A circle', weight: 1 },
  { text: 'A rectangle', weight: 1 },
  { text: 'A train', weight: 1 },
  { text: 'A shop sells', weight: 1 },
  { text: 'A bag holds', weight: 2 },
  { text: 'The sum of', weight: 2 },
  { text: 'The probability that', weight: 1 },
  { text: 'For which integers', weight: 1 },
  { text: 'If a and b are', weight: 1 },
  { text: 'Consider the function', weight: 1 },
  { text: 'Consider the sequence', weight: 1 },
  { text: 'Each of', weight: 1 },
  { text: 'Two', weight: 1 },
  { text: 'Three friends', weight: 1 },
]

/** The opener of a slot, chosen by weight from the run's seed and the slot's number; null where there are none. */
export function openerOf(openers: readonly Opener[], seed: number, slot: number): string | null {
  const total = openers.reduce((sum, { weight }) => sum + weight, 0)
  let left = spread(seed, slot) * total
  for (const { text, weight } of openers) {
    left -= weight
    if (left < 0) return text
  }
  return openers.at(-1)?.text ?? null
}

/** A number from 0 to below 1 that looks like chance and is always the same for the same two numbers. */
function spread(seed: number, slot: number): number {
  // Both numbers may pass 32 bits; their high parts are mixed in.
  let bits = 0x2545f491
  for (const part of [seed >>> 0, Math.floor(seed / 2 ** 32), slot >>> 0, Math.floor(slot / 2 ** 32)]) {
    bits = Math.imul(bits ^ part, 0x9e3779b1)
    bits = Math.imul(bits ^ (bits >>> 15), 0x85ebca6b)
    bits ^= bits >>> 13
  }
  return (bits >>> 0) / 2 ** 32
}
