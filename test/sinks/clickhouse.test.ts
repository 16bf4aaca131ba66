// The ClickHouse sink on an embedded database and on a server: every topic lands in its table, repeats collapse, and what
// was paid for is kept.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { createCodec } from '../../schemas/codec.ts'
import type { Codec } from '../../schemas/codec.ts'
import { transient } from '../../schemas/failure.ts'
import { silentLogger } from '../../schemas/logger.ts'
import type { RunRecord, RunStart, Sampled, Screened, Tagged } from '../../schemas/records.ts'
import { clickhouseConfig, clickhouseTopics, createClickhouseSink } from '../../sinks/clickhouse.ts'
import type { Database } from '../../sinks/clickhouse/contract.ts'
import { headerTexts } from '../../stream/arrival.ts'
import type { Delivered } from '../../stream/delivered.ts'
import { markMessage } from '../../stream/letter-marks.ts'
import { DATABASE_KINDS, openTestDatabase } from '../support/clickhouse-databases.ts'
import type { DatabaseKind } from '../support/clickhouse-databases.ts'
import {
  conversed,
  judged,
  message,
  preference,
  problem,
  rejection,
  rewarded,
  RUN,
  EPOCH,
  sft,
} from '../support/rows.ts'

const TABLES = [
  'runs',
  'run_starts',
  'problems',
  'responses',
  'follow_ups',
  'sft',
  'preferences',
  'rejections',
  'dead_letters',
]
const VIEWS = [
  'funnel',
  'reasons',
  'failures',
  'cost',
  'reward_histogram',
  'verdicts',
  'judgements',
  'duplicates',
  'sft_turns',
  'conversation_ends',
  'curated',
  'rule_costs',
]

const theSink = (kind: DatabaseKind) => (): void => {
  let folder = ''
  let database: Database
  let codec: Codec
  let everything: Delivered[] = []

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'magpie-clickhouse-'))
    database = await openTestDatabase(kind, folder)
    codec = await createCodec()
    everything = theWholeWay(codec)
  })
  after(async () => {
    await database.close()
    await rm(folder, { recursive: true, force: true })
  })

  const sink = (revision?: string) =>
    createClickhouseSink({ database, codec, log: silentLogger, ...(revision === undefined ? {} : { revision }) })
  const empty = async () => {
    for (const table of TABLES) await database.command(`TRUNCATE TABLE ${table}`)
  }
  const dump = async () => {
    const tables: Record<string, unknown[]> = {}
    for (const table of TABLES)
      tables[table] = await database.rows(`SELECT * EXCEPT inserted_at FROM ${table} FINAL ORDER BY id`)
    return tables
  }

  it('fills every column that its rows have, and knows no other', async () => {
    await empty()
    await sink().write(everything)
    const rows = await dump()
    assert.deepEqual(Object.fromEntries(TABLES.map((table) => [table, rows[table]?.length])), {
      runs: 1,
      run_starts: 2,
      problems: 4,
      responses: 18,
      follow_ups: 2,
      sft: 2,
      preferences: 1,
      rejections: 1,
      dead_letters: 1,
    })
    // Where a mapping forgot a column or misspelled it, it would stay empty everywhere.
    for (const table of TABLES) {
      const columns = await database.rows<{ name: string }>(
        `SELECT name FROM system.columns WHERE table = '${table}' AND database = currentDatabase()`,
      )
      const isEmpty = (value: unknown) =>
        value === null ||
        value === '' ||
        value === undefined ||
        (typeof value === 'object' && Object.keys(value).length === 0)
      const unfilled = columns
        .map(({ name }) => name)
        .filter(
          (name) =>
            name !== 'inserted_at' &&
            (rows[table] ?? []).every((row) => isEmpty((row as Record<string, unknown>)[name])),
        )
      assert.deepEqual(unfilled.sort(), UNFILLED[table] ?? [], table)
    }
  })

  it('keeps text, numbers and times as they were', async () => {
    const [row] = await database.rows<Record<string, unknown>>(
      `SELECT text, instruction, toString(seed) AS seed, created_at, reached_at, stage, tag_model, pass_rate, metadata FROM problems FINAL WHERE slot = 0`,
    )
    assert.deepEqual(row, {
      text: problem(0).text,
      instruction: 'What is 0 + 1?',
      seed: '9007199254740000',
      created_at: '2026-01-02 03:04:05.678',
      reached_at: '2026-01-02 03:04:15.678',
      stage: 'rewarded',
      tag_model: 'judge-model',
      pass_rate: 0.75,
      metadata: { level: '1' },
    })
    const [second] = await database.rows<Record<string, unknown>>(
      `SELECT index, kind, verdict, rewards, reward_errors, reward_steps, reward_tokens, seconds FROM responses FINAL WHERE id = '${problem(0).id}/sample/0'`,
    )
    assert.deepEqual(second, {
      index: 0,
      kind: 'sample',
      verdict: 'equal',
      rewards: { agreement: 1 },
      reward_errors: { rm: 'context-too-long' },
      reward_steps: { rm: [0.5, 0.25] },
      reward_tokens: { agreement: 0, rm: 120 },
      seconds: 1.5,
    })
  })

  it('gives the same rows whatever the order, the batches and the repeats', async () => {
    await empty()
    await sink().write(everything)
    const once = await dump()
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(everything, { minLength: everything.length }),
        fc.array(fc.integer({ min: 0, max: everything.length - 1 }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 7 }),
        async (order, repeats, size) => {
          await empty()
          const messages = [...order, ...repeats.map((at) => everything[at]!)]
          for (let at = 0; at < messages.length; at += size) await sink().write(messages.slice(at, at + size))
          assert.deepEqual(await dump(), once)
        },
      ),
      { numRuns: 6 },
    )
  })

  it('shows no repeat in any view, with FINAL or without', async () => {
    await empty()
    await sink().write(everything)
    const before: Record<string, unknown[]> = {}
    for (const view of VIEWS) before[view] = await database.rows(`SELECT * FROM ${view} ORDER BY ALL`)
    for (const view of VIEWS) assert.notEqual(before[view]?.length, 0, `${view} is empty`)
    await sink().write(everything)
    await sink().write(everything)
    for (const view of VIEWS) {
      assert.deepEqual(await database.rows(`SELECT * FROM ${view} ORDER BY ALL`), before[view], view)
      assert.deepEqual(await database.rows(`SELECT * FROM ${view} FINAL ORDER BY ALL`), before[view], `${view} FINAL`)
    }
  })

  it('counts the funnel and the cost', async () => {
    const funnel = await database.rows<{ step: string; problems: number }>(
      'SELECT step, problems FROM funnel ORDER BY position',
    )
    assert.deepEqual(Object.fromEntries(funnel.map(({ step, problems }) => [step, problems])), {
      problems: 4,
      screened: 2,
      tagged: 2,
      answered: 2,
      sampled: 2,
      verified: 2,
      judged: 1,
      rewarded: 2,
      conversed: 1,
      sft: 2,
      preferences: 1,
    })
    const cost = await database.rows(
      'SELECT role, calls, prompt_tokens, completion_tokens, seconds FROM cost ORDER BY role',
    )
    assert.deepEqual(cost, [
      { role: 'answerer', calls: 2, prompt_tokens: 40, completion_tokens: 200, seconds: 3 },
      { role: 'answerer:turns', calls: 3, prompt_tokens: 60, completion_tokens: 300, seconds: 4.5 },
      { role: 'judge', calls: 2, prompt_tokens: 40, completion_tokens: 200, seconds: 3 },
      { role: 'questioner', calls: 4, prompt_tokens: 20, completion_tokens: 120, seconds: 6 },
      { role: 'questioner:turns', calls: 3, prompt_tokens: 60, completion_tokens: 300, seconds: 4.5 },
      { role: 'reward:rm', calls: 18, prompt_tokens: 2160, completion_tokens: 0, seconds: 4.5 },
      { role: 'sampler', calls: 16, prompt_tokens: 320, completion_tokens: 1600, seconds: 24 },
      { role: 'tagger', calls: 2, prompt_tokens: 40, completion_tokens: 200, seconds: 3 },
    ])
  })

  it('has both verdicts of what the judge ruled, and the cost of its calls once', async () => {
    await empty()
    const record = judged(0)
    await sink().write([message(codec, 'rewarded', 'Rewarded', record, 0)])
    const rows = await database.rows(
      `SELECT verdict, verdict_reason, symbolic_verdict, symbolic_reason, judge_verdict, judge_reason, judge_model,
         count() AS rows, countIf(judge_attempts > 0) AS calls, sum(judge_completion_tokens) AS tokens, max(vote_share) AS share
       FROM responses FINAL WHERE judge_verdict IS NOT NULL GROUP BY ALL ORDER BY verdict`,
    )
    const judge = { judge_verdict: 'equal', judge_model: 'judge-model', calls: 1, tokens: 100, share: 1 }
    assert.deepEqual(rows, [
      {
        ...judge,
        ...{ verdict: 'different', verdict_reason: 'exact', symbolic_verdict: 'different', symbolic_reason: 'exact' },
        ...{ judge_reason: 'it is the same', rows: 1 },
      },
      {
        ...judge,
        ...{ verdict: 'equal', verdict_reason: 'judge', symbolic_verdict: 'unknown', symbolic_reason: 'parse-failed' },
        ...{ judge_reason: 'another word for it', rows: 2 },
      },
    ])
    assert.deepEqual(await database.rows('SELECT pass_rate, symbolic_pass_rate, judge_version FROM problems FINAL'), [
      { pass_rate: 0.75, symbolic_pass_rate: 0.5, judge_version: 'judge@1' },
    ])
    assert.deepEqual(
      await database.rows('SELECT symbolic, judge, responses, calls FROM judgements ORDER BY symbolic'),
      [
        { symbolic: 'different', judge: 'equal', responses: 1, calls: 1 },
        { symbolic: 'unknown', judge: 'equal', responses: 2, calls: 1 },
      ],
    )
  })

  it('tells the turns of conversations: those that were kept in the data, all of them with what they said and cost', async () => {
    await empty()
    await sink().write(everything)
    assert.deepEqual(
      await database.rows(
        `SELECT turn, kept, ended, question, answer, reasoning, winning_share, question_refusals, question_calls, answer_calls, answer_usd FROM follow_ups FINAL ORDER BY turn`,
      ),
      [
        {
          ...{ turn: 2, kept: true, ended: null, question: 'And twice that?', answer: '\\boxed{4}', reasoning: 'so' },
          ...{ winning_share: null, question_refusals: ['no-question'] },
          ...{ question_calls: 2, answer_calls: 1, answer_usd: 0.25 },
        },
        {
          ...{ turn: 3, kept: false, ended: 'answers-disagree', question: 'And its square?', answer: null },
          ...{ reasoning: null, winning_share: 0.5, question_refusals: [] },
          ...{ question_calls: 1, answer_calls: 2, answer_usd: 0.5 },
        },
      ],
    )
    assert.deepEqual(
      await database.rows(`SELECT turn, question, answer FROM sft_turns WHERE turns = 2 ORDER BY turn`),
      [
        { turn: 1, question: problem(1).text, answer: 'It is \\boxed{2}.' },
        { turn: 2, question: 'And twice that?', answer: '\\boxed{4}' },
      ],
    )
    assert.deepEqual(await database.rows('SELECT reached, ended, conversations FROM conversation_ends'), [
      { reached: 2, ended: 'answers-disagree', conversations: 1 },
    ])
  })

  it('keeps the responses of a record that was refused or failed after they were paid for', async () => {
    await empty()
    const sampled: Sampled = rewarded(5, 3)
    const value = codec.encode('Sampled', sampled)
    await sink().write([
      message(codec, 'rejections', 'Rejection', rejection(5, { stage: 'verify', topic: 'sampled', record: value }), 0),
      {
        ...deadLetter(6),
        headers: { ...deadLetter(6).headers, '__connect.errors.topic': 'sampled' },
        value: codec.encode('Sampled', {
          ...sampled,
          id: 'six',
          answer: { ...sampled.answer!, id: 'six/answer' },
          samples: [],
        }),
      },
      {
        ...deadLetter(7),
        headers: { ...deadLetter(7).headers, '__connect.errors.topic': 'rewarded' },
        value: Buffer.from('not Avro'),
      },
    ])
    const rows = await database.rows(
      'SELECT problem_id, count() AS c, any(verdict) AS v FROM responses FINAL GROUP BY problem_id ORDER BY c',
    )
    assert.deepEqual(rows, [
      { problem_id: 'six', c: 1, v: null },
      { problem_id: problem(5).id, c: 4, v: null },
    ])
    assert.equal((await database.rows('SELECT id FROM dead_letters FINAL')).length, 2)
  })

  it('marks the row of a letter that was sent again, in whatever order its messages come', async () => {
    const letter = deadLetter(6)
    const of = { partition: letter.partition, offset: Number(letter.offset), timestamp: letter.timestamp }
    const mark = (kind: 'redriving' | 'redriven', offset: bigint): Delivered => {
      const at = { kind, at: EPOCH + 5000, after: 0, by: 'one', host: 'here', pid: 1 }
      const { key, value, headers } = markMessage({ ...letter, ...of, key: Buffer.from(letter.key) }, at)
      const message = { key: String(key), value: value ?? Buffer.alloc(0), headers: headerTexts(headers ?? {}) }
      return { ...letter, offset, timestamp: EPOCH + 5000, ...message }
    }
    // Told again after a crash of the stage, later than the mark.
    const late = new Date(EPOCH + 60_000).toISOString()
    const again = { ...letter, offset: 9n, headers: { ...letter.headers, 'magpie.failed-at': late } }
    const select = `SELECT problem_id, stage, code, message, attempts, attempt, bytes, source_offset, offset, toString(redriven_at) AS redriven
      FROM dead_letters FINAL`
    const orders: Delivered[][] = [
      [letter, mark('redriving', 5n), mark('redriven', 6n), again],
      [mark('redriven', 6n), again, letter, mark('redriving', 5n)],
    ]
    for (const order of orders) {
      await empty()
      for (const each of order) await sink().write([each])
      const {
        stage,
        code,
        message: text,
        attempts,
        source_offset,
      } = (await database.rows<Record<string, unknown>>(select))[0]!
      assert.deepEqual(await database.rows(select), [
        {
          ...{ problem_id: letter.key, stage, code, message: text, attempts, attempt: 1, bytes: 3, source_offset },
          ...{ offset: 4, redriven: '2026-01-02 03:04:10.678' },
        },
      ])
      assert.equal(code, letter.headers['magpie.code'])
      assert.equal(text, letter.headers['__connect.errors.exception.message'])
    }
  })

  it('puts a revision beside main', async () => {
    await empty()
    await sink().write([message(codec, 'sft', 'SftRecord', sft(0), 0)])
    await sink('strict').write([message(codec, 'sft.strict', 'SftRecord', sft(0, { revision: 'strict' }), 0)])
    assert.deepEqual(await database.rows('SELECT revision FROM sft FINAL ORDER BY revision'), [
      { revision: 'main' },
      { revision: 'strict' },
    ])
  })

  it('names the place of what it cannot read, and writes nothing of that batch', async () => {
    await empty()
    const bad = { ...message(codec, 'sft', 'SftRecord', sft(1), 7, 3), value: Buffer.from('not Avro') }
    await assert.rejects(
      sink().write([message(codec, 'sft', 'SftRecord', sft(0), 0), bad]),
      (error: Error & { retry?: string; code?: string }) => {
        assert.equal(error.retry, 'permanent')
        assert.equal(error.code, 'undecodable')
        assert.match(error.message, /sft partition 3 offset 7/)
        return true
      },
    )
    assert.deepEqual(await database.rows('SELECT id FROM sft'), [])
    await assert.rejects(sink().write([{ ...bad, topic: 'elsewhere' }]), /elsewhere/)
  })

  it('hands on what the database says, unchanged', async () => {
    const failing = createClickhouseSink({
      database: {
        rows: () => Promise.resolve([]),
        insert: () => Promise.reject(transient('clickhouse-252', 'too many parts')),
      },
      codec,
      log: silentLogger,
    })
    await assert.rejects(failing.write([message(codec, 'sft', 'SftRecord', sft(0), 0)]), { code: 'clickhouse-252' })
  })

  it('reads each topic once', () => {
    assert.deepEqual(clickhouseTopics('rewarded'), [
      'problems',
      'screened',
      'tagged',
      'rewarded',
      'sft',
      'preferences',
      'rejections',
      'dead-letters',
      'runs',
      'starts',
    ])
    assert.equal(new Set(clickhouseTopics('screened')).size, clickhouseTopics('screened').length)
    assert.equal(clickhouseConfig.parse({}).batch.rows, 2000)
  })
}

for (const kind of DATABASE_KINDS) describe(`the ClickHouse sink, ${kind}`, theSink(kind))

/** Columns that this test's records leave empty by nature. */
const UNFILLED: Record<string, string[]> = {
  dead_letters: ['redriven_at', 'redriven_from'],
  problems: [
    'embedding',
    'embedding_version',
    'first_temperature',
    'intent',
    'kept_from',
    'knowledge',
    'reference_answer',
    'source_file',
    'source_line',
    'stop_reason',
    'tag_kept_from',
  ],
  preferences: [
    'category',
    'chosen_reasoning',
    'difficulty',
    'intent',
    'knowledge',
    'other_categories',
    'pair_dropped',
    'problem_generation',
    'quality',
    'quality_explanation',
    'question_model',
    'reference_answer',
    'rejected_reasoning',
    'safety',
    'sft_dropped',
    'sft_refusal',
  ],
  responses: [
    'first_temperature',
    'judge_error',
    'judge_kept_from',
    'kept_from',
    'reward_details',
    'reward_kept_from',
    'stop_reason',
    'template',
  ],
  runs: ['finished_at'],
  sft: ['judge_verdict', 'knowledge', 'pair_dropped', 'pair_refusal', 'reference_answer'],
}

const TWO_TURNS = sft(1, {
  conversations: [
    ...sft(1).conversations,
    { from: 'human', value: 'And twice that?' },
    { from: 'gpt', value: '\\boxed{4}' },
  ],
  turns: 2,
  furtherPromptTokens: 120,
  furtherCompletionTokens: 600,
  conversationEnded: 'answers-disagree',
})

/** Two problems to the end, one duplicate, one that failed. */
function theWholeWay(codec: Codec): Delivered[] {
  const curation = { sftRefusal: 'a', pairRefusal: 'b', sftDropped: { 'open-end': 2 }, pairDropped: { 'open-end': 3 } }
  const messages: Delivered[] = []
  for (const slot of [0, 1]) {
    const screened: Screened = rewarded(slot)
    const tagged: Tagged = rewarded(slot)
    messages.push(
      message(codec, 'problems', 'Problem', problem(slot), slot),
      message(codec, 'screened', 'Screened', { ...screened, createdAt: EPOCH + 100 }, slot),
      message(codec, 'tagged', 'Tagged', { ...tagged, createdAt: EPOCH + 200 }, slot),
      message(codec, 'rewarded', 'Rewarded', slot === 0 ? judged(slot) : rewarded(slot), slot),
      ...(slot === 1 ? [message(codec, 'conversed', 'Conversed', conversed(slot), slot)] : []),
      message(codec, 'sft', 'SftRecord', slot === 1 ? TWO_TURNS : sft(slot), slot),
    )
  }
  messages.push(
    message(codec, 'preferences', 'PreferenceRecord', preference(0), 0),
    message(codec, 'problems', 'Problem', problem(2), 2),
    message(codec, 'rejections', 'Rejection', rejection(2, { curation }), 0),
    message(codec, 'problems', 'Problem', problem(3), 3),
    deadLetter(3),
    message(codec, 'runs', 'RunRecord', runRecord('running', 1), 0),
    message(codec, 'runs', 'RunRecord', runRecord('finished', 2), 1),
    { ...message(codec, 'runs', 'RunRecord', runRecord('finished', 2), 2), value: Buffer.alloc(0) },
    message(codec, 'starts', 'RunStart', runStart(1), 0),
    message(codec, 'starts', 'RunStart', runStart(2), 1),
    { ...message(codec, 'starts', 'RunStart', runStart(1), 2), value: Buffer.alloc(0) },
  )
  return messages
}

function runStart(pid: number): RunStart {
  const place = { id: `${RUN}/main/here-${pid}-5`, runId: RUN, revision: 'main', createdAt: EPOCH, clickhouse: null }
  return { ...place, config: '{}', configHash: 'cd34', parts: ['answer'], host: 'here', pid, version: '0.1.0' }
}

function runRecord(state: RunRecord['state'], after: number): RunRecord {
  return {
    id: `${RUN}/main`,
    runId: RUN,
    revision: 'main',
    createdAt: EPOCH + after,
    state,
    config: '{}',
    configHash: 'cd34',
    startedAt: EPOCH,
    finishedAt: null,
    host: 'here',
    pid: 1,
    version: '0.1.0',
    endedBy: 'tokens',
  }
}

function deadLetter(slot: number): Delivered {
  return {
    topic: 'dead-letters',
    partition: 1,
    offset: 4n,
    timestamp: EPOCH,
    key: problem(slot).id,
    value: Buffer.from([1, 2, 3]),
    headers: {
      'magpie.run': RUN,
      'magpie.revision': 'main',
      'magpie.config': 'cd34',
      '__connect.errors.topic': 'screened',
      '__connect.errors.partition': '2',
      '__connect.errors.offset': '99',
      '__connect.errors.stage': 'answer',
      '__connect.errors.exception.message': 'context too long',
      'magpie.code': 'context-too-long',
      'magpie.attempts': '1',
      'magpie.stack': 'Failure: context too long\\n at x',
    },
  }
}
