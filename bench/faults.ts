// A whole run (Kafka and sinks included) on an engine that meets one call in ten with a fault, all kinds alike: refusals
// with and without Retry-After, errors with and without a body, connections reset before and in the reply, half replies,
// texts cut short with every finish_reason, calls that are never answered.
//   npm run bench:faults                560 problems, some 10,000 model calls
//   npm run bench:faults -- 200         at least 200, so that each kind is met
// Printed: the faults that the simulator dealt out, what they cost in tries, where the problems ended. Exit code 1 when
// a problem has no end or two, when a stage stalls (the run does not end), when an answer that was cut short is stored
// as complete or is in a data set, or when a kind was never met.

import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { FAULT_KINDS, type FaultKind } from '../local/engine/front-mischief.ts'
import { type BenchWorkshop, home, openBenchWorkshop } from './workshop.ts'

const KINDS = Object.keys(FAULT_KINDS) as FaultKind[]
/** Share of the calls that meet one. */
const FAULTS = 0.1
/** A call that hangs is given up after so long. */
const TIMEOUT_SECONDS = 10
/** No run of this size takes so long, whatever it meets: a stage stalls. */
const STALLED_MS = 20 * 60_000
const RUN = 'faults'

/** Rows of a query by `magpie sql`. */
async function query(workshop: BenchWorkshop, sql: string): Promise<Record<string, string>[]> {
  const { child, exit } = workshop.magpie(['sql', sql, '--format', 'JSONStringsEachRow'])
  const [out, [code]] = await Promise.all([text(child.stdout!), exit])
  if (code !== 0) throw new Error(`sql ended with ${String(code)}`)
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, string>)
}

const of = (table: string, column = 'problem_id'): string =>
  `(SELECT ${column} FROM ${table} FINAL WHERE run_id = '${RUN}')`

/** Problems by how often each kind of end is theirs, counted by id in the tables. */
const ENDS = `
  SELECT
    countIf(taken AND NOT refused AND NOT dead) AS data,
    countIf(refused AND NOT taken AND NOT dead) AS rejected,
    countIf(dead AND NOT taken AND NOT refused) AS dead_letter,
    countIf(taken + refused + dead = 0) AS without,
    countIf(taken + refused + dead > 1) AS doubled,
    count() AS problems
  FROM (
    SELECT id, (id IN ${of('sft')} OR id IN ${of('preferences')}) AS taken,
      id IN ${of('rejections')} AS refused, id IN ${of('dead_letters')} AS dead
    FROM problems FINAL WHERE run_id = '${RUN}'
  )`

const RESPONSES = `
  SELECT finish_reason, count() AS count, countIf(complete) AS complete, countIf(attempts > 1) AS again, max(attempts) AS most,
    countIf(id IN ${of('sft', 'response_id')} OR id IN ${of('preferences', 'chosen_id')}
      OR id IN ${of('preferences', 'rejected_id')}) AS taken
  FROM responses FINAL WHERE run_id = '${RUN}' GROUP BY finish_reason ORDER BY count DESC`

const REFUSED = `
  SELECT stage, reason AS name, count() AS count FROM rejections FINAL WHERE run_id = '${RUN}' GROUP BY stage, reason
  UNION ALL SELECT stage, code AS name, count() AS count FROM dead_letters FINAL WHERE run_id = '${RUN}' GROUP BY stage, code
  ORDER BY count DESC`

async function measure(total: number): Promise<void> {
  const workshop = await openBenchWorkshop()
  const faults: string[] = []
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`)
  }
  try {
    const simulator = await workshop.simulator([
      ...['--slots', '64', '--latency-ms', '100', '--retry-after', '1'],
      ...KINDS.flatMap((kind) => ['--fault', `${kind}=${FAULTS / KINDS.length}`]),
    ])
    const timeouts = ['roles.questioner', 'roles.answerer', 'roles.sampler', 'stages.reward.rewards[0]']
    const since = performance.now()
    const run = workshop.magpie(
      [
        ...['run', '-c', join(home, 'configs', 'simulated.yaml'), '--run', RUN, '--total', `${total}`],
        ...timeouts.flatMap((path) => ['--set', `${path}.timeoutSeconds=${TIMEOUT_SECONDS}`]),
      ],
      { SIMULATOR_PORT: `${simulator.port}` },
    )
    run.child.stdout?.resume()
    const stalled = setTimeout(() => run.child.kill('SIGKILL'), STALLED_MS)
    const [code, signal] = await run.exit
    clearTimeout(stalled)
    if (code !== 0) throw new Error(`the run ended with ${String(code ?? signal)}: it failed or stalled`)
    const seconds = (performance.now() - since) / 1000

    const stats = await simulator.stats()
    const met = Object.values(stats.faults).reduce((sum, count) => sum + count, 0)
    say(`${total} problems, ${stats.total.calls} calls in ${seconds.toFixed(0)} s, ${met} of them met a fault:`)
    for (const kind of KINDS)
      say(`  ${kind.padEnd(12)} ${String(stats.faults[kind] ?? 0).padStart(5)}  ${FAULT_KINDS[kind]}`)
    for (const kind of KINDS) if ((stats.faults[kind] ?? 0) === 0) faults.push(`no call met ${kind}`)

    say('responses by finish_reason:')
    for (const row of await query(workshop, RESPONSES)) {
      const { finish_reason: reason = '', count, complete, again, most, taken } = row
      say(
        `  ${reason}: ${count}, stored as complete ${complete}, in data sets ${taken}; ${again} needed more than one try, ${most} at most`,
      )
      if (reason !== 'stop' && (complete !== '0' || taken !== '0')) faults.push(`${reason}: taken for complete`)
    }
    const [ends] = await query(workshop, ENDS)
    say(
      `ends: ${ends!['data']} in data sets, ${ends!['rejected']} rejected, ${ends!['dead_letter']} dead letters, ${ends!['without']} without, ${ends!['doubled']} with two`,
    )
    for (const { stage, name, count } of await query(workshop, REFUSED)) say(`  ${stage}: ${name} ${count}`)
    if (ends!['problems'] !== `${total}`) faults.push(`${ends!['problems']} of ${total} problems are in the table`)
    if (ends!['without'] !== '0' || ends!['doubled'] !== '0') faults.push('a problem has no end, or two')
    for (const fault of faults) say(`FAULT: ${fault}`)
    if (faults.length > 0) process.exitCode = 1
  } finally {
    await workshop.close()
  }
}

const total = Number(process.argv[2] ?? 560)
if (!Number.isSafeInteger(total) || total < 200) throw new Error('give a number of problems of at least 200')
await measure(total)
