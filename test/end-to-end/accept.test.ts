// `--accept N` gives exactly N rows, whatever the number of problems that takes; a larger number goes on; a run that
// gives too little ends by itself and says who refused.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Workshop } from '../support/end-to-end.ts'
import {
  assertOneEndEach,
  dataFiles,
  idsOf,
  logOf,
  openWorkshop,
  query,
  runName,
  simulatedConfig,
} from '../support/end-to-end.ts'

describe('--accept', () => {
  let workshop: Workshop
  before(async () => {
    workshop = await openWorkshop()
  })
  after(async () => {
    await workshop.close()
  })

  const run = (name: string, port: string, more: readonly string[]) =>
    workshop.magpie(['run', '-c', simulatedConfig, '--run', name, '--out', name, ...more], { SIMULATOR_PORT: port })
  const rowsIn = async (name: string, type: 'sft' | 'preference') => {
    const files = (await dataFiles(join(workshop.folder, name)))[type]
    assert.equal(files.length, 1)
    return files[0]!.rows
  }

  it('exports exactly so many rows, ends every problem, and goes on for more', async () => {
    const name = runName('accept')
    const front = await workshop.serve({ slots: 64, medianMs: 20 })
    const { port } = new URL(front.url)
    const first = await run(name, port, ['--accept', '30']).ended
    assert.equal(first.code, 0, first.error)
    assert.match(first.error, /until 30 SFT records are accepted/)
    const thirty = await rowsIn(name, 'sft')
    assert.equal(thirty.length, 30)
    const log = await logOf(workshop, name)
    const made = idsOf(log.problems)
    assert.ok(made.length < 120, `${made.length} problems for 30 rows`)
    assertOneEndEach(log, made.length)

    const again = await run(name, port, ['--accept', '30']).ended
    assert.equal(again.code, 0, again.error)
    assert.match(again.error, /finished already/)
    assert.deepEqual(await rowsIn(name, 'sft'), thirty)

    const more = await run(name, port, ['--accept', '45']).ended
    assert.equal(more.code, 0, more.error)
    const rows = await rowsIn(name, 'sft')
    assert.equal(rows.length, 45)
    assert.equal(new Set(rows.map(({ id }) => id)).size, 45)
  })

  it('counts the rows that --of names', async () => {
    const name = runName('accept-pairs')
    const front = await workshop.serve({ slots: 64, medianMs: 20 })
    const ended = await run(name, new URL(front.url).port, ['--accept', '9', '--of', 'preference']).ended
    assert.equal(ended.code, 0, ended.error)
    assert.equal((await rowsIn(name, 'preference')).length, 9)
  })

  it('ends a run that gives less than the floor, with exit code 1 and the stage that refused', async () => {
    const name = runName('accept-hopeless')
    const front = await workshop.serve({ slots: 64, medianMs: 5 })
    const hopeless = ['--set', 'stages.curate.sft.minReward=1000', '--set', 'accept.probe=40']
    const ended = await run(name, new URL(front.url).port, ['--accept', '30', ...hopeless]).ended
    assert.equal(ended.code, 1, ended.error)
    assert.match(ended.error, /gave 0 sft rows, less than the floor of 0\.01 .*Stage curate refused most, \d+: /)
    const [state] = await query<{ state: string }>(workshop, `SELECT state FROM runs FINAL WHERE run_id = '${name}'`)
    assert.equal(state?.state, 'failed')
  })
})
