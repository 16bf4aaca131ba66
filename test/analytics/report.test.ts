// The report counts what the tables hold, once each, and fits one screen whatever they hold.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { buildReport } from '../../analytics/report.ts'
import type { Report } from '../../analytics/report.ts'
import { harmless } from '../../schemas/terminal-text.ts'
import { clip, columns, duration, short } from '../../analytics/report/format.ts'
import { renderReport } from '../../analytics/report/render.ts'
import { renderRules } from '../../analytics/report/rules.ts'
import { createCodec } from '../../schemas/codec.ts'
import { UsageFault } from '../../schemas/failure.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { createClickhouseSink } from '../../sinks/clickhouse.ts'
import type { Database } from '../../sinks/clickhouse/contract.ts'
import { openDatabase } from '../../sinks/clickhouse/database.ts'
import { preferenceId } from '../../schemas/ids.ts'
import {
  conversed,
  EPOCH,
  judged,
  message,
  preference,
  problem,
  rejection,
  rewarded,
  RUN,
  sft,
} from '../support/rows.ts'

const codec = await createCodec()

describe('the report', () => {
  let folder = ''
  let database: Database

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'magpie-report-'))
    database = await openDatabase({ url: '', stateDir: folder, role: 'owner', log: silentLogger })
  })
  after(async () => {
    await database.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('says that there is no run yet', async () => {
    await assert.rejects(
      buildReport(database),
      (error) => error instanceof UsageFault && /no run yet/.test(error.message),
    )
  })

  it('counts each problem once, repeats and all', async () => {
    const sink = createClickhouseSink({ database, codec, log: silentLogger })
    const run = {
      id: `${RUN}/main`,
      runId: RUN,
      revision: 'main',
      config: '{}',
      configHash: '',
      startedAt: EPOCH,
      finishedAt: null,
      host: 'h',
      pid: 1,
      version: '1',
      endedBy: null,
    }
    const cut = rewarded(5)
    cut.samples[0]!.generation.finishReason = 'length'
    cut.samples[1]!.generation.continuations = 2
    cut.verification.verdicts.find(({ responseId }) => responseId === cut.samples[0]!.id)!.thought = 'unfinished'
    const messages = [
      message(codec, 'runs', 'RunRecord', { ...run, state: 'running', createdAt: EPOCH }, 0),
      message(
        codec,
        'runs',
        'RunRecord',
        { ...run, state: 'finished', createdAt: EPOCH + 36_000, finishedAt: EPOCH + 36_000 },
        1,
      ),
      ...[0, 1, 2, 3, 4, 5].map((slot) => message(codec, 'problems', 'Problem', problem(slot), slot)),
      message(codec, 'rewarded', 'Rewarded', rewarded(0), 0),
      message(codec, 'rewarded', 'Rewarded', rewarded(1), 1),
      message(codec, 'rewarded', 'Rewarded', cut, 2),
      message(codec, 'sft', 'SftRecord', sft(0), 0),
      message(codec, 'preferences', 'PreferenceRecord', preference(0), 0),
      message(
        codec,
        'preferences',
        'PreferenceRecord',
        preference(1, { sftRefusal: 'open-end', sftDropped: { 'open-end': 8 }, pairDropped: { 'open-end': 1 } }),
        1,
      ),
      message(
        codec,
        'preferences',
        'PreferenceRecord',
        preference(1, {
          id: preferenceId(problem(1).id, 1),
          sftRefusal: 'open-end',
          sftDropped: { 'open-end': 8 },
          pairDropped: { 'open-end': 1 },
        }),
        2,
      ),
      message(codec, 'rejections', 'Rejection', rejection(2), 0),
      message(
        codec,
        'rejections',
        'Rejection',
        rejection(5, {
          ...{ stage: 'curate', reason: 'no-agreement', topic: 'rewarded' },
          curation: {
            ...{ sftRefusal: 'no-agreement', pairRefusal: 'too-few-answers' },
            ...{ sftDropped: { 'open-end': 2 }, pairDropped: { 'open-end': 3, 'no-final-answer': 1 } },
          },
        }),
        1,
      ),
      {
        ...message(codec, 'problems', 'Problem', problem(3), 0),
        topic: 'dead-letters',
        headers: {
          'magpie.run': RUN,
          'magpie.revision': 'main',
          'magpie.code': 'context-too-long',
          '__connect.errors.stage': 'answer',
        },
      },
    ]
    await sink.write(messages)
    const report = await buildReport(database)
    await sink.write(messages)
    assert.deepEqual(await buildReport(database, { run: RUN, revision: 'main' }), report)

    assert.deepEqual(report.run, {
      id: RUN,
      revision: 'main',
      replay: null,
      state: 'finished',
      startedAt: '2026-01-02T03:04:05.678Z',
      finishedAt: '2026-01-02T03:04:41.678Z',
      lastAt: '2026-01-02T03:04:41.678Z',
      seconds: 36,
    })
    assert.deepEqual(report.funnel, [
      { step: 'problems', problems: 6, share: 1 },
      { step: 'screened', problems: 3, share: 0.5 },
      { step: 'tagged', problems: 3, share: 0.5 },
      { step: 'answered', problems: 3, share: 0.5 },
      { step: 'sampled', problems: 3, share: 0.5 },
      { step: 'verified', problems: 3, share: 0.5 },
      { step: 'rewarded', problems: 3, share: 0.5 },
      { step: 'sft', problems: 1, share: 1 / 6 },
      { step: 'preferences', problems: 2, share: 1 / 3 },
    ])
    assert.deepEqual(report.ends, { accepted: 2, rejected: 2, deadLetters: 1, open: 1 })
    assert.deepEqual(report.rows, { sft: 1, preferences: 3 })
    assert.deepEqual(report.reasons, [
      { stage: 'curate', reason: 'no-agreement', problems: 1, share: 1 / 6 },
      { stage: 'screen', reason: 'exact-duplicate', problems: 1, share: 1 / 6 },
    ])
    // Two that a producer refused never were problems of the funnel, and yet no share is more than the whole.
    const early = [11, 12].map((slot, at) => message(codec, 'rejections', 'Rejection', rejection(slot), 2 + at))
    await sink.write(early)
    const { reasons } = await buildReport(database)
    assert.deepEqual(reasons.map(({ reason, share }) => [reason, share])[0], ['exact-duplicate', 3 / 8])
    await database.command(`ALTER TABLE rejections DELETE WHERE offset >= 2 SETTINGS mutations_sync = 2`)
    // Problems 0, 1 and 5 were curated; 1 has two pairs, and what its rows say counts once.
    assert.deepEqual(report.curation, {
      problems: 3,
      sft: [
        { rule: 'open-end', rows: 1, responses: 10, share: 1 / 3 },
        { rule: 'no-agreement', rows: 1, responses: 0, share: 1 / 3 },
        { rule: 'refusal-phrase', rows: 0, responses: 1, share: 0 },
      ],
      preference: [
        { rule: 'too-few-answers', rows: 1, responses: 0, share: 1 / 3 },
        { rule: 'open-end', rows: 0, responses: 4, share: 0 },
        { rule: 'no-final-answer', rows: 0, responses: 1, share: 0 },
      ],
    })
    assert.deepEqual(
      report.deadLetters.map(({ stage, code, count, redriven }) => [stage, code, count, redriven]),
      [['answer', 'context-too-long', 1, 0]],
    )
    assert.deepEqual(
      report.cost.map(({ role, calls }) => [role, calls]),
      [
        ['questioner', 6],
        ['tagger', 3],
        ['answerer', 3],
        ['sampler', 24],
        ['reward:rm', 27],
      ],
    )
    assert.deepEqual(
      report.cost.map(({ role, usd, retries }) => [role, usd, retries]),
      [
        ['questioner', 6 * 0.25, 0],
        ['tagger', 3 * 0.25, 0],
        ['answerer', 3 * 0.25, 0],
        ['sampler', 24 * 0.25, 0],
        ['reward:rm', 27 * 0.125, 0],
      ],
    )
    const total = 36 * 0.25 + 27 * 0.125
    assert.deepEqual(report.money, { total, perSftRow: total, perPreferenceRow: total / 3, unpriced: [] })
    assert.equal(report.tokens.cached, 36 * 5)
    assert.equal(report.tokens.completion, 6 * 30 + 3 * 100 + 3 * 100 + 24 * 100)
    assert.deepEqual(
      report.verdicts.map(({ verdict, responses }) => [verdict, responses]),
      [
        ['equal', 21],
        ['different', 6],
      ],
    )
    assert.deepEqual(report.unfinished, { thoughts: 1, cut: 1, continued: 1 })
    assert.equal(report.passRate, 0.75)
    const rm = report.rewards.find(({ name }) => name === 'rm')
    assert.deepEqual([rm?.responses, rm?.errors, rm?.least, rm?.greatest, rm?.median], [24, 3, 0, 0.8, 0.45])
    assert.equal(report.rates.problemsPerHour, 600)
    assert.equal(report.rates.acceptedPerHour, 200)
  })

  it('counts what the judge recovered, and what it holds against symbols', async () => {
    const sink = createClickhouseSink({ database, codec, log: silentLogger, revision: 'judged' })
    const record = { ...judged(7), revision: 'judged' }
    await sink.write([message(codec, 'rewarded.judged', 'Rewarded', record, 0)])
    const report = await buildReport(database, { revision: 'judged' })
    assert.deepEqual(report.judge, {
      calls: 2,
      responses: 3,
      recovered: 2,
      disagreements: 1,
      matrix: [
        { symbolic: 'different', judge: 'equal', responses: 1 },
        { symbolic: 'unknown', judge: 'equal', responses: 2 },
      ],
    })
    assert.deepEqual(
      report.verdicts.map(({ verdict, responses }) => [verdict, responses]),
      [
        ['equal', 7],
        ['different', 2],
      ],
    )
    assert.equal(report.passRate, 0.75)
    assert.deepEqual(
      report.cost
        .filter(({ role }) => role === 'judge')
        .map(({ calls, completionTokens }) => [calls, completionTokens]),
      [[2, 200]],
    )
    assert.ok(report.funnel.some(({ step, problems }) => step === 'judged' && problems === 1))
    const text = renderReport(report, { width: 100, colour: false })
    assert.match(text, /\njudge: 3 in 2 calls, 2 recovered, 1 equal against symbols\n/)
  })

  it('tells how far conversations came', async () => {
    const sink = createClickhouseSink({ database, codec, log: silentLogger })
    const records = [0, 1, 2].map((slot) => {
      const of = problem(slot, { runId: 'talk', id: `talk-${slot}`, createdAt: EPOCH - 1 })
      return conversed(slot, { id: of.id, runId: 'talk', problem: of })
    })
    const whole = { ...records[1]!.conversation!, wished: 2, ended: null, detail: null }
    records[1]!.conversation = { ...whole, followUps: whole.followUps.slice(0, 1) }
    records[2]!.conversation = { ...whole, responseId: null, followUps: [], ended: 'no-majority', detail: 'none' }
    await sink.write(records.map((record, index) => message(codec, 'conversed', 'Conversed', record, index)))
    const report = await buildReport(database, { run: 'talk' })
    assert.deepEqual(report.conversations, [
      { turns: 2, ended: 'answers-disagree', conversations: 1 },
      { turns: 2, ended: null, conversations: 1 },
      { turns: 1, ended: 'no-majority', conversations: 1 },
    ])
    assert.equal(report.funnel.find(({ step }) => step === 'conversed')?.problems, 2)
    assert.deepEqual(
      report.cost.filter(({ role }) => role.endsWith(':turns')).map(({ role, calls, usd }) => [role, calls, usd]),
      [
        ['questioner:turns', 5, 1.25],
        ['answerer:turns', 4, 1],
      ],
    )
    const text = renderReport(report, { width: 100, colour: false })
    assert.match(text, /\nconversations: 2 of 2 turns; ended early: 1 answers-disagree\n/)
  })

  it('keeps every figure on a narrow screen: names of models are cut, sentences go on in the next line', async () => {
    const sink = createClickhouseSink({ database, codec, log: silentLogger, revision: 'narrow' })
    await sink.write([message(codec, 'rewarded.narrow', 'Rewarded', { ...judged(7), revision: 'narrow' }, 0)])
    const report = await buildReport(database, { revision: 'narrow' })
    const lines = renderReport(report, { width: 80, colour: false }).split('\n')
    for (const line of lines) assert.ok(line.length <= 80, line)
    const roomy = renderReport(report, { width: 100, colour: false }).split('\n')
    const figuresOf = (all: readonly string[]) =>
      all
        .find((line) => line.startsWith('sampler'))!
        .replace(/^sampler +\S+ +/, '')
        .split(/ +/)
    assert.deepEqual(figuresOf(lines), figuresOf(roomy))
    const narrow = renderReport(report, { width: 64, colour: false })
    assert.match(narrow, /\nverdicts: .*\n {2}.*75\.0 %\n/)
  })

  it('takes the newest run, and names those that there are', async () => {
    const sink = createClickhouseSink({ database, codec, log: silentLogger })
    const later = problem(0, { runId: 'later', id: 'x', createdAt: EPOCH + 86_400_000, generation: null })
    await sink.write([message(codec, 'problems', 'Problem', later, 100)])
    const report = await buildReport(database)
    assert.equal(report.run.id, 'later')
    assert.equal(report.run.state, null)
    assert.equal(report.run.finishedAt, null)
    assert.deepEqual(report.ends, { accepted: 0, rejected: 0, deadLetters: 0, open: 1 })
    await assert.rejects(
      buildReport(database, { run: 'none' }),
      (error) => error instanceof UsageFault && error.message.includes(`later, ${RUN}`),
    )
    await assert.rejects(
      buildReport(database, { revision: 'strict' }),
      (error) => error instanceof UsageFault && /strict/.test(error.message),
    )
  })

  it('shows what it counted', async () => {
    const text = renderReport(await buildReport(database, { run: RUN }), { width: 100, colour: false })
    assert.match(
      text,
      /^Run test-run · finished · began 2026-01-02 03:04 UTC · 36 s\n1 SFT and 3 preference rows · 1 problems on the way/,
    )
    assert.match(text, /problems +6 +100\.0 % +█{12}/)
    assert.match(text, /screen +exact-duplicate +1 +16\.7 %/)
    assert.match(text, /SFT +rows lost +responses +Preference +rows lost +responses\n/)
    assert.match(text, /open-end +1 +10 +too-few-answers +1 +0\n/)
    assert.match(text, /sampler +Org\/some-model +24/)
    assert.match(text, /answer +context-too-long +1/)
    assert.match(text, /sampler .*\$6\.00\n/)
    assert.match(text, /\n\$12\.38 in all · \$12\.38 for each SFT row · \$4\.13 for each preference row\n/)
  })
})

describe('the screen', () => {
  const word = fc.string({ unit: 'binary', maxLength: 120 })
  const size = fc.nat({ max: 10 ** 12 })
  const part = fc.double({ min: 0, max: 1, noNaN: true })
  const maybe = fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }))
  const costs = fc.array(fc.record({ rule: word, rows: size, responses: size, share: part }), { maxLength: 20 })
  const report: fc.Arbitrary<Report> = fc.record({
    run: fc.record({
      id: word,
      revision: word,
      replay: fc.option(fc.record({ of: word, from: word, stages: fc.array(word), into: fc.option(word) })),
      state: fc.option(word),
      startedAt: fc.constant('2026-01-02T03:04:05.678Z'),
      finishedAt: fc.constant(null),
      lastAt: fc.constant('2026-01-02T03:04:05.678Z'),
      seconds: fc.double({ min: 0, max: 1e8, noNaN: true }),
    }),
    funnel: fc.array(fc.record({ step: fc.constantFrom('problems', 'preferences'), problems: size, share: part }), {
      maxLength: 11,
    }),
    ends: fc.record({ accepted: size, rejected: size, deadLetters: size, open: size }),
    rows: fc.record({ sft: size, preferences: size }),
    answersOf: word,
    reasons: fc.array(fc.record({ stage: word, reason: word, problems: size, share: part }), { maxLength: 40 }),
    curation: fc.record({ problems: size, sft: costs, preference: costs }),
    deadLetters: fc.array(fc.record({ stage: word, code: word, count: size, redriven: size, example: word }), {
      maxLength: 20,
    }),
    money: fc.record({
      total: fc.option(fc.double({ min: 0, max: 1e9, noNaN: true })),
      perSftRow: fc.option(fc.double({ min: 0, max: 1e9, noNaN: true })),
      perPreferenceRow: fc.option(part),
      unpriced: fc.array(word, { maxLength: 8 }),
    }),
    cost: fc.array(
      fc.record({
        role: word,
        model: word,
        calls: size,
        retries: size,
        cachedTokens: size,
        usd: fc.option(fc.double({ min: 0, max: 1e9, noNaN: true })),
        promptTokens: size,
        completionTokens: size,
        seconds: fc.double({ min: 0, max: 1e9, noNaN: true }),
      }),
      { maxLength: 30 },
    ),
    tokens: fc.record({ prompt: size, cached: size, completion: size }),
    verdicts: fc.array(
      fc.record({ verdict: fc.constantFrom('equal', 'different', 'unknown'), responses: size, share: part }),
      { maxLength: 3 },
    ),
    judge: fc.record({
      calls: size,
      responses: size,
      recovered: size,
      disagreements: size,
      matrix: fc.array(fc.record({ symbolic: word, judge: fc.constantFrom('equal', 'unreadable'), responses: size })),
    }),
    unfinished: fc.record({ thoughts: fc.nat(), cut: fc.nat(), continued: fc.nat() }),
    passRate: fc.option(part),
    conversations: fc.array(fc.record({ turns: fc.nat({ max: 16 }), ended: fc.option(word), conversations: size }), {
      maxLength: 12,
    }),
    rewards: fc.array(
      fc.record({
        name: word,
        responses: size,
        errors: size,
        mean: maybe,
        least: maybe,
        median: maybe,
        greatest: maybe,
      }),
      { maxLength: 12 },
    ),
    rates: fc.record({
      problemsPerHour: fc.double({ min: 0, max: 1e9, noNaN: true }),
      acceptedPerHour: part,
      tokensPerSecond: fc.double({ min: 0, max: 1e9, noNaN: true }),
    }),
  })

  it('is never more than 40 lines of 100 characters, and holds no control characters', () => {
    fc.assert(
      fc.property(report, fc.integer({ min: 60, max: 300 }), fc.boolean(), (each, width, colour) => {
        const text = stripVTControlCharacters(renderReport(each, { width, colour }))
        const lines = text.split('\n')
        assert.ok(lines.length <= 40, `${lines.length} lines`)
        for (const line of lines) {
          assert.ok(Array.from(line).length <= Math.min(width, 100), line)
          assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f]/)
        }
      }),
    )
  })

  it('gives every rule a line where only rules are asked for', () => {
    fc.assert(
      fc.property(report, fc.integer({ min: 60, max: 300 }), (each, width) => {
        const lines = renderRules(each, { width, colour: false }).split('\n')
        const { sft, preference } = each.curation
        assert.equal(lines.length, 5 + sft.length + preference.length)
        for (const line of lines) {
          assert.ok(Array.from(line).length <= width, line)
          assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f]/)
        }
      }),
    )
  })

  it('colours headings where colours are wanted, and only there', () => {
    fc.assert(
      fc.property(report, (each) => {
        assert.doesNotMatch(renderReport(each, { width: 100, colour: false }), /\u001b/)
        assert.ok(renderReport(each, { width: 100, colour: true }).startsWith('\u001b[1m'))
      }),
      { numRuns: 20 },
    )
  })
})

describe('numbers and texts', () => {
  it('are short', () => {
    assert.deepEqual([0, 7, 999, 1000, 1_234_567, 5e9, 0.12345].map(short), [
      '0',
      '7',
      '999',
      '1k',
      '1.23M',
      '5G',
      '0.123',
    ])
    assert.deepEqual([0, 4.25, 59, 61, 3600, 90_000].map(duration), [
      '0 s',
      '4.3 s',
      '59 s',
      '1 min 1 s',
      '1 h 0 min',
      '1 d 1 h',
    ])
    assert.equal(clip('abcdef', 4), 'abc…')
    assert.equal(harmless('a\u001b[31mb\nc'), 'a [31mb c')
  })

  it('stand in columns', () => {
    const shape = [{ align: 'left' }, { align: 'right', most: 3 }] as const
    assert.deepEqual(
      columns(
        [
          ['a', '1'],
          ['bcd', '12345'],
        ],
        shape,
      ),
      ['a      1', 'bcd  12…'],
    )
  })
})
