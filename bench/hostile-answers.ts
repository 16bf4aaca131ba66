// What the texts of test/math/hostile.ts cost: the worst time of extraction, of the checker and of a comparison through the
// pool, and the memory that stays. Used by bench/math.ts.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { compareAnswers } from '../math/compare.ts'
import { extractFinalAnswer } from '../math/extract.ts'
import { createMathPool } from '../math/pool.ts'
import { silentLogger } from '../schemas/logger.ts'
import { hostileTexts } from '../test/math/hostile.ts'

export interface Worst {
  readonly milliseconds: number
  /** The name of the text that took so long. */
  readonly name: string
}

export interface HostileCost {
  readonly texts: number
  /** Processor time in the calling thread. */
  readonly extraction: Worst
  readonly checker: Worst
  /** Wall time through a pool; its threads are killed at limitMs. */
  readonly pool: Worst
  readonly limitMs: number
  readonly killed: number
  /** Of the live heap and of the process, by a third pass over all texts, in bytes. */
  readonly heapGrowth: number
  readonly processGrowth: number
}

/** Processor time of this thread's work, in milliseconds. */
export function processorTime(work: () => unknown): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

function worse(known: Worst, milliseconds: number, name: string): Worst {
  return milliseconds > known.milliseconds ? { milliseconds, name } : known
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}

async function pass(
  pool: ReturnType<typeof createMathPool>,
): Promise<Record<'extraction' | 'checker' | 'pool', Worst>> {
  const none: Worst = { milliseconds: 0, name: '' }
  let [extraction, checker, through] = [none, none, none]
  for (const { name, text } of hostileTexts) {
    const extracted = processorTime(() => extractFinalAnswer(text))
    extraction = worse(extraction, extracted, name)
    const checked = processorTime(() => compareAnswers(text, `x=${text}`))
    checker = worse(checker, checked, name)
    const start = performance.now()
    await pool.compare('5', text)
    through = worse(through, performance.now() - start, name)
  }
  return { extraction, checker, pool: through }
}

/** Measures three passes: two warm up, what the third leaves behind is growth. */
export async function measureHostile(): Promise<HostileCost> {
  const limitMs = 2_000
  let killed = 0
  const log = { ...silentLogger, warn: () => (killed += 1) }
  const pool = createMathPool({ workers: 1, timeoutMs: limitMs, log })
  await pass(pool)
  await pass(pool)
  collectGarbage()
  const before = process.memoryUsage()
  killed = 0
  const worst = await pass(pool)
  collectGarbage()
  const after = process.memoryUsage()
  await pool.close()
  return {
    texts: hostileTexts.length,
    ...worst,
    limitMs,
    killed,
    heapGrowth: after.heapUsed - before.heapUsed,
    processGrowth: after.rss - before.rss,
  }
}
