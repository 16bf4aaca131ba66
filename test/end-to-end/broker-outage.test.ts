// A broker that is killed while a run is at work: the run says so, waits, goes on when it is back, and loses nothing;
// Ctrl-C ends it all the same. As a user has it: the local Kafka of a state folder, no KAFKA_BROKERS.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Front } from '../../local/engine/front.ts'
import { findKafka } from '../../local/kafka.ts'
import { processIsAlive } from '../../stream/process-alive.ts'
import { problemId } from '../../schemas/ids.ts'
import type { Workshop } from '../support/end-to-end.ts'
import { dataFiles, idsOf, logOf, openWorkshop, runName, simulatedConfig, sorted } from '../support/end-to-end.ts'
import { startOwnKafka } from '../support/kafka.ts'
import type { OwnKafka } from '../support/kafka.ts'
import { until } from '../support/stream.ts'

const TOTAL = 40
/** Some seconds on an idle machine; what waits for the broker never ends. */
const END_MS = 60_000

describe('a broker that is killed', () => {
  let kafka: OwnKafka
  let workshop: Workshop
  before(async () => {
    kafka = await startOwnKafka()
    workshop = await openWorkshop(kafka)
  })
  after(async () => {
    await workshop.close()
  })

  const answered = (front: Front): number => front.stats().routes['/v1/chat/completions']?.answered ?? 0

  function run(name: string, front: Front) {
    return workshop.magpie(
      [
        ...['run', '-c', simulatedConfig, '--run', name, '--total', String(TOTAL), '--out', name],
        ...['--state', kafka.stateDir],
      ],
      { SIMULATOR_PORT: new URL(front.url).port, KAFKA_BROKERS: undefined },
    )
  }

  async function kill(): Promise<void> {
    const broker = await findKafka(kafka.stateDir)
    assert.ok(broker !== null, 'there is a broker to kill')
    process.kill(broker.pid, 'SIGKILL')
    await until(() => !processIsAlive(broker.pid))
  }

  async function startAgain(): Promise<void> {
    const words = ['services', 'up', '--only', 'kafka', '--state', kafka.stateDir]
    const { code, error } = await workshop.magpie(words).ended
    assert.equal(code, 0, error)
  }

  /** Starts a run and kills the broker in the middle of it. */
  async function torn(name: string, front: Front) {
    const command = run(name, front)
    await until(
      () => answered(front) > 60,
      () => command.said(),
      180,
    )
    assert.ok(answered(front) < 9 * TOTAL, 'it is in the middle')
    await kill()
    await command.says(/Waiting for Kafka/)
    return command
  }

  /** Each problem was made once and has one end, in the log and in the files. */
  async function assertWhole(name: string): Promise<void> {
    const log = await logOf(workshop, name)
    assert.deepEqual(
      idsOf(log.problems),
      sorted(Array.from({ length: TOTAL }, (_, index) => problemId(name, Math.floor(index / 4), index % 4))),
    )
    assert.deepEqual(log.dead, [])
    const refused = new Set(log.rejections.map(({ problemId: id }) => id))
    const accepted = new Set([...log.sft, ...log.preferences].map(({ problemId: id }) => id))
    assert.deepEqual(sorted([...refused, ...accepted]), idsOf(log.problems))
    const files = await dataFiles(join(workshop.folder, name))
    assert.ok(log.sft.length > 0)
    assert.deepEqual(sorted(files.sft.flatMap(({ rows }) => rows.map(({ id }) => id))), idsOf(log.sft))
    assert.deepEqual(sorted(files.preference.flatMap(({ rows }) => rows.map(({ id }) => id))), idsOf(log.preferences))
  }

  it('is waited for, and nothing is lost', async () => {
    const name = runName('broker-outage')
    const command = await torn(name, await workshop.serve({ slots: 16, medianMs: 300 }))
    await startAgain()
    const { code, error } = await command.ended
    assert.equal(code, 0, error)
    assert.match(error, /Kafka is back; going on/)
    await assertWhole(name)
  })

  it('does not hold up Ctrl-C, and the next start goes on', async () => {
    const name = runName('broker-interrupt')
    const front = await workshop.serve({ slots: 16, medianMs: 300 })
    const command = await torn(name, front)
    const since = performance.now()
    command.signal('SIGINT')
    const { code, error } = await command.ended
    assert.equal(code, 130, error)
    assert.ok(performance.now() - since < END_MS, `${Math.round(performance.now() - since)} ms`)
    await startAgain()
    const second = run(name, front)
    assert.equal((await second.ended).code, 0, second.said())
    assert.match(second.said(), /goes on where it stopped/)
    await assertWhole(name)
  })
})
