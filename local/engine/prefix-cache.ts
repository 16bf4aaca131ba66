// The prefix cache of a server, as far as clients see it: how many tokens of a prompt were computed before. Blocks of
// 16 tokens, each known by itself and all before it; the ones not used for longest are dropped first.

import { hashNumbers } from './random.ts'

/** Tokens of a block, vLLM's default. */
export const BLOCK_TOKENS = 16

const BLOCKS = 65_536

export interface PrefixCache {
  /** Tokens of this prompt that are there already: whole blocks, never the last token, which is always computed. */
  cached(tokens: readonly number[]): number
  /** Remembers a prompt and what was generated after it. */
  remember(tokens: readonly number[]): void
}

/** An empty cache of so many blocks (about a million tokens, some thousand prompts, unless said). */
export function createPrefixCache(blocks = BLOCKS): PrefixCache {
  // A Map keeps the order in which keys were set: the first is the one not used for longest.
  const known = new Map<number, true>()
  return {
    cached(tokens) {
      let count = 0
      for (const block of blockHashes(tokens.slice(0, -1))) {
        if (!known.has(block)) break
        touch(known, block)
        count += BLOCK_TOKENS
      }
      return count
    },
    remember(tokens) {
      for (const block of blockHashes(tokens)) touch(known, block)
      for (const oldest of known.keys()) {
        if (known.size <= blocks) break
        known.delete(oldest)
      }
    },
  }
}

function touch(known: Map<number, true>, block: number): void {
  known.delete(block)
  known.set(block, true)
}

/** One number for each whole block, which depends on every token before its end. */
function* blockHashes(tokens: readonly number[]): Generator<number> {
  let first = 0
  let second = 1
  for (let at = 0; at + BLOCK_TOKENS <= tokens.length; at += BLOCK_TOKENS) {
    const block = tokens.slice(at, at + BLOCK_TOKENS)
    first = hashNumbers(first, ...block)
    second = hashNumbers(second, first, block[0]!)
    // 52 bits of the two.
    yield (first % 0x10_0000) * 0x1_0000_0000 + second
  }
}
