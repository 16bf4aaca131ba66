// Several processes share one run: every worker gets records, one that joins while the run goes on too, the work of one
// that is killed is taken over, and each problem comes to its end once. One process owns the embedded database, and
// the others work without it.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { RunOverview } from '../../pipeline/run-overview.ts'
import type { Running, Workshop } from '../support/end-to-end.ts'
import { idsOf, logOf, openWorkshop, query, runName, simulatedConfig, sorted } from '../support/end-to-end.ts'
import { until } from '../support/stream.ts'

const TOTAL = 240
const LEAD = 'produce,screen,verify,reward,curate,clickhouse,json'

describe('a run of several processes', () => {
  let workshop: Workshop
  before(async () => {
    workshop = await openWorkshop()
  })
  after(async () => {
    await workshop.close()
  })

  it('spreads over its workers, new ones included, and outlives one that is killed', async () => {
    const name = runName('scale-out')
    const front = await workshop.serve({ slots: 48, medianMs: 400, sigma: 0.3 })
    const { port } = new URL(front.url)
    const start = (stages: string, ...more: string[]): Running =>
      workshop.magpie(
        [
          'run',
          '-c',
          simulatedConfig,
          '--run',
          name,
          '--total',
          `${TOTAL}`,
          '--out',
          name,
          '--stages',
          stages,
          ...more,
        ],
        { SIMULATOR_PORT: port },
      )
    const overview = async (): Promise<RunOverview | undefined> => {
      const { code, out, error } = await workshop.magpie(['runs', '--json']).ended
      assert.equal(code, 0, error)
      return (JSON.parse(out) as RunOverview[]).find(({ run }) => run === name)
    }
    const leader = start(LEAD)
    const first = start('answer,sample')
    const second = start('answer,sample')
    const answered = (): number => front.stats().total.answered
    await until(
      () => answered() > 300 && /This process runs/.test(second.said()),
      () => leader.said() + first.said() + second.said(),
      180,
    )
    // Nothing ends before the others have come.
    front.hang()
    assert.match(leader.said(), /240 problems wanted/)
    assert.match(first.said(), /This process runs: answer, sample/)

    const third = start('answer,sample')
    await third.says(/This process runs: answer, sample/)
    first.signal('SIGKILL')
    await first.ended

    // A second owner of the embedded database, or of the files, is refused wherever it would lay its rows.
    for (const [state, sink] of [
      ['.magpie', 'clickhouse'],
      ['elsewhere', 'clickhouse'],
      ['elsewhere', 'json'],
    ] as const) {
      const rival = await start(`answer,${sink}`, '--state', state).ended
      assert.equal(rival.code, 2, rival.error)
      assert.match(rival.error, new RegExp(`process ${leader.pid} on .* has it: .*leave ${sink} out`))
    }

    await front.revive()
    for (const process of [leader, second, third]) {
      const { code, error } = await process.ended
      assert.equal(code, 0, error)
    }

    const log = await logOf(workshop, name)
    assert.deepEqual(log.dead, [])
    assert.equal(idsOf(log.problems).length, TOTAL)
    const refused = new Set(log.rejections.map(({ problemId }) => problemId))
    const accepted = new Set([...log.sft, ...log.preferences].map(({ problemId }) => problemId))
    assert.deepEqual(sorted([...refused, ...accepted]), idsOf(log.problems), 'each problem has one end')
    const rows = await query<{ rows: string; ids: string }>(
      workshop,
      `SELECT count() AS rows, uniqExact(problem_id) AS ids FROM sft FINAL WHERE run_id = '${name}'`,
    )
    assert.equal(rows[0]?.rows, rows[0]?.ids)

    const found = await overview()
    assert.equal(found?.state, 'finished')
    const done = new Map(found.processes.map((each) => [each.pid, each.done]))
    for (const { pid } of [second, third])
      assert.ok((done.get(pid)?.['answer'] ?? 0) + (done.get(pid)?.['sample'] ?? 0) > 0, `${pid} got records`)
  })
})
