// How fast a replay is that asks no model: recorded problems of 8 samples each, from the log through the stages into the
// embedded ClickHouse, by `magpie replay` on a real Kafka.
//   npm run bench:replay                       20,000 problems
//   npm run bench:replay -- 5000               so many
//   npm run bench:replay -- 5000 --profile     and where the main thread's time goes
//   npm run bench:replay -- --only curated     one of the four: curated, curatedJson, verified, verifiedJson
// Printed for each of: --from rewarded (curate alone) and --from sampled (verify, reward by agreement, curate), with and
// without JSON files: problems a second from the replay's first word to its last row (its start is a second or two of
// that), and while it is at work; processor time by process and thread, and how many problems two cores could take at most
// by that. Exit code 1 when a problem has no end in the tables, or two.

import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { profileByPart } from './profile-by-part.ts'
import { writeRecordedRun } from './recorded-log.ts'
import { type BenchWorkshop, cpuSecondsOf, openBenchWorkshop } from './workshop.ts'

const RUN = 'recorded'
const CORES = 2
const CONFIG = `
name: ${RUN}
stages:
  tag: { enabled: false }
  answer: { enabled: false }
  judge: { enabled: false }
  converse: { enabled: false }
  reward: { rewards: [{ name: agreement, kind: agreement }] }
  curate: { reward: agreement }
`

interface Variant {
  readonly revision: string
  readonly from: 'sampled' | 'rewarded'
  readonly withJson: boolean
}

const VARIANTS: readonly Variant[] = [
  { revision: 'curated', from: 'rewarded', withJson: false },
  { revision: 'curatedJson', from: 'rewarded', withJson: true },
  { revision: 'verified', from: 'sampled', withJson: false },
  { revision: 'verifiedJson', from: 'sampled', withJson: true },
]

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const round = (value: number): string => Math.round(value).toLocaleString('en')

async function query(workshop: BenchWorkshop, sql: string): Promise<Record<string, string>> {
  const { child, exit } = workshop.magpie(['sql', sql, '--format', 'JSONStringsEachRow'])
  const [out, [code]] = await Promise.all([text(child.stdout!), exit])
  if (code !== 0) throw new Error(`sql ended with ${String(code)}`)
  return JSON.parse(out.split('\n')[0]!) as Record<string, string>
}

interface ThreadCpu {
  readonly name: string
  readonly seconds: number
}

/** Notes the processor seconds of a process's threads by their ids; threads that have ended keep their last. Linux only. */
async function noteThreads(pid: number, threads: Map<string, ThreadCpu>): Promise<void> {
  for (const task of await readdir(`/proc/${pid}/task`).catch(() => [])) {
    const stat = await readFile(`/proc/${pid}/task/${task}/stat`, 'utf8').catch(() => null)
    if (stat === null) continue // it has ended
    const end = stat.lastIndexOf(')')
    const fields = stat.slice(end + 2).split(' ')
    const name = Number(task) === pid ? 'main thread' : stat.slice(stat.indexOf('(') + 1, end)
    threads.set(task, { name, seconds: (Number(fields[11]) + Number(fields[12])) / 100 })
  }
}

/** Ends of problems in the tables of a revision, and when its first word and its last row came, seconds. */
function endsOf(revision: string): string {
  const of = (table: string): string => `FROM ${table} FINAL WHERE run_id = '${RUN}' AND revision = '${revision}'`
  const last = (table: string): string => `(SELECT toFloat64(max(inserted_at)) ${of(table)})`
  return `
    WITH
      (SELECT groupUniqArray(problem_id) FROM (SELECT problem_id ${of('sft')} UNION ALL SELECT problem_id ${of('preferences')})) AS taken_ids,
      (SELECT groupArray(problem_id) ${of('rejections')}) AS refused_ids
    SELECT length(taken_ids) AS taken, length(refused_ids) AS refused,
      length(arrayDistinct(arrayConcat(taken_ids, refused_ids))) AS problems,
      (SELECT count() / (toFloat64(max(created_at)) - toFloat64(min(created_at))) * problems / taken ${of('sft')}) AS steady,
      (SELECT count() ${of('responses')}) AS responses,
      greatest(${last('sft')}, ${last('preferences')}, ${last('rejections')}, ${last('responses')})
        - (SELECT toFloat64(min(started_at)) ${of('runs')}) AS seconds`
}

async function measure(workshop: BenchWorkshop, variant: Variant, count: number, isProfiled: boolean): Promise<void> {
  const { revision, from, withJson } = variant
  const profiles = join(workshop.folder, `profiles-${revision}`)
  const kafkaBefore = workshop.kafkaPid === null ? 0 : ((await cpuSecondsOf(workshop.kafkaPid)) ?? 0)
  const { child } = workshop.magpie(
    [
      ...['replay', '--run', RUN, '--from', from, '--revision', revision, '-c', 'bench.yaml', '--out', 'out'],
      ...['--set', `sinks.json.enabled=${withJson}`],
    ],
    isProfiled ? { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profiles}` } : {},
  )
  child.stdout?.resume()
  const exit = once(child, 'exit')
  const tasks = new Map<string, ThreadCpu>()
  let own = 0
  while (child.exitCode === null && child.signalCode === null) {
    await noteThreads(child.pid!, tasks)
    own = (await cpuSecondsOf(child.pid!)) ?? own
    await wait(50)
  }
  const [code] = (await exit) as unknown[]
  if (code !== 0) throw new Error(`the replay ended with ${String(code)}`)
  const kafkaCpu = workshop.kafkaPid === null ? 0 : ((await cpuSecondsOf(workshop.kafkaPid)) ?? 0) - kafkaBefore
  const found = await query(workshop, endsOf(revision))
  const seconds = Number(found['seconds'])
  const threads = new Map<string, number>()
  for (const task of tasks.values()) threads.set(task.name, (threads.get(task.name) ?? 0) + task.seconds)
  const main = threads.get('main thread') ?? 0
  const each = (spent: number): string => `${((spent / count) * 1000).toFixed(2)} ms`
  say(
    `\n--from ${from}, JSON files ${withJson ? 'on' : 'off'}: ${round(count / seconds)} problems/s in ${seconds.toFixed(1)} s`,
  )
  say(`  between the first and the last row of sft: ${round(Number(found['steady']))} problems/s`)
  say(`  ends: ${found['taken']} in data sets, ${found['refused']} rejected; ${found['responses']} rows of responses`)
  say(`  processor time a problem: ${each(own + kafkaCpu)}, of it Kafka ${each(kafkaCpu)}, magpie ${each(own)}`)
  const most = [...threads].filter(([, spent]) => spent > own / 100).toSorted((left, right) => right[1] - left[1])
  say(`  by thread: ${most.map(([name, spent]) => `${name} ${each(spent)}`).join(', ')}`)
  say(
    `  ${CORES} cores are full at ${round((CORES * count) / (own + kafkaCpu))}/s, the main thread at ${round(count / main)}/s`,
  )
  if (isProfiled) for (const line of await profileByPart(profiles)) say(`    ${line}`)
  const ended = Number(found['taken']) + Number(found['refused'])
  if (ended === count && Number(found['problems']) === count) return
  say(`  FAULT: ${ended} ends of ${found['problems']} problems, ${count} were replayed`)
  process.exitCode = 1
}

const numbers = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const count = Number(numbers[0] ?? 20_000)
if (!Number.isSafeInteger(count) || count < 1) throw new Error('give a number of problems')
const only = /--only (\w+)/.exec(process.argv.join(' '))?.[1] ?? null
const chosen = VARIANTS.filter(({ revision }) => only === null || revision === only)
if (chosen.length === 0)
  throw new Error(`--only: ${only} is none of ${VARIANTS.map(({ revision }) => revision).join(', ')}`)
const isProfiled = process.argv.includes('--profile')
const workshop = await openBenchWorkshop()
try {
  const config = join(workshop.folder, 'bench.yaml')
  await writeFile(config, CONFIG)
  await mkdir(join(workshop.folder, 'out'))
  const sizes = await writeRecordedRun(workshop.brokers, { runId: RUN, config, count })
  say(`${round(count)} problems of 8 samples; bytes of a record:`)
  for (const [name, bytes] of Object.entries(sizes)) say(`  ${name}: ${round(bytes as number)}`)
  for (const variant of chosen) await measure(workshop, variant, count, isProfiled)
} finally {
  await workshop.close()
}
