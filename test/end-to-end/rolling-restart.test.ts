// A rolling restart: four engines under the load of one run go down and come back one after the other, two of them
// killed (connections reset) and two silent (connections stay open and nothing comes on them any more). No row is
// lost, and only calls that were in flight at an engine when it went down are paid again.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { Front } from '../../local/engine/front.ts'
import type { Workshop } from '../support/end-to-end.ts'
import { assertOneEndEach, logOf, openWorkshop, recordsOf, runName, simulatedConfig } from '../support/end-to-end.ts'
import { until } from '../support/stream.ts'

const TOTAL = 120
const MANNERS = ['killed', 'silent', 'killed', 'silent'] as const

describe('a rolling restart of four engines', () => {
  let workshop: Workshop
  before(async () => {
    workshop = await openWorkshop()
  })
  after(async () => {
    await workshop.close()
  })

  const answered = (front: Front): number => front.stats().total.answered

  it('loses no row and repeats at most the calls that were in flight', async () => {
    const name = runName('rolling')
    const fronts = await Promise.all(MANNERS.map(() => workshop.serve({ slots: 8, medianMs: 250, sigma: 0.3 })))
    const command = workshop.magpie([
      ...['run', '-c', simulatedConfig, '--run', name, '--total', String(TOTAL), '--out', name],
      ...fronts.flatMap(({ url }) => ['--endpoint', url]),
    ])
    const everyFrontAnswers = async (more: number): Promise<void> => {
      const before = fronts.map(answered)
      await until(
        () => fronts.every((front, index) => answered(front) >= before[index]! + more),
        () => command.said(),
        180,
      )
    }
    let inFlight = 0
    for (const [index, manner] of MANNERS.entries()) {
      await everyFrontAnswers(4)
      const front = fronts[index]!
      // An answer that is on its way when its connection is reset is lost too.
      let before = 0
      const isAtWork = async (): Promise<boolean> => {
        before = answered(front)
        await wait(250)
        return front.stats().running > 0
      }
      await until(isAtWork, () => command.said(), 180)
      const { running, waiting } = front.stats()
      inFlight += running + waiting + answered(front) - before
      front.die(manner)
      const others = fronts.filter((other) => other !== front)
      const answers = others.map(answered)
      await until(
        () => others.every((other, at) => answered(other) > answers[at]! + 8),
        () => command.said(),
        180,
      )
      await front.revive()
    }
    const { code, error } = await command.ended
    assert.equal(code, 0, error)

    const log = await logOf(workshop, name)
    assertOneEndEach(log, TOTAL)

    const asked = fronts.reduce((sum, front) => sum + front.stats().total.calls, 0)
    const answers = await recordsOf(workshop, name, 'answered', 'Answered')
    const samples = (await recordsOf(workshop, name, 'sampled', 'Sampled')).flatMap((record) => record.samples)
    const scores = log.rewarded
      .flatMap(({ rewards }) => rewards)
      .filter(({ name: reward, error: fault }) => reward === 'rm' && fault === null)
    const questions = new Set(log.problems.map(({ slot }) => slot)).size
    const distinct = questions + answers.length + samples.length + scores.length
    assert.ok(asked - distinct <= inFlight, `${asked - distinct} calls were paid again, ${inFlight} were in flight`)
  })
})
