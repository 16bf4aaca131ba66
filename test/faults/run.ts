// The fault suite: real Kafka, real `magpie run` processes, the simulator, embedded ClickHouse; one fault after another.
//   npm run test:faults                      all
//   npm run test:faults -- kill-broker …     only these
//   npm run test:faults -- --short           those of the short form, a few minutes; for every change
// Rows are printed and, but for the short form, written into the table of docs/reliability.md.
// Exit code 1 when a row is red: something was lost or doubled, more calls were paid again than may be, or the
// scenario's own assertion failed.

import { parseArgs } from 'node:util'
import { startOwnKafka } from '../support/kafka.ts'
import { endsOf } from './ends.ts'
import { type Ground, openGround } from './ground.ts'
import type { Row, Scenario } from './scenario.ts'
import { SCENARIOS } from './scenarios.ts'
import { tableOf, writeTable } from './table.ts'

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

/** Grounds that are open; a suite that is interrupted leaves no process behind. */
const open = new Set<Ground>()

/** Plays one scenario, and looks at what it leaves. */
async function judge(scenario: Scenario): Promise<Row> {
  const since = performance.now()
  const ground = await openGround(scenario.broker)
  open.add(ground)
  const faults: string[] = []
  let [lost, doubled, repeated] = [0, 0, 0]
  try {
    const played = await scenario.play(ground)
    const ends = await endsOf(ground, played)
    ;[lost, doubled] = [ends.lost, ends.doubled]
    faults.push(...ends.faults)
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error))
  } finally {
    repeated = ground.simulators().reduce((sum, simulator) => sum + simulator.paid().repeated, 0)
    open.delete(ground)
    await ground.close()
  }
  const strikes = ground.strikes.read()
  const bound = scenario.mayRepeat === false ? 0 : strikes.inFlight + strikes.lately
  if (repeated > bound) faults.push(`${repeated} calls were paid again, ${bound} may be`)
  return {
    fault: scenario.fault,
    ...strikes,
    lost,
    doubled,
    repeated,
    faults,
    seconds: (performance.now() - since) / 1000,
  }
}

function chosen(names: readonly string[], short: boolean): Scenario[] {
  const unknown = names.filter((name) => SCENARIOS[name] === undefined)
  if (unknown.length > 0)
    throw new Error(`no scenario ${unknown.join(', ')}; there are ${Object.keys(SCENARIOS).join(', ')}`)
  if (names.length > 0) return names.map((name) => SCENARIOS[name]!)
  return Object.values(SCENARIOS).filter(({ form }) => form !== (short ? 'long' : 'short'))
}

const { values, positionals } = parseArgs({ options: { short: { type: 'boolean' } }, allowPositionals: true })
const scenarios = chosen(positionals, values.short === true)
const kafka = await startOwnKafka()
process.env.MAGPIE_TEST_KAFKA = kafka.brokers
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    void Promise.allSettled([...open].map((ground) => ground.close()))
      .then(kafka.stop)
      .finally(() => process.exit(130))
  })
const rows: Row[] = []
const inTable = Object.values(SCENARIOS).flatMap(({ form, fault }) => (form === 'short' ? [] : [fault]))
try {
  for (const scenario of scenarios) {
    const reason = scenario.unable?.() ?? null
    if (reason !== null) {
      say(`skipped  ${scenario.fault}: ${reason}`)
      continue
    }
    const row = await judge(scenario)
    rows.push(row)
    if (values.short !== true) await writeTable([row], inTable)
    say(`${row.faults.length === 0 ? 'ok' : 'RED'}  ${row.fault} (${row.seconds.toFixed(0)} s)`)
    for (const fault of row.faults) say(`     ${fault}`)
  }
} finally {
  await kafka.stop()
}
say(`\n${await tableOf(rows)}`)
process.exitCode = rows.every(({ faults }) => faults.length === 0) ? 0 : 1
