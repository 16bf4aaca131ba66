// A thread of the math pool: takes pairs of answers, one after the other, and posts the verdicts in that order. The engine
// is loaded at the first pair that needs it. Whatever goes wrong here ends this thread only; the pool replaces it.

import { parentPort } from 'node:worker_threads'

import { compareAnswers } from './compare.ts'
import type { Comparison } from './contract.ts'
import { loadSecondOpinion, type SecondOpinion } from './engine.ts'

/** What the pool sends. */
export interface Question {
  readonly id: number
  readonly gold: string
  readonly pred: string
}
/** What a worker posts: ready once, loading when its clock shall start anew, a verdict for each question. */
export type Reply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'loading'; readonly id: number }
  | { readonly kind: 'verdict'; readonly id: number; readonly verdict: Comparison }

const undecided = new Set(['parse-failed', 'not-finite'])

const port = parentPort
if (port === null) throw new Error('math/worker.ts runs as a worker thread of math/pool.ts')

const post = (reply: Reply): void => {
  port.postMessage(reply)
}

let secondOpinion: SecondOpinion | null = null

async function answer({ id, gold, pred }: Question): Promise<void> {
  let verdict = compareAnswers(gold, pred)
  if (verdict.verdict === 'unknown' && undecided.has(verdict.reason)) {
    if (secondOpinion === null) {
      post({ kind: 'loading', id })
      secondOpinion = await loadSecondOpinion()
      post({ kind: 'loading', id })
    }
    verdict = secondOpinion(gold, pred) ?? verdict
  }
  post({ kind: 'verdict', id, verdict })
}

let last = Promise.resolve()
port.on('message', (question: Question) => {
  // Several lie ready; the pool takes the verdicts in their order.
  last = last.then(() => answer(question))
})
post({ kind: 'ready' })
