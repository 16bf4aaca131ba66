// magpie grade: verdicts on pairs of answers by the pipeline's own checker, in the order of the file, totals last.

import { availableParallelism } from 'node:os'
import Table from 'cli-table3'
import { Option } from 'commander'
import type { Command } from 'commander'
import type { Comparison } from '../math/contract.ts'
import { createMathPool } from '../math/pool.ts'
import type { VerdictName } from '../schemas/records.ts'
import { silentLogger } from '../schemas/logger.ts'
import { readPairs } from './grade-pairs.ts'
import type { Pair } from './grade-pairs.ts'
import { milliseconds } from './options.ts'

interface GradeOptions {
  readonly json?: true
  readonly timeoutMs: number
}

/** asExpected only where the file says what to expect. */
interface Totals extends Record<VerdictName, number> {
  total: number
  expected?: number
  asExpected?: number
}

const EXAMPLES = `
FILE is a JSON array or one object a line, each with gold and pred: final answers or whole solutions.
Each verdict is {"index", "verdict", "reason"}; index counts from 0 in the order of the file.

Examples:
  ./magpie grade pairs.jsonl
  ./magpie grade pairs.json --json | tail -1`

/** Pairs in flight at once: enough to keep the workers busy, few enough to print as it goes. */
const window = 256

/** Adds the command. */
export function addGrade(program: Command): void {
  program
    .command('grade')
    .description('verdicts (equal, different, unknown) for pairs of answers, by the checker of the pipeline')
    .argument('<file>', 'JSON array or JSON lines of {"gold": …, "pred": …}')
    .option('--json', 'one JSON object a line, the totals as the last one')
    .addOption(
      new Option('--timeout-ms <ms>', 'time for one comparison, then its verdict is unknown')
        .argParser(milliseconds)
        .default(2000),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, options: GradeOptions) => {
      await grade(await readPairs(file), options)
    })
}

async function grade(pairs: readonly Pair[], { json, timeoutMs }: GradeOptions): Promise<void> {
  const pool = createMathPool({ workers: availableParallelism(), timeoutMs, log: silentLogger })
  const totals: Totals = { total: 0, equal: 0, different: 0, unknown: 0 }
  const table = new Table({ head: ['index', 'verdict', 'reason', 'gold', 'pred'], style: { head: [], border: [] } })
  try {
    for (let from = 0; from < pairs.length; from += window) {
      const part = pairs.slice(from, from + window)
      const verdicts = await Promise.all(part.map((pair) => pool.compare(pair.gold, pair.pred)))
      verdicts.forEach((verdict, offset) => {
        const pair = part[offset]
        if (pair === undefined) return
        count(totals, pair, verdict)
        if (json === true) process.stdout.write(`${JSON.stringify({ index: from + offset, ...verdict })}\n`)
        else table.push([from + offset, verdict.verdict, verdict.reason, shortened(pair.gold), shortened(pair.pred)])
      })
    }
  } finally {
    await pool.close()
  }
  if (json === true) {
    process.stdout.write(`${JSON.stringify(totals)}\n`)
    return
  }
  process.stdout.write(`${table.toString()}\n`)
  const expected = totals.expected === undefined ? '' : `; ${totals.asExpected ?? 0} of ${totals.expected} as expected`
  process.stdout.write(
    `${totals.total} pairs: ${totals.equal} equal, ${totals.different} different, ${totals.unknown} unknown${expected}\n`,
  )
}

function count(totals: Totals, pair: Pair, { verdict }: Comparison): void {
  totals.total += 1
  totals[verdict] += 1
  if (pair.expected === null) return
  totals.expected = (totals.expected ?? 0) + 1
  totals.asExpected = (totals.asExpected ?? 0) + ((verdict === 'equal') === pair.expected ? 1 : 0)
}

/** The end of a text shows its answer. */
function shortened(text: string): string {
  // Control characters of a file must not steer the terminal.
  const line = text.replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ').trim()
  return line.length > 36 ? `…${line.slice(-35)}` : line
}
