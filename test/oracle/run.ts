// `npm run test:oracle`: our verdicts beside Math-Verify's on the recorded cases, on a recording and on 5,000 generated pairs
// of known truth. Prints a table by kind and every disagreement with both verdicts, writes all of it to a file, and exits 1
// where ours falls below its floors. Where Math-Verify cannot be had the reason is printed and nothing runs.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import Table from 'cli-table3'
import { PLAIN } from '../../cli/table-style.ts'
import { runToolOrFail } from '../../local/tool.ts'
import type { Comparison } from '../../math/contract.ts'
import { extractFinalAnswer } from '../../math/extract.ts'
import { createMathPool } from '../../math/pool.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { generatePairs } from './generate.ts'
import { installMathVerify, type Oracle } from './install.ts'

/** ours: what our checker is given, where that is not the text itself. */
interface Pair {
  readonly source: 'cases' | 'recording' | 'generated'
  readonly kind: string
  readonly gold: string
  readonly pred: string
  readonly ours: { readonly gold: string; readonly pred: string | null }
  /** What should be said: by the file, by the recorded flag, by construction. */
  readonly same: boolean
}
interface Theirs {
  readonly forward: boolean | null
  readonly backward: boolean | null
  readonly fault: string | null
  readonly gold: string
  readonly pred: string
}
interface Judged extends Pair {
  readonly verdict: Comparison
  readonly theirs: Theirs
}

const COUNT = 5_000
const SEED = 20_251_125
const data = join(import.meta.dirname, '../../../shared/data')

/** Least right verdicts and most false "equal" for each source. */
const floors = {
  cases: { right: 132, falseEqual: 1 },
  recording: { right: 399, falseEqual: 1 },
  generated: { right: 4_990, falseEqual: 0 },
} as const

function casePairs(): Pair[] {
  const path = join(data, 'math_equivalence_cases.json')
  if (!existsSync(path)) return skipped(path)
  const { cases } = JSON.parse(readFileSync(path, 'utf8')) as {
    cases: { gold: string; pred: string; expected: 0 | 1 }[]
  }
  return cases.map(({ gold, pred, expected }) => ({
    source: 'cases',
    kind: 'cases',
    gold,
    pred,
    ours: { gold, pred },
    same: expected === 1,
  }))
}

function recordedPairs(): Pair[] {
  const path = join(data, 'recorded_qwen_math.jsonl')
  if (!existsSync(path)) return skipped(path)
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { answer: string; samples: { text: string; correct: boolean }[] })
    .flatMap(({ answer, samples }) =>
      samples.map(({ text, correct }) => ({
        source: 'recording' as const,
        kind: 'recording',
        gold: `$${answer}$`,
        pred: text,
        ours: { gold: answer, pred: extractFinalAnswer(text) },
        same: correct,
      })),
    )
}

function skipped(path: string): [] {
  console.log(`SKIPPED: ${path} is not here`)
  return []
}

async function theirVerdicts({ python }: Oracle, pairs: readonly Pair[], folder: string): Promise<Theirs[]> {
  const [asked, answered] = [join(folder, 'pairs.jsonl'), join(folder, 'verdicts.jsonl')]
  writeFileSync(asked, pairs.map(({ gold, pred }) => `${JSON.stringify({ gold, pred })}\n`).join(''))
  await runToolOrFail('math-verify', python, [join(import.meta.dirname, 'judge.py'), asked, answered], {
    signal: interrupted.signal,
  })
  const lines = readFileSync(answered, 'utf8').trim().split('\n')
  if (lines.length !== pairs.length) throw new Error(`${lines.length} verdicts for ${pairs.length} pairs`)
  return lines.map((line) => JSON.parse(line) as Theirs)
}

async function ourVerdicts(pairs: readonly Pair[]): Promise<Comparison[]> {
  const pool = createMathPool({ workers: availableParallelism(), timeoutMs: 5_000, log: silentLogger })
  try {
    return await Promise.all(
      pairs.map(async ({ ours: { gold, pred } }): Promise<Comparison> =>
        pred === null ? { verdict: 'unknown', reason: 'no answer found' } : await pool.compare(gold, pred),
      ),
    )
  } finally {
    await pool.close()
  }
}

const isRight = ({ verdict: { verdict }, same }: Judged): boolean => (verdict === 'equal') === same
const theyAreRight = ({ theirs, same }: Judged): boolean => (theirs.forward === true) === same
const disagree = (judged: Judged): boolean => isRight(judged) !== theyAreRight(judged)
const isFalseEqual = ({ verdict: { verdict }, same }: Judged): boolean => verdict === 'equal' && !same

function tableOf(judged: readonly Judged[]): string {
  const table = new Table(PLAIN)
  table.push([
    'kind',
    'pairs',
    'ours right',
    'false equal',
    'unknown',
    'theirs right',
    'their false equal',
    'disagreements',
  ])
  const row = (name: string, rows: readonly Judged[]): void => {
    const count = (test: (row: Judged) => boolean): number => rows.filter(test).length
    table.push([
      name,
      rows.length,
      count(isRight),
      count(isFalseEqual),
      count(({ verdict }) => verdict.verdict === 'unknown'),
      count(theyAreRight),
      count(({ theirs, same }) => theirs.forward === true && !same),
      count(disagree),
    ])
  }
  for (const [kind, rows] of Map.groupBy(judged, ({ kind }) => kind)) row(kind, rows)
  for (const [source, rows] of Map.groupBy(judged, ({ source }) => source))
    if (source === 'generated') row(`all ${source}`, rows)
  return table.toString()
}

/** One pair with both verdicts; the end of a long text shows its answer. */
function lineOf(judged: Judged): string {
  const { kind, gold, pred, same, verdict, theirs } = judged
  const short = (text: string): string => JSON.stringify(text.length > 120 ? `…${text.slice(-119)}` : text)
  const said = theirs.forward === null ? (theirs.fault ?? 'nothing') : theirs.forward ? 'equal' : 'different'
  const turned = theirs.backward === theirs.forward ? '' : ', not so with the sides exchanged'
  return [
    `${kind}: ${short(gold)} and ${short(pred)} ${same ? 'are the same' : 'differ'}`,
    `  ours ${verdict.verdict} (${verdict.reason}); theirs ${said}${turned} (read as ${theirs.gold} and ${theirs.pred})`,
  ].join('\n')
}

function below(judged: readonly Judged[]): string[] {
  return Object.entries(floors).flatMap(([source, { right, falseEqual }]) => {
    const rows = judged.filter((row) => row.source === source)
    if (rows.length === 0) return []
    const [seen, wrong] = [rows.filter(isRight).length, rows.filter(isFalseEqual).length]
    const faults = []
    if (seen < right) faults.push(`${source}: ${seen} of ${rows.length} right, at least ${right} are wanted`)
    if (wrong > falseEqual) faults.push(`${source}: ${wrong} false "equal", at most ${falseEqual} are allowed`)
    return faults
  })
}

const interrupted = new AbortController()
const interrupt = (): void => {
  interrupted.abort(new Error('interrupted'))
}
process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
const oracle = await installMathVerify((line) => {
  console.log(line)
})
if ('missing' in oracle) console.log(`SKIPPED: no Math-Verify on this machine: ${oracle.missing}`)
else {
  const generated = generatePairs(COUNT, SEED).map(({ kind, gold, pred, same }): Pair => ({
    source: 'generated',
    kind,
    gold,
    pred,
    ours: { gold, pred },
    same,
  }))
  const pairs = [...casePairs(), ...recordedPairs(), ...generated]
  const verdicts = await ourVerdicts(pairs)
  const folder = await mkdtemp(join(tmpdir(), 'magpie-oracle-'))
  const theirs = await theirVerdicts(oracle, pairs, folder).finally(() => rm(folder, { recursive: true }))
  const judged = pairs.map((pair, index): Judged => ({ ...pair, verdict: verdicts[index]!, theirs: theirs[index]! }))
  const listed = judged.filter(disagree).map(lineOf)
  const both = judged.filter((row) => !isRight(row) && !theyAreRight(row)).map(lineOf)
  const report = [
    ...['Disagreements', ...listed, '', 'Wrong on both sides', ...both, ''],
    tableOf(judged),
    `${listed.length} disagreements, ${both.length} wrong on both sides`,
  ].join('\n')
  const file = join(oracle.folder, 'report.txt')
  writeFileSync(file, `${report}\n`)
  const faults = below(judged)
  console.log([report, `written to ${file}`, ...faults].join('\n'))
  process.exitCode = faults.length === 0 ? 0 : 1
}
