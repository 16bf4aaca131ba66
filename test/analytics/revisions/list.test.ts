// Holds analytics/revisions/list.ts on a real log: how many problems a revision has taken in, as far as anybody knows.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { listRevisions } from '../../../analytics/revisions/list.ts'
import { openRun } from '../../../pipeline/open-run.ts'
import { openSpending, sumOf } from '../../../pipeline/spending.ts'
import { NOW, openRunBench } from '../../pipeline/run-bench.ts'
import type { RunBench } from '../../pipeline/run-bench.ts'

const signal = new AbortController().signal

describe('the list of revisions', () => {
  let bench: RunBench
  before(async () => {
    bench = await openRunBench()
  })
  after(async () => {
    await bench.close()
  })

  it('counts what the database has where a process that was killed had not said it', async () => {
    const run = await openRun(bench.parts('counted'), signal)
    const own = () => ({ ...sumOf([]), done: { produce: 5 } })
    await (await openSpending({ run, own, now: () => NOW }, signal)).publish()
    await run.publish('stopped')
    await run.close()
    const look = { ...bench, now: NOW, isAlive: () => false, signal }
    const inWith = async (rows: number | null) => {
      const counts = [{ run: 'counted', revision: bench.revision, name: 'problems', rows }]
      const database = rows === null ? null : { rows: <Row>() => Promise.resolve(counts as Row[]) }
      const lines = await listRevisions({ look, database, run: 'counted' })
      return lines.find(({ revision }) => revision === bench.revision)?.in
    }
    assert.equal(await inWith(null), 5)
    assert.equal(await inWith(8), 8)
    // The sink may be behind.
    assert.equal(await inWith(3), 5)
  })
})
