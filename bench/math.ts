// The checker of answers: `npm run bench:math`. Verdicts and extractions for each second of processor time, votes through the
// pool, what hostile texts cost, and how often vote and reward choose rightly in the recording. Exits 1 below a floor.

import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { compareAnswers } from '../math/compare.ts'
import { extractFinalAnswer } from '../math/extract.ts'
import { createMathPool } from '../math/pool.ts'
import { silentLogger } from '../schemas/logger.ts'
import { recordedChoices, type RecordedProblem } from '../test/support/recorded-choices.ts'
import { measureHostile, processorTime, type Worst } from './hostile-answers.ts'

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

/** A line of the table; a floor or a ceiling that does not hold fails the run. */
function tell(name: string, value: string, bound = '', holds = true): void {
  if (!holds) process.exitCode = 1
  process.stdout.write(`${name.padEnd(52)} ${value.padStart(14)}  ${bound}${holds ? '' : '  FAILED'}\n`)
}

function perSecond(count: number): string {
  return `${Math.round(count).toLocaleString('en-US')} /s`
}

/** How often a second of processor time: after a warm-up, the work is repeated until a second is used. */
function rate(name: string, count: number, floor: number | null, work: () => unknown): void {
  work()
  let used = 0
  let done = 0
  while (used < 1000) {
    used += processorTime(work)
    done += count
  }
  const found = (done * 1000) / used
  tell(name, perSecond(found), floor === null ? '' : `at least ${perSecond(floor)}`, floor === null || found >= floor)
}

/** The same by the clock, for what threads do. */
async function rateOfPool(name: string, count: number, work: () => Promise<unknown>): Promise<void> {
  await work()
  const start = performance.now()
  let done = 0
  while (performance.now() - start < 1000) {
    await work()
    done += count
  }
  tell(name, perSecond((done * 1000) / (performance.now() - start)))
}

const judge = (pairs: readonly Pair[]) => (): void => {
  for (const [gold, pred] of pairs) compareAnswers(gold, pred)
}

rate('verdicts on numbers, one core', numbers.length, 10_000, judge(numbers))
rate('verdicts on symbols, one core', symbols.length, 200, judge(symbols))
rate('answers extracted from 3.5 kB solutions, one core', solutions.length, null, () =>
  solutions.map((text) => extractFinalAnswer(text)),
)

const workers = availableParallelism()
const pool = createMathPool({ workers, timeoutMs: 2000, log: silentLogger })
await rateOfPool(`verdicts on symbols, pool of ${workers}`, symbols.length, () =>
  Promise.all(symbols.map(([gold, pred]) => pool.compare(gold, pred))),
)
const votesOfNumbers = indices.map((index) => {
  const [value, other, fraction] = [`${index}`, `${index + 1}`, `\\frac{${index * 2}}{2}`]
  return [value, `${index}.0`, other, value, null, value, fraction, value]
})
const votesOfExpressions = indices
  .slice(0, 100)
  .map((index) => [
    `x+${index}`,
    `${index}+x`,
    `x-${index}`,
    `\\sqrt{${index}}`,
    `x + ${index}`,
    `(x+${index})`,
    `x`,
    null,
  ])
await rateOfPool(`votes of 8 numbers, pool of ${workers}`, votesOfNumbers.length, () =>
  Promise.all(votesOfNumbers.map((answers) => pool.group(answers))),
)
await rateOfPool(`votes of 8 expressions, pool of ${workers}`, votesOfExpressions.length, () =>
  Promise.all(votesOfExpressions.map((answers) => pool.group(answers))),
)
await pool.close()

const { texts, extraction, checker, pool: through, limitMs, killed, heapGrowth, processGrowth } = await measureHostile()
const ceiling = (name: string, { milliseconds, name: text }: Worst, limit: number): void => {
  tell(name, `${milliseconds.toFixed(0)} ms`, `at most ${limit} ms: ${text}`, milliseconds <= limit)
}
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
ceiling(`${texts} hostile texts: slowest extraction`, extraction, 2_000)
ceiling(`${texts} hostile texts: slowest comparison`, checker, 2_000)
// A kill at the limit and the message that brings its verdict.
ceiling(`${texts} hostile texts: slowest through the pool`, through, limitMs + 500)
tell('of these killed at their limit', String(killed))
tell('heap that a third pass leaves', megabytes(heapGrowth), 'at most 20 MB', heapGrowth <= 20e6)
tell('process memory that a third pass leaves', megabytes(processGrowth), 'at most 100 MB', processGrowth <= 100e6)

const recording = join(import.meta.dirname, '../../shared/data/recorded_qwen_math.jsonl')
if (existsSync(recording)) {
  const lines = readFileSync(recording, 'utf8').trim().split('\n')
  const choices = await recordedChoices(lines.map((line) => JSON.parse(line) as RecordedProblem))
  const { problems, vote, reward } = choices
  tell(
    'vote is right',
    `${vote.ours} of ${problems}`,
    `the recording's own majority: ${vote.own}`,
    vote.ours >= vote.own,
  )
  tell('best of 8 by reward is right', `${reward.ours} of ${problems}`, `by the recording's flags: ${reward.own}`)
} else process.stdout.write(`${recording} is not here: choices are not counted\n`)
