// The views of 014-questions.sql on a small run of two revisions, against the same counted by hand.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createCodec } from '../../../schemas/codec.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import { createClickhouseSink } from '../../../sinks/clickhouse.ts'
import type { Database } from '../../../sinks/clickhouse/contract.ts'
import { openDatabase } from '../../../sinks/clickhouse/database.ts'
import { judgedRecord, JUDGED, mainMessages, STRICT, strictMessages } from '../../support/questioned-run.ts'

const VIEWS = [
  ...['problem_steps', 'funnel', 'funnel_by_model', 'outcomes', 'accepted_by_hour', 'reward_agreement', 'pass_rates'],
  ...['model_calls', 'cost', 'cost_per_row', 'engines', 'retries', 'lengths'],
  ...['compared_outcomes', 'compared_verdicts', 'compared_rewards'],
]

describe('the views of questions', () => {
  let folder = ''
  let database: Database
  let fill: () => Promise<void>
  const ask = async (sql: string) => await database.rows<Record<string, unknown>>(sql)

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'magpie-questions-'))
    database = await openDatabase({ url: '', stateDir: folder, role: 'owner', log: silentLogger })
    const codec = await createCodec()
    const parts = { database, codec, log: silentLogger }
    fill = async () => {
      await createClickhouseSink(parts).write(mainMessages(codec))
      await createClickhouseSink({ ...parts, revision: STRICT }).write(strictMessages(codec))
    }
    await fill()
  })
  after(async () => {
    await database.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('show no repeat, with FINAL or without', async () => {
    const before = new Map<string, unknown[]>()
    for (const view of VIEWS) before.set(view, await ask(`SELECT * FROM ${view} ORDER BY ALL`))
    await fill()
    await fill()
    for (const view of VIEWS) {
      assert.notEqual(before.get(view)?.length, 0, `${view} is empty`)
      assert.deepEqual(await ask(`SELECT * FROM ${view} ORDER BY ALL`), before.get(view), view)
      assert.deepEqual(await ask(`SELECT * FROM ${view} FINAL ORDER BY ALL`), before.get(view), `${view} FINAL`)
    }
  })

  it('count the funnel of each questioner, and of a revision from the problems of the run', async () => {
    const rows = await ask(
      `SELECT revision, template, model, step, problems FROM funnel_by_model WHERE step IN ('problems', 'rewarded', 'sft') ORDER BY revision, template DESC, position`,
    )
    const of = (revision: string, template: string, model: string, problems: number, rewarded: number, rows: number) =>
      [
        ['problems', problems],
        ['rewarded', rewarded],
        ['sft', rows],
      ].map(([step, count]) => ({ revision, template, model, step, problems: count }))
    assert.deepEqual(rows, [
      ...of('main', 'qwen2.5-math', 'Org/q', 6, 5, 3),
      ...of('main', 'llama-3', 'Org/l', 6, 4, 3),
      ...of(STRICT, 'qwen2.5-math', 'Org/q', 5, 5, 2),
      ...of(STRICT, 'llama-3', 'Org/l', 4, 4, 1),
    ])
  })

  it('tell how each problem ended, and how many in each hour', async () => {
    const outcomes = await ask(
      'SELECT revision, outcome, stage, reason, count() AS problems FROM outcomes GROUP BY ALL ORDER BY revision, outcome, reason',
    )
    assert.deepEqual(outcomes, [
      { revision: 'main', outcome: 'accepted', stage: 'curate', reason: '', problems: 6 },
      { revision: 'main', outcome: 'failed', stage: 'answer', reason: 'context-too-long', problems: 1 },
      { revision: 'main', outcome: 'rejected', stage: 'screen', reason: 'exact-duplicate', problems: 1 },
      { revision: 'main', outcome: 'rejected', stage: 'curate', reason: 'low-reward', problems: 3 },
      { revision: STRICT, outcome: 'accepted', stage: 'curate', reason: '', problems: 3 },
      { revision: STRICT, outcome: 'rejected', stage: 'curate', reason: 'low-reward', problems: 6 },
    ])
    const hours = await ask(
      "SELECT ended, accepted, rejected, failed, accept_rate FROM accepted_by_hour WHERE revision = 'main' ORDER BY hour",
    )
    // A problem each quarter of an hour from 03:04 on.
    assert.deepEqual(hours, [
      { ended: 4, accepted: 4, rejected: 0, failed: 0, accept_rate: 1 },
      { ended: 4, accepted: 2, rejected: 2, failed: 0, accept_rate: 0.5 },
      { ended: 3, accepted: 0, rejected: 2, failed: 1, accept_rate: 0 },
    ])
  })

  it('compare rewards with verdicts as pair by pair by hand', async () => {
    const rows = await ask(
      "SELECT reward, equal, different, auc, mixed_problems, auc_within FROM reward_agreement WHERE revision = 'main' ORDER BY reward",
    )
    const records = Array.from({ length: JUDGED }, (_, slot) => judgedRecord(slot))
    const expected = ['noise', 'rm'].map((reward) => {
      const scored = records.map(({ rewards, verification }) =>
        verification.verdicts.map(({ responseId, verdict }) => ({
          isEqual: verdict === 'equal',
          score: rewards.find((each) => each.name === reward && each.responseId === responseId)!.value!,
        })),
      )
      const all = scored.flat()
      const within = scored.map(byPairs)
      return {
        reward,
        equal: all.filter(({ isEqual }) => isEqual).length,
        different: all.filter(({ isEqual }) => !isEqual).length,
        auc: byPairs(all),
        mixed_problems: within.length,
        auc_within: within.reduce((sum, each) => sum + each, 0) / within.length,
      }
    })
    const rounded = (row: Record<string, unknown>) => ({
      ...row,
      auc: Number(row['auc']).toFixed(9),
      auc_within: Number(row['auc_within']).toFixed(9),
    })
    assert.deepEqual(rows.map(rounded), expected.map(rounded))
  })

  it('sum up cost, and divide it by rows', async () => {
    const [row] = await ask("SELECT * FROM cost_per_row WHERE revision = 'main'")
    const [spent] = await ask(
      "SELECT sum(prompt_tokens + completion_tokens) AS tokens, sum(usd) AS usd FROM cost WHERE revision = 'main'",
    )
    const { tokens, usd } = spent as { tokens: number; usd: number }
    assert.deepEqual(row, {
      ...{ run_id: 'test-run', revision: 'main', tokens, usd },
      ...{ sft_rows: 6, preference_rows: 5, accepted_problems: 6 },
      ...{ tokens_per_sft_row: tokens / 6, usd_per_sft_row: usd / 6 },
      ...{ tokens_per_preference_row: tokens / 5, usd_per_preference_row: usd / 5 },
      ...{ tokens_per_accepted_problem: tokens / 6, usd_per_accepted_problem: usd / 6 },
    })
    const [calls] = await ask(
      "SELECT sum(calls) AS calls, sum(seconds) AS seconds FROM model_calls WHERE revision = 'main' AND role = 'sampler'",
    )
    assert.deepEqual(calls, { calls: JUDGED * 8, seconds: JUDGED * (4 * 2 + 4 * 1) })
  })

  it('count no call for a reward that is not asked about an incomplete response', async () => {
    const row = (id: string, error: string) => ({
      ...{ id, problem_id: id, run_id: 'cut', revision: 'main', role: 'sampler', model: 'm' },
      ...{ reward_models: { rm: 'Org/rm' }, reward_attempts: { rm: 1 }, reward_errors: { rm: error } },
    })
    await database.insert('responses', [row('cut/0', 'incomplete'), row('cut/1', 'context-too-long')])
    const calls = await ask("SELECT role, calls FROM cost WHERE run_id = 'cut' ORDER BY role")
    assert.deepEqual(calls, [
      { role: 'reward:rm', calls: 1 },
      { role: 'sampler', calls: 2 },
    ])
    await database.command("DELETE FROM responses WHERE run_id = 'cut'")
  })

  it('find the engine that is slow, the call that was tried again, the texts that were cut', async () => {
    const engines = await ask(
      "SELECT endpoint, calls, median_seconds, repeated_calls, cut_calls, slowness > 1.5 AS slow FROM engines WHERE revision = 'main' AND role = 'sampler' ORDER BY endpoint",
    )
    const half = JUDGED * 4
    assert.deepEqual(engines, [
      {
        endpoint: 'http://gpu-0:8000/v1',
        calls: half,
        median_seconds: 1,
        repeated_calls: 0,
        cut_calls: JUDGED,
        slow: 0,
      },
      { endpoint: 'http://gpu-1:8000/v1', calls: half, median_seconds: 2, repeated_calls: 1, cut_calls: 0, slow: 1 },
    ])
    assert.deepEqual(
      await ask(
        "SELECT endpoint, retries, calls FROM retries WHERE revision = 'main' AND role = 'sampler' AND retries > 0",
      ),
      [{ endpoint: 'http://gpu-1:8000/v1', retries: 2, calls: 1 }],
    )
    const [lengths] = await ask(
      "SELECT sum(texts) AS texts, sum(cut) AS cut, min(low) AS low, max(high) AS high FROM lengths WHERE revision = 'main' AND kind = 'sample'",
    )
    assert.deepEqual(lengths, { texts: JUDGED * 8, cut: JUDGED, low: 64, high: 512 })
  })

  it('lay two revisions side by side, in both orders', async () => {
    const outcomes = await ask(
      "SELECT outcome_one, outcome_other, problems FROM compared_outcomes WHERE one = 'main' ORDER BY outcome_one, outcome_other",
    )
    assert.deepEqual(outcomes, [
      { outcome_one: 'accepted', outcome_other: 'accepted', problems: 3 },
      { outcome_one: 'accepted', outcome_other: 'rejected', problems: 3 },
      { outcome_one: 'rejected', outcome_other: 'rejected', problems: 3 },
    ])
    const pairs = Array.from({ length: JUDGED }, (_, slot) =>
      judgedRecord(slot).verification.verdicts.map((verdict, index) => [
        verdict.verdict,
        judgedRecord(slot, STRICT).verification.verdicts[index]!.verdict,
      ]),
    ).flat()
    const verdicts = await ask("SELECT verdict_one, verdict_other, responses FROM compared_verdicts WHERE one = 'main'")
    for (const one of ['equal', 'different']) {
      for (const other of ['equal', 'different']) {
        const count = pairs.filter((pair) => pair[0] === one && pair[1] === other).length
        const found = verdicts.find((row) => row['verdict_one'] === one && row['verdict_other'] === other)
        assert.equal(found?.['responses'] ?? 0, count, `${one} ${other}`)
      }
    }
    const rewards = await ask(
      "SELECT reward, responses, changed FROM compared_rewards WHERE one = 'main' ORDER BY reward",
    )
    const changed = pairs.filter(([one, other], at) => one !== other || at % 9 === 2).length
    assert.deepEqual(rewards, [
      { reward: 'noise', responses: JUDGED * 9, changed: 0 },
      { reward: 'rm', responses: JUDGED * 9, changed },
    ])
    const orders = await ask(
      'SELECT one, other, sum(problems) AS problems FROM compared_outcomes GROUP BY ALL ORDER BY one',
    )
    assert.deepEqual(orders, [
      { one: 'main', other: STRICT, problems: 9 },
      { one: STRICT, other: 'main', problems: 9 },
    ])
  })
})

/** How often an equal one scores above a different one; ties count half. */
function byPairs(scored: readonly { isEqual: boolean; score: number }[]): number {
  const right = scored.filter(({ isEqual }) => isEqual)
  const wrong = scored.filter(({ isEqual }) => !isEqual)
  let won = 0
  for (const one of right)
    for (const other of wrong) won += one.score > other.score ? 1 : one.score === other.score ? 0.5 : 0
  return won / (right.length * wrong.length)
}
