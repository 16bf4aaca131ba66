// The sequences of one llama context, lent to one generation at a time: whoever finds none free waits in line.
// Promises: a place in line that is aborted is gone at once, and the sequence that already holds most of the
// prompt is lent first (its beginning is not computed again).
import type { LlamaSequence } from './llama-library.ts'

export interface SequencePool {
  /** Runs `work` with a sequence of its own. Throws the signal's reason if it is aborted while waiting. */
  use<Result>(
    tokens: readonly number[],
    signal: AbortSignal,
    work: (sequence: LlamaSequence) => Promise<Result>,
  ): Promise<Result>
}

export function sequencePool(sequences: readonly LlamaSequence[]): SequencePool {
  const free = [...sequences]
  const waiting = new Set<(sequence: LlamaSequence) => void>()

  async function borrow(tokens: readonly number[], signal: AbortSignal): Promise<LlamaSequence> {
    signal.throwIfAborted()
    const best = nearest(free, tokens)
    if (best !== null) {
      free.splice(free.indexOf(best), 1)
      return best
    }
    return await new Promise((resolve, reject) => {
      const place = (sequence: LlamaSequence): void => {
        signal.removeEventListener('abort', leave)
        resolve(sequence)
      }
      const leave = (): void => {
        waiting.delete(place)
        reject(signal.reason as Error)
      }
      waiting.add(place)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  function giveBack(sequence: LlamaSequence): void {
    const [next] = waiting
    if (next === undefined) {
      free.push(sequence)
      return
    }
    waiting.delete(next)
    next(sequence)
  }

  return {
    async use(tokens, signal, work) {
      const sequence = await borrow(tokens, signal)
      try {
        return await work(sequence)
      } finally {
        giveBack(sequence)
      }
    },
  }
}

function nearest(free: readonly LlamaSequence[], tokens: readonly number[]): LlamaSequence | null {
  let best: LlamaSequence | null = null
  let most = -1
  for (const sequence of free) {
    const held = sequence.contextTokens
    let same = 0
    while (same < held.length && same < tokens.length && held[same] === tokens[same]) same += 1
    if (same > most) [best, most] = [sequence, same]
  }
  return best
}
