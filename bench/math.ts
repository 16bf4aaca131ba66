// How many verdicts a second: `node bench/math.ts`. Numbers and symbols on one thread, then whole votes through the pool.

import { availableParallelism } from 'node:os'
import { compareAnswers } from '../math/compare.ts'
import { extractFinalAnswer } from '../math/extract.ts'
import { createMathPool } from '../math/pool.ts'
import { silentLogger } from '../schemas/logger.ts'

type Pair = readonly [gold: string, pred: string]

const indices = Array.from({ length: 500 }, (_, index) => index + 1)

const numbers: readonly Pair[] = indices.flatMap((index): Pair[] => [
  [String(index), `$${index}.0$`],
  [`\\frac{${index}}{8}`, String(index / 8)],
  [`${index * 1000}`, (index * 1000).toLocaleString('en-US')],
  [`${index}\\%`, String(index / 100)],
  [`${index}`, `${index + 1}`],
])

const symbols: readonly Pair[] = indices.flatMap((index): Pair[] => [
  [`(x+${index})(x-1)`, `x^2+${index - 1}x-${index}`],
  [`\\sqrt{${index * 12}}`, `2\\sqrt{${index * 3}}`],
  [`\\sin^2(${index}x)+\\cos^2(${index}x)`, '1'],
  [`(-\\infty,${index})\\cup(${index + 2},\\infty)`, `x<${index} \\text{ or } x>${index + 2}`],
  [`y=\\frac{${index}}{2}x+1`, `${index}x-2y+2=0`],
  [`\\{${index},${index + 1},\\sqrt{2}\\}`, `\\sqrt2, ${index + 1}, ${index}`],
])

const prose = 'We add both sides and simplify the expression $x^2+1$ until nothing is left to do. '.repeat(40)
const solutions = indices.map((index) => `${prose} So the answer is $\\boxed{\\frac{${index}}{3}}$.`)

/** Runs the work until a second has passed; prints how often a second. */
async function rate(name: string, count: number, work: () => unknown): Promise<void> {
  await work()
  const start = performance.now()
  let done = 0
  while (performance.now() - start < 1000) {
    await work()
    done += count
  }
  const perSecond = (done * 1000) / (performance.now() - start)
  process.stdout.write(`${name.padEnd(58)} ${Math.round(perSecond).toLocaleString('en-US').padStart(10)} /s\n`)
}

const judge = (pairs: readonly Pair[]) => (): void => {
  for (const [gold, pred] of pairs) compareAnswers(gold, pred)
}

await rate('verdicts on numbers, one thread', numbers.length, judge(numbers))
await rate('verdicts on symbols, one thread', symbols.length, judge(symbols))
await rate('answers extracted from 3.5 kB solutions, one thread', solutions.length, () =>
  solutions.map((text) => extractFinalAnswer(text)),
)

const workers = availableParallelism()
const pool = createMathPool({ workers, timeoutMs: 2000, log: silentLogger })
await rate(`verdicts on symbols, pool of ${workers}`, symbols.length, () =>
  Promise.all(symbols.map(([gold, pred]) => pool.compare(gold, pred))),
)
await rate(`votes of 8 numbers, pool of ${workers}`, indices.length, () =>
  Promise.all(
    indices.map((index) =>
      pool.group([
        `${index}`,
        `${index}.0`,
        `${index + 1}`,
        `${index}`,
        null,
        `${index}`,
        `\\frac{${index * 2}}{2}`,
        `${index}`,
      ]),
    ),
  ),
)
await rate(`votes of 8 expressions, pool of ${workers}`, 100, () =>
  Promise.all(
    indices
      .slice(0, 100)
      .map((index) =>
        pool.group([
          `x+${index}`,
          `${index}+x`,
          `x-${index}`,
          `\\sqrt{${index}}`,
          `x + ${index}`,
          `(x+${index})`,
          `x`,
          null,
        ]),
      ),
  ),
)
await pool.close()
