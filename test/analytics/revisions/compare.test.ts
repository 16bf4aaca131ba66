// Two revisions side by side: what differs is counted by id with its reason, and what only one has taken is no loss.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { buildReport } from '../../../analytics/report.ts'
import { renderReport } from '../../../analytics/report/render.ts'
import { compareRevisions } from '../../../analytics/revisions/compare.ts'
import { renderComparison } from '../../../analytics/revisions/render-compare.ts'
import { createCodec } from '../../../schemas/codec.ts'
import { preferenceId, sftId } from '../../../schemas/ids.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import type { Rewarded, RunRecord } from '../../../schemas/records.ts'
import { createClickhouseSink } from '../../../sinks/clickhouse.ts'
import type { Database } from '../../../sinks/clickhouse/contract.ts'
import { openDatabase } from '../../../sinks/clickhouse/database.ts'
import type { Delivered } from '../../../stream/delivered.ts'
import { EPOCH, message, preference, problem, rejection, rewarded, RUN, sft } from '../../support/rows.ts'

const codec = await createCodec()

describe('the comparison of two revisions', () => {
  let folder = ''
  let database: Database
  let offset = 0

  const store = async (revision: string, messages: readonly Delivered[]): Promise<void> => {
    const sink = createClickhouseSink({ database, codec, log: silentLogger, revision })
    const suffix = revision === 'main' ? '' : `.${revision}`
    const shared = new Set(['runs', 'dead-letters'])
    await sink.write(
      messages.map((each) => ({
        ...each,
        topic: shared.has(each.topic) ? each.topic : `${each.topic}${suffix}`,
        headers: { ...each.headers, 'magpie.revision': revision },
      })),
    )
  }
  const runOf = (revision: string, replay: object | null): Delivered => {
    const record: RunRecord = {
      ...{ id: `${RUN}/${revision}`, runId: RUN, revision, createdAt: EPOCH + 99_000, state: 'finished' },
      ...{ config: JSON.stringify({ replay }), configHash: 'x', startedAt: EPOCH + (replay === null ? 0 : 60_000) },
      ...{ finishedAt: EPOCH + 99_000, host: 'here', pid: 1, version: '0', endedBy: null },
    }
    return message(codec, 'runs', 'RunRecord', record, (offset += 1))
  }
  const responses = (slot: number, change: (record: Rewarded) => void = () => undefined): Delivered => {
    const record = rewarded(slot, 3)
    change(record)
    return message(codec, 'rewarded', 'Rewarded', record, (offset += 1))
  }
  const row = (slot: number, over = {}): Delivered => message(codec, 'sft', 'SftRecord', sft(slot, over), (offset += 1))
  const pair = (slot: number, over = {}): Delivered =>
    message(codec, 'preferences', 'PreferenceRecord', preference(slot, over), (offset += 1))
  const refused = (
    revision: string,
    slot: number,
    stage: string,
    reason: string,
    rules: object | null = null,
  ): Delivered =>
    message(
      codec,
      'rejections',
      'Rejection',
      rejection(slot, {
        ...{ revision, stage, reason, curation: null, topic: null },
        ...(rules === null
          ? {}
          : { curation: { sftDropped: {}, pairDropped: {}, sftRefusal: null, pairRefusal: null, ...rules } }),
      }),
      (offset += 1),
    )

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'magpie-compare-'))
    database = await openDatabase({ url: '', stateDir: folder, role: 'owner', log: silentLogger })
    const slots = [0, 1, 2, 3, 4]
    await store('main', [
      runOf('main', null),
      ...slots.map((slot) => message(codec, 'problems', 'Problem', problem(slot), slot)),
      ...slots.map((slot) => responses(slot)),
      row(0),
      row(1),
      row(2),
      row(4),
      pair(0),
      pair(0, { id: preferenceId(problem(0).id, 1) }),
      pair(1),
      refused('main', 3, 'curate', 'no-agreement', { sftRefusal: 'no-agreement', pairRefusal: 'too-few-answers' }),
    ])
    // The first is as it was, of the second another response is taken, the third is refused, the fourth is new; the
    // fifth it does not take.
    await store('strict', [
      runOf('strict', { of: 'main', from: 'sampled', stages: ['verify', 'reward', 'curate'] }),
      ...[0, 1, 2, 3].map((slot) =>
        responses(slot, ({ verification }) => {
          if (slot === 2) for (const verdict of verification.verdicts) verdict.verdict = 'unknown'
        }),
      ),
      row(0),
      row(1, { responseId: 'another' }),
      row(3),
      pair(0),
      refused('strict', 2, 'curate', 'low-vote', { sftRefusal: 'low-vote', pairRefusal: 'low-vote' }),
    ])
    await store('curated', [
      runOf('curated', { of: 'strict', from: 'rewarded', stages: ['curate'] }),
      row(0),
      refused('curated', 1, 'curate', 'too-long', { sftRefusal: 'too-long', pairRefusal: 'too-long' }),
    ])
  })
  after(async () => {
    await database.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('says which rows came and went, and why', async () => {
    const { rows, both } = await compareRevisions(database, { left: 'main', right: 'strict' })
    assert.equal(both, 4)
    const id = (slot: number): string => sftId(problem(slot).id)
    assert.deepEqual(rows[0], {
      ...{ type: 'sft', both: 2, changed: 1, changedExamples: [id(1)] },
      ...{ gained: 1, gainedBecause: [{ reason: 'curate: no-agreement', rows: 1, examples: [id(3)] }] },
      ...{ lost: 1, lostBecause: [{ reason: 'curate: low-vote', rows: 1, examples: [id(2)] }] },
      ...{ onlyLeftTook: 1, onlyRightTook: 0 },
    })
    const { lost, lostBecause } = rows[1]!
    assert.equal(lost, 2)
    const reasons = lostBecause.map(({ reason }) => reason)
    assert.deepEqual(reasons.sort(), ['it has fewer rows of the problem', 'no end yet'])
  })

  it('counts verdicts by both, with examples', async () => {
    const { verdicts } = await compareRevisions(database, { left: 'main', right: 'strict' })
    assert.equal(verdicts.compared, 16)
    assert.equal(verdicts.changed, 4)
    const [changed] = verdicts.matrix
    assert.deepEqual([changed?.right, changed?.examples.length], ['unknown', 3])
    assert.ok(changed?.examples.every((example) => example.startsWith(problem(2).id)))
    assert.equal(
      verdicts.matrix.reduce((sum, { responses: some }) => sum + some, 0),
      16,
    )
  })

  it('goes the other way round with the same numbers', async () => {
    const there = await compareRevisions(database, { left: 'main', right: 'strict' })
    const back = await compareRevisions(database, { left: 'strict', right: 'main' })
    for (const [index, one] of there.rows.entries()) {
      const other = back.rows[index]!
      assert.deepEqual(
        [one.gained, one.lost, one.both, one.onlyLeftTook],
        [other.lost, other.gained, other.both, other.onlyRightTook],
      )
    }
    assert.equal(there.verdicts.changed, back.verdicts.changed)
    assert.deepEqual([there.left, there.right], [back.right, back.left])
  })

  it('puts the reasons side by side, the largest difference first', async () => {
    const { reasons } = await compareRevisions(database, { left: 'main', right: 'strict' })
    assert.deepEqual(reasons, [
      { stage: 'curate', reason: 'low-vote', left: 0, right: 1 },
      { stage: 'curate', reason: 'no-agreement', left: 1, right: 0 },
    ])
  })

  it('knows whose responses a revision has curated', async () => {
    const { right, verdicts } = await compareRevisions(database, { left: 'strict', right: 'curated' })
    assert.equal(right.answersOf, 'strict')
    assert.deepEqual(verdicts, { compared: 0, changed: 0, matrix: [] })
    assert.ok(right.rewards.length > 0)
  })

  it('is refused for one revision, or one that is not there', async () => {
    await assert.rejects(compareRevisions(database, { left: 'main', right: 'main' }), /give two revisions/)
    await assert.rejects(compareRevisions(database, { left: 'main', right: 'loose' }), /no run of revision loose/)
  })

  it('is one screen', async () => {
    const text = renderComparison(await compareRevisions(database, { left: 'main', right: 'strict' }), {
      width: 100,
      colour: false,
    })
    assert.match(
      text,
      /^Run test-run · main \(its own problems, finished\) · strict \(sampled of main, finished\)\n4 problems were taken by both/,
    )
    assert.match(text, /SFT rows +4 +3 +−1\n/)
    assert.match(text, /curate: low-vote +0 +1 +\+1/)
    assert.match(text, /equal → unknown: /)
    assert.match(text, /gained in strict: 1; why main has none:\n +curate: no-agreement +1 +\S+\/sft/)
    assert.match(text, /of problems that the other has not taken: 1 in main, 0 in strict/)
    for (const line of text.split('\n')) assert.ok(line.length <= 100, line)
  })

  describe('the report on a replay', () => {
    it('counts what it has taken and its own stages, and asks no price for what it has read', async () => {
      const report = await buildReport(database, { revision: 'strict' })
      assert.deepEqual(
        report.funnel.map(({ step, problems }) => [step, problems]),
        [
          ['taken', 4],
          ['verified', 4],
          ['rewarded', 4],
          ['sft', 3],
          ['preferences', 1],
        ],
      )
      assert.deepEqual([...new Set(report.cost.map(({ role }) => role))], ['reward:rm'])
      assert.equal(report.run.startedAt, new Date(EPOCH + 60_000).toISOString())
      assert.match(renderReport(report, { width: 100, colour: false }), /revision strict \(sampled of main\)/)
    })
    it('shows the answers of what it reads where it only curates', async () => {
      const report = await buildReport(database, { revision: 'curated' })
      assert.deepEqual(
        [report.answersOf, report.cost, report.funnel[0]],
        ['strict', [], { step: 'taken', problems: 2, share: 1 }],
      )
      assert.deepEqual(report.verdicts, (await buildReport(database, { revision: 'strict' })).verdicts)
      assert.match(renderReport(report, { width: 100, colour: false }), /Answers \(of strict\)/)
    })
  })
})
