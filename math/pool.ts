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
  /** In the order in which it works; the first is the one that it is at. */
  tasks: Task[]
  timer: NodeJS.Timeout | null
  /** Long at one comparison: nothing is to lie behind it that another thread can answer. */
  isHeld: boolean
  /** Questions before its first task that were passed on to other threads: it answers them all the same. */
  stale: number
}

/** A thread that has not even started after this long is given up. */
const startLimitMs = 60_000
const heapLimitMb = 512
/**
 * Comparisons that lie ready in a thread. Its verdicts are read when the calling thread comes to it, which in a replay is
 * every few milliseconds: with one at a time it would stand still in between.
 */
const tasksAhead = 32
/** After so long at one comparison what lies behind it goes to the other threads, milliseconds. */
const heldMs = 100

/** Makes the pool. Nothing runs before the first comparison that needs a thread; close() ends every thread. */
export function createMathPool({ workers, timeoutMs, log }: MathPoolOptions): MathPool {
  const threads = new Set<Thread>()
  const waiting: Task[] = []
  let nextId = 0
  let closed = false

  /** The thread has ended with its first task. */
  const settle = (thread: Thread, verdict: Comparison): void => {
    thread.tasks.shift()?.resolve(verdict)
    thread.isHeld = false
    if (thread.tasks.length > 0) startClock(thread, timeoutMs)
    else {
      stopClock(thread)
      thread.worker.unref()
    }
  }

  const stopClock = (thread: Thread): void => {
    if (thread.timer !== null) clearTimeout(thread.timer)
    thread.timer = null
  }

  /** Ends a thread for good; the task that it is at gets the verdict, the others go to the next one. */
  const kill = (thread: Thread, reason: string): void => {
    if (!threads.delete(thread)) return
    stopClock(thread)
    const tasks = thread.tasks.splice(0)
    const isAtFirst = thread.stale === 0 || thread.isHeld
    if (isAtFirst) tasks.shift()?.resolve({ verdict: 'unknown', reason })
    waiting.unshift(...tasks)
    thread.worker.removeAllListeners()
    thread.worker.on('error', () => undefined)
    void thread.worker.terminate()
    if (!closed) log.warn({ reason }, 'math worker replaced')
    dispatch()
  }

  const startClock = (thread: Thread, milliseconds: number): void => {
    stopClock(thread)
    const [task] = thread.tasks
    const after = (wait: number, act: () => void): void => {
      thread.timer = setTimeout(() => {
        // Its verdict may be here already, if nobody has had time to read it.
        setImmediate(() => {
          if (thread.tasks[0] === task) act()
        })
      }, wait)
    }
    const end = (): void => {
      kill(thread, 'timed-out')
    }
    if (workers < 2 || milliseconds !== timeoutMs || timeoutMs <= heldMs) after(milliseconds, end)
    else
      after(heldMs, () => {
        after(timeoutMs - heldMs, end)
        passOn(thread)
      })
  }

  /** The thread goes on with them too, when it comes to them; its verdicts of them are not waited for. */
  const passOn = (thread: Thread): void => {
    thread.isHeld = true
    const others = thread.tasks.splice(1)
    thread.stale += others.length
    waiting.unshift(...others)
    dispatch()
  }

  const give = (thread: Thread, task: Task): void => {
    thread.tasks.push(task)
    thread.worker.ref()
    if (thread.tasks.length === 1) startClock(thread, thread.ready ? timeoutMs : startLimitMs)
    if (thread.ready) thread.worker.postMessage(task.question)
  }

  const start = (): Thread => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: heapLimitMb },
    })
    const thread: Thread = { worker, ready: false, tasks: [], timer: null, isHeld: false, stale: 0 }
    let loading = false
    worker.on('message', (reply: Reply) => {
      switch (reply.kind) {
        case 'ready':
          thread.ready = true
          for (const { question } of thread.tasks) worker.postMessage(question)
          if (thread.tasks.length > 0) startClock(thread, timeoutMs)
          return
        case 'loading':
          // Sent before and after the engine is loaded: the comparison itself has its whole time again.
          loading = !loading
          startClock(thread, loading ? startLimitMs : timeoutMs)
          return
        case 'verdict':
          if (thread.tasks[0]?.question.id !== reply.id) {
            thread.stale -= 1
            if (thread.tasks.length > 0) startClock(thread, timeoutMs)
            return
          }
          settle(thread, reply.verdict)
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

  /** To a thread that is idle, to a new one, or to the one with the least before it. */
  const dispatch = (): void => {
    while (waiting.length > 0 && !closed) {
      const least = [...threads]
        .filter(({ isHeld }) => !isHeld)
        .reduce<Thread | null>(
          (best, thread) => (best === null || thread.tasks.length < best.tasks.length ? thread : best),
          null,
        )
      const isBusy = least === null || least.tasks.length > 0
      const thread = isBusy && threads.size < Math.max(1, workers) ? start() : least
      if (thread === null || thread.tasks.length >= tasksAhead) return
      give(thread, waiting.shift()!)
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
        stopClock(thread)
        for (const task of thread.tasks.splice(0)) task.resolve({ verdict: 'unknown', reason: 'closed' })
        thread.worker.removeAllListeners()
        return thread.worker.terminate()
      })
      await Promise.all(ending)
    },
  }
}
