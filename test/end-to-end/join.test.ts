// A replay of several processes: two join the one that leads, one of them as from another machine, the other is killed in
// the middle, and all that the replay reads comes to its end once, in the tables and files of its leader.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Audit } from '../../analytics/audit/contract.ts'
import { topicFor } from '../../schemas/topics.ts'
import { topicNames } from '../../stream/topics-admin.ts'
import type { Running, Workshop } from '../support/end-to-end.ts'
import {
  dataFiles,
  idsOf,
  openWorkshop,
  query,
  recordsOf,
  runName,
  simulatedConfig,
  sorted,
} from '../support/end-to-end.ts'
import { until } from '../support/stream.ts'

const TOTAL = 80

describe('a replay of several processes', () => {
  let workshop: Workshop
  before(async () => {
    workshop = await openWorkshop()
  })
  after(async () => {
    await workshop.close()
  })

  it('spreads over those that join, outlives one that is killed, and doubles no row', async () => {
    const [run, revision] = [runName('joined'), runName('joined')]
    const [quick, slow] = [await workshop.serve(), await workshop.serve({ slots: 8, medianMs: 300, sigma: 0.3 })]
    const start = ({ url }: typeof slow, ...words: string[]): Running =>
      workshop.magpie([...words, '--run', run, '--out', 'out'], { SIMULATOR_PORT: new URL(url).port })
    const done = async (running: Running): Promise<string> => {
      const { code, out, error } = await running.ended
      assert.equal(code, 0, out + error)
      return out
    }
    await done(start(quick, 'run', '-c', simulatedConfig, '--total', String(TOTAL)))

    // Whoever joins waits until the replay is there.
    const joins = (...words: string[]): Running => start(slow, 'replay', '--revision', revision, '--join', ...words)
    const away = ['--state', 'elsewhere'] as const
    const [killed, other] = [joins('--stages', 'answer,sample'), joins(...away)]
    for (const each of [killed, other]) await each.says(/[Ww]ait/)
    const leader = start(slow, 'replay', '-c', simulatedConfig, '--from', 'screened', '--revision', revision)
    const screened = await recordsOf(workshop, run, 'screened', 'Screened')
    /** What a process has brought to an end, by its own word: its name ends with its number and when it began. */
    const doneBy = async ({ pid }: Running): Promise<number> => {
      if (!(await topicNames(workshop.connection)).includes(topicFor('spending', revision))) return 0
      const words = await recordsOf(workshop, run, 'spending', 'Spending', revision)
      const { answer = 0, sample = 0 } = words.findLast(({ id }) => id.includes(`-${pid}-`))?.done ?? {}
      return answer + sample
    }
    await until(
      async () => (await doneBy(killed)) > 0,
      () => leader.said() + killed.said(),
      180,
    )
    // Nothing ends before all that follows has been looked at.
    slow.hang()
    killed.signal('SIGKILL')
    await killed.ended
    assert.match(other.said(), /This process runs: answer, sample, verify, reward, curate$/m)
    for (const sink of ['clickhouse', 'json']) {
      const { code, error } = await joins(...away, '--stages', `verify,${sink}`).ended
      assert.equal(code, 2, error)
      assert.match(error, new RegExp(`process ${leader.pid} on .* has it: .*leave ${sink} out`))
    }
    const answered = (await recordsOf(workshop, run, 'sampled', 'Sampled', revision)).length
    assert.ok(answered < screened.length, 'it was killed in the middle')
    await slow.revive()
    await Promise.all([leader, other].map(done))
    assert.ok((await doneBy(other)) > 0, 'the other one that joined got records')

    const audit = await done(workshop.magpie(['audit', '--run', run, '--revision', revision, '--json', '--out', 'out']))
    const { faults, state, counts } = JSON.parse(audit) as Audit
    assert.deepEqual([faults, state, counts.inFlight], [[], 'finished', 0])
    const refused = (await recordsOf(workshop, run, 'rejections', 'Rejection', revision)).map((each) => each.problemId)
    const rows = await recordsOf(workshop, run, 'sft', 'SftRecord', revision)
    const pairs = await recordsOf(workshop, run, 'preferences', 'PreferenceRecord', revision)
    const accepted = new Set([...rows, ...pairs].map(({ problemId }) => problemId))
    assert.deepEqual(sorted([...new Set(refused), ...accepted]), idsOf(screened), 'each problem has one end')
    const [table] = await query<{ rows: number; ids: number }>(
      workshop,
      `SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(problem_id)) AS ids FROM sft FINAL
       WHERE run_id = '${run}' AND revision = '${revision}'`,
    )
    assert.deepEqual(table, { rows: idsOf(rows).length, ids: idsOf(rows).length })
    const files = (await dataFiles(join(workshop.folder, 'out'))).sft.filter(({ path }) => path.includes(revision))
    const inFiles = files.flatMap((file) => file.rows.map(({ id }) => id))
    assert.deepEqual(sorted(inFiles), idsOf(rows))
  })
})
