// Answers compared in worker threads. Each comparison has a hard time limit: the thread that passes it is killed and
// replaced, and the verdict is unknown, timed-out. Threads start when they are first needed.

import { Worker } from 'node:worker_threads'

import type { Logger } from '../schemas/logger.ts'
import type { Comparison, MathPool } from './contract.ts'
import { groupAnswers } from './group.ts'
import { compareCheaply } from './keys.ts'
import type { Question, Reply } from './worker.ts'

export interface MathPoolOptions {
  /** Threads, at least 1. */
  readonly workers: number
  /** For each comparison, in milliseconds; a thread's start is not counted. */
  readonly timeoutMs: number
  readonly log: Logger
}

interface Task {
  readonly question: Question
  readonly resolve: (verdict: Comparison) => void
}

interface Thread {
  readonly worker: Worker
  ready: boolean
  task: Task | null
  timer: NodeJS.Timeout | null
}

/** A thread that has not even started after this long is given up. */
const startLimitMs = 60_000
const heapLimitMb = 512

/** Makes the pool. Nothing runs before the first comparison that needs a thread; close() ends every thread. */
export function createMathPool({ workers, timeoutMs, log }: MathPoolOptions): MathPool {
  const threads = new Set<Thread>()
  const waiting: Task[] = []
  let nextId = 0
  let closed = false

  const settle = (thread: Thread, verdict: Comparison): void => {
    if (thread.timer !== null) clearTimeout(thread.timer)
    thread.timer = null
    const { task } = thread
    thread.task = null
    task?.resolve(verdict)
  }

  /** Ends a thread for good; its task gets the verdict. */
  const kill = (thread: Thread, reason: string): void => {
    if (!threads.delete(thread)) return
    settle(thread, { verdict: 'unknown', reason })
    thread.worker.removeAllListeners()
    thread.worker.on('error', () => undefined)
    void thread.worker.terminate()
    if (!closed) log.warn({ reason }, 'math worker replaced')
    dispatch()
  }

  const startClock = (thread: Thread, milliseconds: number): void => {
    if (thread.timer !== null) clearTimeout(thread.timer)
    thread.timer = setTimeout(() => {
      kill(thread, 'timed-out')
    }, milliseconds)
  }

  const give = (thread: Thread, task: Task): void => {
    thread.task = task
    thread.worker.ref()
    if (!thread.ready) {
      startClock(thread, startLimitMs)
      return
    }
    startClock(thread, timeoutMs)
    thread.worker.postMessage(task.question)
  }

  const start = (): Thread => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: heapLimitMb },
    })
    const thread: Thread = { worker, ready: false, task: null, timer: null }
    let loading = false
    worker.on('message', (reply: Reply) => {
      switch (reply.kind) {
        case 'ready':
          thread.ready = true
          if (thread.task !== null) give(thread, thread.task)
          return
        case 'loading':
          // Sent before and after the engine is loaded: the comparison itself has its whole time again.
          loading = !loading
          startClock(thread, loading ? startLimitMs : timeoutMs)
          return
        case 'verdict':
          if (thread.task?.question.id !== reply.id) return
          settle(thread, reply.verdict)
          worker.unref()
          dispatch()
      }
    })
    worker.on('error', (error: Error & { code?: string }) => {
      kill(thread, error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'out-of-memory' : 'worker-failed')
    })
    worker.on('exit', () => {
      kill(thread, 'worker-failed')
    })
    threads.add(thread)
    return thread
  }

  const dispatch = (): void => {
    while (waiting.length > 0 && !closed) {
      const idle = [...threads].find((thread) => thread.task === null)
      const thread = idle ?? (threads.size < Math.max(1, workers) ? start() : null)
      if (thread === null) return
      const task = waiting.shift()
      if (task !== undefined) give(thread, task)
    }
  }

  const compare = (gold: string, pred: string): Promise<Comparison> => {
    const cheap = compareCheaply(gold, pred)
    if (cheap !== null) return Promise.resolve(cheap)
    if (closed) return Promise.resolve({ verdict: 'unknown', reason: 'closed' })
    return new Promise((resolve) => {
      waiting.push({ question: { id: (nextId += 1), gold, pred }, resolve })
      dispatch()
    })
  }

  return {
    compare,
    group: (answers) => groupAnswers(answers, compare),
    close: async () => {
      closed = true
      for (const task of waiting.splice(0)) task.resolve({ verdict: 'unknown', reason: 'closed' })
      const ending = [...threads].map((thread) => {
        threads.delete(thread)
        settle(thread, { verdict: 'unknown', reason: 'closed' })
        thread.worker.removeAllListeners()
        return thread.worker.terminate()
      })
      await Promise.all(ending)
    },
  }
}
