// Texts that are meant to hurt: each gets an answer or none and a verdict, nothing is thrown, nothing hangs, no memory stays.
// How long they take is measured by bench/math.ts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { compareAnswers } from '../../math/compare.ts'
import { extractFinalAnswer } from '../../math/extract.ts'
import { createMathPool } from '../../math/pool.ts'
import type { Logger } from '../../schemas/logger.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { hostileTexts, endless } from './hostile.ts'

/** Far over what any of them needs on a busy machine: only what hangs passes it. */
const patience = { timeout: 300_000 }

function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}

describe('hostile texts', () => {
  it('are 200 or more, up to a megabyte, each with its own name', () => {
    assert.ok(hostileTexts.length >= 200)
    assert.ok(hostileTexts.some(({ text }) => text.length >= 1_000_000))
    assert.equal(new Set(hostileTexts.map(({ name }) => name)).size, hostileTexts.length)
  })

  it('give an answer or none, in the thread that extracts, and leave no memory behind', patience, () => {
    const extractAll = (): void => {
      for (const { name, text } of hostileTexts) {
        const answer = extractFinalAnswer(text)
        assert.ok(answer === null || (answer.length > 0 && answer.length <= 4_000), name)
      }
    }
    extractAll()
    const before = heapUsed()
    extractAll()
    assert.ok(heapUsed() - before < 20_000_000)
  })

  it('have a verdict by the checker, the same from either side', patience, () => {
    for (const { name, text } of hostileTexts) {
      const there = compareAnswers('5', text)
      assert.doesNotMatch(there.reason, /^fault|too-deep/, name)
      assert.equal(compareAnswers(text, '5').verdict, there.verdict, name)
    }
  })

  it('have a verdict by the pool, beside their neighbours and behind a box; no thread fails', patience, async () => {
    const warned: unknown[] = []
    const log: Logger = { ...silentLogger, warn: (fields) => warned.push(fields['reason']) }
    const pool = createMathPool({ workers: 2, timeoutMs: 2_000, log })
    const last = hostileTexts.at(-1)!
    for (const [index, { name, text }] of hostileTexts.entries()) {
      const neighbour = (hostileTexts[index - 1] ?? last).text
      const verdicts = await Promise.all([
        pool.compare(text, neighbour),
        pool.compare(`\\boxed{${text}}`, `so $x=${text}$`),
      ])
      for (const { verdict } of verdicts) assert.match(verdict, /^(equal|different|unknown)$/, name)
    }
    // Integrals without an end are killed, at their time or, on a fast machine, at their share of memory before it.
    const killed = new Set<unknown>(['timed-out', 'out-of-memory'])
    assert.deepEqual(
      warned.filter((reason) => !killed.has(reason)),
      [],
    )
    assert.deepEqual(await pool.compare('$x+1$', '1+x'), { verdict: 'equal', reason: 'exact' })
    await pool.close()
  })
})

describe('a pool among comparisons without an end', () => {
  it('kills each at its own time, starts anew each time, and answers all that waited', patience, async () => {
    const warned: unknown[] = []
    const log: Logger = { ...silentLogger, warn: (fields) => warned.push(fields['reason']) }
    const pool = createMathPool({ workers: 1, timeoutMs: 2_000, log })
    const verdicts = await Promise.all(
      Array.from({ length: 9 }, (_, index) =>
        index % 3 === 0 ? pool.compare(...endless) : pool.compare(`x+${index}`, `${index}+x`),
      ),
    )
    await pool.close()
    verdicts.forEach(({ verdict, reason }, index) => {
      assert.equal(`${verdict} ${reason}`, index % 3 === 0 ? 'unknown timed-out' : 'equal exact')
    })
    assert.deepEqual(warned, ['timed-out', 'timed-out', 'timed-out'])
  })

  it('does not let one hold up what another thread can answer', patience, async () => {
    const pool = createMathPool({ workers: 2, timeoutMs: 5_000, log: silentLogger })
    // Both threads have started before the first comparison without an end.
    await Promise.all([pool.compare('x+1', '1+x'), pool.compare('x+2', '2+x')])
    const order: string[] = []
    const hang = pool.compare(...endless).then(() => order.push('endless'))
    const rest = Array.from({ length: 50 }, (_, index) =>
      pool.compare(`x+${index}`, `${index}+x`).then(() => order.push('answer')),
    )
    await Promise.all([hang, ...rest])
    await pool.close()
    assert.deepEqual(order, [...Array.from({ length: 50 }, () => 'answer'), 'endless'])
  })

  it('groups the other answers of a vote', patience, async () => {
    const pool = createMathPool({ workers: 1, timeoutMs: 2_000, log: silentLogger })
    const { classes } = await pool.group([endless[0], 'x+1', '1+x', endless[1], 'x+2'])
    await pool.close()
    assert.deepEqual(
      classes.map(({ members }) => members),
      [[1, 2], [0], [3], [4]],
    )
  })
})
