// Holds pipeline/replay/selection.ts: what is chosen once is what is read back, by whoever, and what is no choice is said.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { chooseProblems, publishSelection, readSelection } from '../../../pipeline/replay/selection.ts'
import { permanent, UsageFault } from '../../../schemas/failure.ts'
import { problemId } from '../../../schemas/ids.ts'
import { ensureTopics } from '../../../stream/topics-admin.ts'
import { openBench } from '../../support/stream.ts'
import type { Bench } from '../../support/stream.ts'

const SOURCE = { runId: 'a-run', revision: 'main' }
const signal = (): AbortSignal => AbortSignal.timeout(180_000)

/** A database that knows these ids. */
function tableOf(ids: readonly string[], columns = 'id\tString') {
  const asked: string[] = []
  return {
    asked,
    query: (sql: string, options?: { parameters?: Readonly<Record<string, unknown>> }): Promise<string> => {
      asked.push(sql)
      if (sql.includes('dificulty')) return Promise.reject(permanent('clickhouse-47', 'ClickHouse: unknown dificulty'))
      if (sql.startsWith('DESCRIBE')) return Promise.resolve(`${columns}\n`)
      const last = String(options?.parameters?.['after'])
      const page = ids.filter((id) => id > last).sort()
      return Promise.resolve(page.map((id) => `${id}\n`).join(''))
    },
  }
}

const IDS = Array.from({ length: 120_000 }, (_, index) => problemId('a-run', index, 0)).sort()

describe('the problems that a replay takes', () => {
  let bench: Bench
  before(async () => {
    bench = await openBench()
    await ensureTopics(bench.connection, { revision: 'main', names: ['selections'] })
  })
  after(async () => {
    await bench.close()
  })

  it('are chosen once and read back from the log', async () => {
    const chosen = await chooseProblems(tableOf(IDS), ' quality > 3 -- good ones ', SOURCE, signal())
    const sha256 = createHash('sha256')
      .update(IDS.map((id) => `${id}\n`).join(''))
      .digest('hex')
    assert.deepEqual(chosen.selection, { sql: 'quality > 3 -- good ones', problems: IDS.length, sha256 })
    const of = { runId: bench.name('run'), revision: 'strict' }
    await publishSelection(bench.sender, bench.codec, of, chosen, 1)
    const ids = await readSelection(bench, of, chosen.selection, signal())
    assert.equal(ids.size, IDS.length)
    assert.ok(IDS.every((id) => ids.has(id)))
    assert.deepEqual([ids.has(problemId('another', 1, 0)), ids.has('no id')], [false, false])
    const other = { ...of, revision: 'other' }
    await assert.rejects(readSelection(bench, other, chosen.selection, signal()), { code: 'selection-gone' })
  })

  it('are asked for by a condition, or by a SELECT of their ids', async () => {
    const condition = tableOf(IDS.slice(0, 3))
    await chooseProblems(condition, "difficulty = 'hard'", SOURCE, signal())
    assert.match(condition.asked[0]!, /FROM problems WHERE run_id = \{run:String\} .*AND \(difficulty = 'hard'\n\)/)
    const whole = tableOf(IDS.slice(0, 3), 'problem_id\tString')
    const { selection } = await chooseProblems(whole, 'WITH 1 AS x SELECT problem_id FROM sft;', SOURCE, signal())
    assert.match(
      whole.asked[1]!,
      /DISTINCT toString\(`problem_id`\).*FROM \(WITH 1 AS x SELECT problem_id FROM sft\n\)/,
    )
    assert.equal(selection.problems, 3)
  })

  it('are no choice where the SQL is wrong, gives something else, or nothing', async () => {
    const refused = async (table: ReturnType<typeof tableOf>, where: string, why: RegExp) => {
      await assert.rejects(
        chooseProblems(table, where, SOURCE, signal()),
        (error) => error instanceof UsageFault && why.test(error.message),
      )
    }
    await refused(tableOf(IDS), 'dificulty = 1', /--where: .*unknown dificulty/)
    await refused(tableOf(IDS, 'id\tString\ntext\tString'), 'SELECT id, text FROM problems', /one column.*has 2/)
    for (const where of ["1 = 0) OR (run_id = 'other'", '(1 = 1', '1 = 1; SELECT 2', ' '])
      await refused(tableOf(IDS), where, /--where: it is not one condition/)
    await refused(tableOf(['17']), 'SELECT slot FROM problems', /ids of problems, and gives "17"/)
    await refused(tableOf([]), 'id = 0', /chooses no problem of run a-run \(revision main\)/)
  })
})
