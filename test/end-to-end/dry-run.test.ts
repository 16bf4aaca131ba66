// run --dry-run: a probe through all stages whose forecast holds what the run then costs, and that leaves the run, its
// topics and its files as they were, also after Ctrl-C.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Forecast } from '../../analytics/forecast.ts'
import type { Front } from '../../local/engine/front.ts'
import { groupNames } from '../../stream/groups-admin.ts'
import { topicNames } from '../../stream/topics-admin.ts'
import type { Workshop } from '../support/end-to-end.ts'
import { logOf, openWorkshop, runName, simulatedConfig } from '../support/end-to-end.ts'
import { until } from '../support/stream.ts'

const TOTAL = 100

describe('a dry run', () => {
  let workshop: Workshop
  before(async () => {
    workshop = await openWorkshop()
  })
  after(async () => {
    await workshop.close()
  })

  const run = (name: string, front: Front, more: readonly string[]) =>
    workshop.magpie(['run', '-c', simulatedConfig, '--run', name, '--total', String(TOTAL), '--out', name, ...more], {
      SIMULATOR_PORT: new URL(front.url).port,
    })
  const leftovers = async (): Promise<string[]> => [
    ...(await topicNames(workshop.connection)).filter((topic) => topic.includes('dry-run')),
    ...(await groupNames(workshop.connection)).filter((group) => group.includes('dry-run')),
  ]

  it('forecasts what the run then costs', async () => {
    // Ids and so answers follow from the name: another one may be among the 5 % whose sum lies outside the interval.
    const name = 'dry-forecast'
    const front = await workshop.serve({ slots: 64, medianMs: 20 })
    const probe = run(name, front, ['--dry-run', '--json'])
    const { code, out, error } = await probe.ended
    assert.equal(code, 0, probe.said())
    assert.match(error, /Probe for run .*: 20 problems through all stages/)
    assert.match(error, /What the probe left on the log is removed/)
    const forecast = JSON.parse(out) as Forecast
    assert.deepEqual([forecast.probed, forecast.endsBy, forecast.problems], [20, 'total', TOTAL])
    const probed = front.stats().generationTokens
    assert.deepEqual(await leftovers(), [])
    assert.equal(existsSync(join(workshop.folder, name)), false, 'no folder of data sets')

    const whole = run(name, front, [])
    assert.equal((await whole.ended).code, 0, whole.said())
    assert.doesNotMatch(whole.said(), /goes on where it stopped/)
    const { low, high } = forecast.all.completionTokens
    const spent = front.stats().generationTokens - probed
    assert.ok(low <= spent && spent <= high, `${spent} new tokens, forecast ${low} to ${high}`)
    const { sft } = await logOf(workshop, name)
    const { rows } = forecast
    assert.ok(rows.sft.low <= sft.length && sft.length <= rows.sft.high, `${sft.length} rows: ${JSON.stringify(rows)}`)
    assert.equal(front.stats().routes['/v1/completions']?.askedAgain, 0, 'the probe asked for other problems')
  })

  it('leaves nothing half after Ctrl-C', async () => {
    const front = await workshop.serve({ slots: 16, medianMs: 1000 })
    const probe = run(runName('dry-stopped'), front, ['--dry-run', '--probe', '40'])
    await until(
      () => front.stats().total.answered > 5,
      () => probe.said(),
      180,
    )
    probe.signal('SIGINT')
    const { code, out } = await probe.ended
    assert.equal(code, 130, probe.said())
    assert.equal(out, '')
    assert.deepEqual(await leftovers(), [])
  })

  it('refuses what goes ill together', async () => {
    const front = await workshop.serve()
    for (const [more, message] of [
      [['--dry-run', '--stages', 'produce,screen'], /--dry-run probes all stages/],
      [['--dry-run', '--probe', '2'], /--probe.*at least 4/],
      [['--json'], /--json is for the forecast/],
      [['--budget-usd', '-3'], /--budget-usd.*above 0/],
      [['--budget-tokens', 'many'], /--budget-tokens.*whole number/],
      [['--max-hours', '0'], /--max-hours.*above 0/],
    ] as const) {
      const refused = run(runName('dry-wrong'), front, more)
      assert.equal((await refused.ended).code, 2, refused.said())
      assert.match(refused.said(), message)
    }
  })
})
