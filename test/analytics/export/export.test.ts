// Exports of a small run from an embedded database and from a server: every format, filter and place.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { checkExport } from '../../../analytics/export/check.ts'
import { FORMATS } from '../../../analytics/export/contract.ts'
import type { Row } from '../../../analytics/export/contract.ts'
import { placeOf, splitOf } from '../../../analytics/export/split.ts'
import { Failure, UsageFault } from '../../../schemas/failure.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import type { Rewarded } from '../../../schemas/records.ts'
import { createJsonSink } from '../../../sinks/json.ts'
import { DATABASE_KINDS } from '../../support/clickhouse-databases.ts'
import type { DatabaseKind } from '../../support/clickhouse-databases.ts'
import { EPOCH, message, preference, problem, rewarded, RUN, sft } from '../../support/rows.ts'
import { codec, createExporting, rowsOfExport } from './exporting.ts'
import type { Exporting, Written } from './exporting.ts'

const SLOTS = Array.from({ length: 12 }, (_, slot) => slot)

/** A rewarded problem whose responses have two steps each, scored by a process reward. */
function inSteps(slot: number): Rewarded {
  const record = rewarded(slot, 2)
  const { verification } = record
  const verdicts = verification.verdicts.map((verdict) => ({ ...verdict, solution: 'First.\n\nThen \\boxed{2}.' }))
  return { ...record, verification: { ...verification, verdicts } }
}

const MULTI = sft(1, {
  turns: 2,
  conversations: [
    { from: 'human', value: problem(1).text },
    { from: 'gpt', value: '<think>\nhm\n</think>\n\nIt is \\boxed{2}.' },
    { from: 'human', value: 'And twice that?' },
    { from: 'gpt', value: '<think>\nso\n</think>\n\n\\boxed{4}' },
  ],
})

const records = {
  sft: SLOTS.map((slot) => (slot === 1 ? MULTI : sft(slot))),
  preferences: SLOTS.map((slot) => preference(slot)),
  rewarded: SLOTS.map(inSteps),
}

const anExport = (kind: DatabaseKind) => (): void => {
  let exporting: Exporting
  before(async () => {
    exporting = await createExporting(kind)
    await exporting.put(records)
  })
  after(() => exporting.close())

  const byId = (rows: readonly Row[], id: string): Row => {
    const found = rows.find((row) => row['id'] === id)
    assert.ok(found, `no row ${id}`)
    return found
  }
  const faultOf = async (work: Promise<unknown>): Promise<string> => {
    try {
      await work
    } catch (error) {
      assert.ok(error instanceof UsageFault, String(error))
      return error.faults.join('\n')
    }
    assert.fail('there was no fault')
  }

  for (const format of FORMATS) {
    it(`of format ${format} passes its own check, and comes out the same again`, async () => {
      const first = await exporting.write({ format, out: `same-${format}-1` }, { split: 0.4 })
      const second = await exporting.write({ format, out: `same-${format}-2` }, { split: 0.4 })
      assert.deepEqual(second.manifest, first.manifest)
      assert.equal(first.manifest.files.length, 2)
      const checked = await checkExport(first.path)
      assert.deepEqual([checked.faultCount, checked.rows, checked.faults], [0, first.manifest.rows, []])
      const rows = await rowsOfExport(first)
      assert.equal(new Set(rows.map((row) => row['id'])).size, rows.length)
    })
  }

  it('of format magpie has the rows of the JSON sink, byte for byte', async () => {
    const out = join(exporting.folder, 'sink')
    const sink = createJsonSink({
      ...{ outDir: out, runId: RUN, model: 'Org/some-model', startedAt: EPOCH, codec, log: silentLogger },
    })
    await sink.open()
    await sink.write([
      ...records.sft.map((record, offset) => message(codec, 'sft', 'SftRecord', record, offset)),
      ...records.preferences.map((record, offset) => message(codec, 'preferences', 'PreferenceRecord', record, offset)),
    ])
    const { sets } = await sink.finish()
    for (const type of ['sft', 'preference'] as const) {
      const { manifest, path } = await exporting.write({ format: 'magpie', type, out: `magpie-${type}` })
      const set = sets.find((each) => each.type === type)
      assert.ok(set)
      const [file] = manifest.files
      assert.match(file?.path ?? '', new RegExp(`^Magpie_some-model_12_\\d{8}T\\d{6}Z_${type}\\.json$`))
      assert.equal(readFileSync(join(path, file?.path ?? ''), 'utf8'), readFileSync(set.path, 'utf8'))
      assert.equal(readFileSync(join(path, manifest.schema.path), 'utf8'), readFileSync(set.schemaPath, 'utf8'))
    }
  })

  it('gives whole rows the same in every container', async () => {
    const wanted = await rowsOfExport(await exporting.write({ format: 'jsonl', out: 'same.jsonl' }))
    for (const [format, out] of [
      ['magpie', 'same.json'],
      ['parquet', 'same.parquet'],
      ['avro', 'same.avro'],
    ] as const)
      assert.deepEqual(await rowsOfExport(await exporting.write({ format, out })), wanted, format)
  })

  it('has conversations of all turns, thoughts where they are wanted', async () => {
    const of = async (format: 'messages' | 'sharegpt', reasoning?: 'keep' | 'think' | 'drop') => {
      const rows = await rowsOfExport(
        await exporting.write({
          format,
          reasoning,
          bare: reasoning === 'drop',
          out: `talk-${format}-${reasoning}.jsonl`,
        }),
      )
      return rows[(await order()).indexOf(MULTI.id)]
    }
    const order = async () =>
      (await rowsOfExport(await exporting.write({ format: 'jsonl', out: 'order.jsonl' }))).map((row) => row['id'])
    const [question, first, second] = [problem(1).text, 'It is \\boxed{2}.', '\\boxed{4}']
    const [user, assistant] = [{ role: 'user' }, { role: 'assistant' }]
    const kept = await of('messages')
    assert.deepEqual(kept?.['messages'], [
      { ...user, content: question },
      { ...assistant, content: first, reasoning_content: 'hm' },
      { ...user, content: 'And twice that?' },
      { ...assistant, content: second, reasoning_content: 'so' },
    ])
    assert.deepEqual(
      [kept['id'], kept['problem_id'], kept['verdict'], kept['reward'], kept['model']],
      [MULTI.id, MULTI.problemId, 'equal', 0.8, 'Org/some-model'],
    )
    assert.deepEqual((await of('messages', 'think'))?.['messages'], [
      { ...user, content: question },
      { ...assistant, content: `<think>\nhm\n</think>\n\n${first}` },
      { ...user, content: 'And twice that?' },
      { ...assistant, content: `<think>\nso\n</think>\n\n${second}` },
    ])
    assert.deepEqual(await of('messages', 'drop'), {
      messages: [
        { ...user, content: question },
        { ...assistant, content: first },
        { ...user, content: 'And twice that?' },
        { ...assistant, content: second },
      ],
    })
    assert.deepEqual((await of('sharegpt'))?.['conversations'], MULTI.conversations)
    assert.deepEqual((await of('sharegpt', 'drop'))?.['conversations'], [
      { from: 'human', value: question },
      { from: 'gpt', value: first },
      { from: 'human', value: 'And twice that?' },
      { from: 'gpt', value: second },
    ])
  })

  it('has pairs and their sides as TRL reads them', async () => {
    const { id, instruction } = preference(0)
    const pair = byId(await rowsOfExport(await exporting.write({ format: 'dpo', out: 'dpo.jsonl' })), id)
    const said = (content: string) => [{ role: 'assistant', content, reasoning_content: null }]
    const { prompt, chosen, rejected, margin, chosen_verdict, rejected_model, chosen_rewards } = pair
    assert.deepEqual(prompt, [{ role: 'user', content: instruction }])
    assert.deepEqual([chosen, rejected], [said('right'), said('wrong')])
    assert.deepEqual(
      [margin, chosen_verdict, rejected_model, chosen_rewards],
      [0.8, 'equal', 'Org/some-model', { rm: 0.9 }],
    )
    const standard = await rowsOfExport(
      await exporting.write({ format: 'dpo', shape: 'standard', bare: true, out: 'standard.jsonl' }),
    )
    assert.ok(
      standard.some((row) => row['prompt'] === instruction),
      'texts are plain',
    )
    assert.deepEqual(Object.keys(standard[0] ?? {}), ['prompt', 'chosen', 'rejected'])
    const sides = await rowsOfExport(await exporting.write({ format: 'kto', out: 'kto.jsonl' }))
    assert.equal(sides.length, 2 * SLOTS.length)
    const [wanted, unwanted] = ['chosen', 'rejected'].map((side) => byId(sides, `${id}/${side}`))
    assert.deepEqual([wanted?.['completion'], wanted?.['label'], wanted?.['reward']], [said('right'), true, 0.9])
    assert.deepEqual([unwanted?.['completion'], unwanted?.['label'], unwanted?.['reward']], [said('wrong'), false, 0.1])
  })

  it('has the steps of responses with labels by their scores', async () => {
    const { manifest, path } = await exporting.write({ format: 'prm', out: 'prm.jsonl' })
    const rows = await rowsOfExport({ manifest, path })
    assert.equal(rows.length, 3 * SLOTS.length)
    const { prompt, completions, labels, step_rewards, reward_name } = byId(rows, `${problem(0).id}/sample/0`)
    assert.deepEqual([prompt, completions], ['What is 0 + 1?', ['First.', 'Then \\boxed{2}.']])
    assert.deepEqual([labels, step_rewards, reward_name], [[true, false], [0.5, 0.25], 'rm'])
    const lower = await exporting.write({ format: 'prm', threshold: 0.2, type: 'sft', out: 'lower.jsonl' })
    assert.deepEqual((await rowsOfExport(lower))[0]?.['labels'], [true, true])
    assert.match(
      await faultOf(exporting.write({ format: 'prm', reward: 'other', out: 'other.jsonl' })),
      /--reward other: there is rm/,
    )
  })

  it('leaves steps out whose text has expired', async () => {
    const revision = 'expiring'
    await exporting.put({ rewarded: [inSteps(0)], revision })
    const whole = await exporting.write({ format: 'prm', out: 'whole.jsonl' }, { revision })
    const gone = `${problem(0).id}/sample/0`
    await exporting.database.command(
      `ALTER TABLE responses UPDATE text = '', solution = NULL WHERE revision = '${revision}' AND id = '${gone}' SETTINGS mutations_sync = 2`,
    )
    const ids = async (written: Written) => (await rowsOfExport(written)).map(({ id }) => id)
    const left = (await ids(whole)).filter((id) => id !== gone)
    assert.equal(left.length, whole.manifest.rows - 1)
    assert.deepEqual(await ids(await exporting.write({ format: 'prm', out: 'left.jsonl' }, { revision })), left)
  })

  it('counts the scored responses whose problem has no row', async () => {
    const { database } = exporting
    await exporting.put({ rewarded: [0, 1].map((slot) => ({ ...inSteps(slot), revision: 'half' })), revision: 'half' })
    await database.command(
      `ALTER TABLE problems DELETE WHERE revision = 'half' AND id = '${problem(1).id}' SETTINGS mutations_sync = 2`,
    )
    const { manifest } = await exporting.write({ format: 'prm', out: 'half' }, { revision: 'half' })
    assert.deepEqual([manifest.rows, manifest.left_out], [3, { 'no-text-of-its-problem': 3 }])
    await assert.rejects(
      exporting.write(
        { format: 'prm', out: 'none-of-half' },
        { revision: 'half', where: `problem_id = '${problem(1).id}'` },
      ),
      /no row of format prm could be made: 3 no-text-of-its-problem; nothing was written/,
    )
  })

  it('says in its manifest what it was made of', async () => {
    const { manifest } = await exporting.write(
      { format: 'jsonl', out: 'told' },
      { where: "verdict = 'equal'", limit: 5, split: 0.5, maxTokens: 1000 },
    )
    assert.deepEqual(manifest.filters, {
      ...{ runs: [RUN], revision: 'main', where: "verdict = 'equal'", as_of: null, limit: 5 },
      ...{ min_tokens: null, max_tokens: 1000, split: 0.5, reward: null, threshold: null },
    })
    assert.deepEqual([manifest.rows, manifest.models], [5, { 'Org/some-model': 5 }])
    assert.deepEqual(manifest.runs[0]?.config_hashes, ['cd34'])
    assert.equal(manifest.runs[0].rows, 5)
    const taken = (await rowsOfExport({ manifest, path: join(exporting.folder, 'told') })).map((row) => row['id'])
    const offsets = records.sft.flatMap(({ id }, offset) => (taken.includes(id) ? [[offset % 3, offset] as const] : []))
    for (const partition of new Set(offsets.map(([each]) => each))) {
      const own = offsets.filter(([each]) => each === partition).map(([, offset]) => offset)
      assert.deepEqual(manifest.offsets['sft']?.[String(partition)], {
        lowest: Math.min(...own),
        highest: Math.max(...own),
      })
    }
    const again = await exporting.database.rows<{ id: string }>(`SELECT id FROM (${manifest.sql})`, {
      ...{ runs: [RUN], revision: 'main', max: 1000 },
    })
    assert.deepEqual(again.map(({ id }) => id).sort(), taken.sort())
  })

  it('puts a problem on the same side in every format, and keeps it there as the share grows', async () => {
    const sides = new Map<string, string>()
    for (const format of ['jsonl', 'dpo', 'prm'] as const) {
      const { manifest, path } = await exporting.write({ format, out: `side-${format}` }, { split: 0.4 })
      for (const file of manifest.files) {
        for (const line of readFileSync(join(path, file.path), 'utf8').trimEnd().split('\n')) {
          const { problem_id: id } = JSON.parse(line) as { problem_id: string }
          assert.equal(sides.get(id) ?? file.split, file.split)
          sides.set(id, file.split)
          if (file.split === 'test') assert.equal(splitOf(id, 0.6), 'test')
        }
      }
    }
    assert.deepEqual([...new Set(sides.values())].sort(), ['test', 'train'])
    // As docs/exports.md says it in SQL.
    const recipe = 'reinterpretAsUInt64(reverse(substring(SHA256(problem_id), 1, 6))) / pow(2, 48)'
    const places = await exporting.database.rows<{ id: string; place: number }>(
      `SELECT problem_id AS id, ${recipe} AS place FROM sft FINAL`,
    )
    for (const { id, place } of places) assert.equal(place, placeOf(id))
  })

  it('takes the first rows by id, those of a condition, those within limits of tokens', async () => {
    const ids = async (filters: Parameters<Exporting['write']>[1]) =>
      (await rowsOfExport(await exporting.write({ format: 'jsonl', out: 'some.jsonl' }, filters))).map(
        (row) => row['id'],
      )
    const all = await ids({})
    assert.deepEqual(all, records.sft.map(({ id }) => id).sort())
    assert.deepEqual(await ids({ limit: 3 }), all.slice(0, 3))
    assert.deepEqual(await ids({ where: `problem_id = '${problem(3).id}' -- one` }), [sft(3).id])
    // 120 tokens each; the further turn counts by its length.
    assert.deepEqual(await ids({ minTokens: 121 }), [MULTI.id])
    assert.deepEqual((await ids({ maxTokens: 120 })).length, SLOTS.length - 1)
  })

  it('is of the moment and the revision that were asked for', async () => {
    const before = await exporting.write({ format: 'jsonl', out: 'moment' }, { asOf: EPOCH + 20_000 + 4 })
    assert.equal(before.manifest.rows, 5)
    assert.equal(before.manifest.filters.as_of, new Date(EPOCH + 20_004).toISOString())
    assert.equal(before.manifest.newest_row, before.manifest.filters.as_of)
    await exporting.put({ sft: [sft(0, { revision: 'strict', response: 'strictly' })], revision: 'strict' })
    const strict = await exporting.write({ format: 'jsonl', out: 'strict' }, { revision: 'strict' })
    const rows = await rowsOfExport(strict)
    assert.deepEqual(
      rows.map((row) => [row['id'], row['response'], row['revision']]),
      [[sft(0).id, 'strictly', 'strict']],
    )
  })

  it('says why nothing is left, and writes nothing', async () => {
    const why = async (filters: Parameters<Exporting['write']>[1]): Promise<string> => {
      try {
        await exporting.write({ format: 'jsonl', out: 'none' }, filters)
      } catch (error) {
        assert.ok(error instanceof Failure && error.code === 'no-rows', String(error))
        return error.message
      }
      assert.fail('there were rows')
    }
    assert.match(await why({ where: "verdict = 'different'" }), /--where left none of 12 rows of table sft/)
    assert.match(await why({ where: 'reward > 0', maxTokens: 3 }), /--max-tokens left none of 12 rows/)
    assert.equal(existsSync(join(exporting.folder, 'none')), false)
  })

  it('refuses runs, revisions and conditions that are none', async () => {
    const fault = (filters: Parameters<Exporting['write']>[1]) =>
      faultOf(exporting.write({ format: 'jsonl', out: 'refused' }, filters))
    assert.match(await fault({ runs: ['other'] }), /^there is no run other in .+; there is test-run/)
    assert.match(await fault({ revision: 'none' }), /no run of revision none in .+; of revisions there is main/)
    assert.match(await fault({ asOf: 1000 }), /no run as of 1970-01-01T00:00:01.000Z \(--as-of\)/)
    assert.match(await fault({ where: 'nonsense = 1' }), /--where nonsense = 1: .*nonsense/)
    assert.match(await fault({ where: '1) OR (1' }), /not one condition/)
    assert.match(await fault({ where: '1; DROP TABLE sft' }), /not one condition/)
    assert.match(await fault({ where: "id IN (SELECT * FROM file('/etc/passwd'))" }), /file/)
    assert.equal(existsSync(join(exporting.folder, 'refused')), false)
  })

  it('replaces an export, and nothing else unless told to', async () => {
    const folder = join(exporting.folder, 'replaced')
    await exporting.write({ format: 'parquet', out: 'replaced' })
    writeFileSync(join(folder, 'notes.txt'), 'mine')
    await exporting.write({ format: 'jsonl', out: 'replaced' })
    const files = ['README.md', 'manifest.json', 'notes.txt', 'plots', 'schema.avsc', 'train.jsonl']
    assert.deepEqual(readdirSync(folder).sort(), files)
    assert.equal((await checkExport(folder)).faultCount, 0)

    const foreign = join(exporting.folder, 'foreign')
    mkdirSync(foreign)
    await exporting.write({ format: 'jsonl', out: 'foreign' }) // empty folders are free
    const taken = join(exporting.folder, 'taken')
    mkdirSync(taken)
    writeFileSync(join(taken, 'train.jsonl'), 'mine')
    assert.match(await faultOf(exporting.write({ format: 'jsonl', out: 'taken' })), /no export of this program/)
    assert.deepEqual([readdirSync(taken), readFileSync(join(taken, 'train.jsonl'), 'utf8')], [['train.jsonl'], 'mine'])
    await exporting.write({ format: 'jsonl', out: 'taken' }, {}, { force: true })
    assert.equal((await checkExport(taken)).faultCount, 0)

    writeFileSync(join(exporting.folder, 'own.jsonl'), 'mine')
    assert.match(await faultOf(exporting.write({ format: 'jsonl', out: 'own.jsonl' })), /no export of this program/)
    await exporting.write({ format: 'jsonl', out: 'own.jsonl' }, {}, { force: true })
    await exporting.write({ format: 'messages', out: 'own.jsonl' })
    assert.equal((await checkExport(join(exporting.folder, 'own.jsonl'))).manifest.format, 'messages')
  })

  it('goes on where an export stopped in the middle of replacing another, without being told to', async () => {
    const expected = ['README.md', 'manifest.json', 'notes.txt', 'plots', 'schema.avsc', 'train.jsonl']
    // What stands in the way stops it at a different place each time.
    for (const obstacle of ['train.jsonl', 'schema.avsc', 'README.md', 'plots/funnel.svg']) {
      const out = `stopped-${expected.indexOf(obstacle)}`
      const folder = join(exporting.folder, out)
      await exporting.write({ format: 'parquet', out })
      writeFileSync(join(folder, 'notes.txt'), 'mine')
      rmSync(join(folder, obstacle), { force: true })
      mkdirSync(join(folder, obstacle))
      await assert.rejects(exporting.write({ format: 'jsonl', out }), { code: 'disk-unwritable' })
      assert.equal(existsSync(join(folder, 'manifest.json')), false)
      rmSync(join(folder, obstacle), { recursive: true })
      // The process is no more: no process has the number 2^22 + 1.
      const [left] = readdirSync(folder).filter((name) => name.endsWith('.part'))
      renameSync(join(folder, left!), join(folder, `.export.${hostname()}.4194305.part`))
      await assert.rejects(exporting.write({ format: 'jsonl', out }, { where: 'reward > 7' }), { code: 'no-rows' })
      await exporting.write({ format: 'messages', out })
      assert.deepEqual(readdirSync(folder).sort(), expected)
      assert.deepEqual(
        [(await checkExport(folder)).faultCount, readFileSync(join(folder, 'notes.txt'), 'utf8')],
        [0, 'mine'],
      )
    }
  })

  it('takes an empty folder in which another one was killed, and no picture that lies beside one file', async () => {
    const folder = join(exporting.folder, 'emptied')
    mkdirSync(join(folder, `.export.${hostname()}.4194305.part`), { recursive: true })
    await exporting.write({ format: 'jsonl', out: 'emptied' })
    assert.ok(existsSync(join(folder, 'plots')))
    const pictures = readdirSync(join(folder, 'plots'))
    for (let times = 0; times < 2; times += 1) await exporting.write({ format: 'jsonl', out: 'emptied/one.jsonl' })
    assert.deepEqual(readdirSync(join(folder, 'plots')), pictures)
  })

  it('leaves nothing behind when it is given up, and takes away what a killed one left', async () => {
    const folder = join(exporting.folder, 'given-up')
    const stop = new AbortController()
    const { query } = exporting.database
    let pages = 0
    const interrupting = {
      ...exporting.database,
      query: async (...question: Parameters<typeof query>) => {
        const text = await query(...question)
        if (question[0].includes('LIMIT')) {
          pages += 1
          stop.abort(new Failure('transient', 'interrupted', 'interrupted'))
        }
        return text
      },
    }
    const entries = () => readdirSync(exporting.folder).sort()
    const before = entries()
    await assert.rejects(
      exporting.write({ format: 'jsonl', out: 'given-up' }, {}, { signal: stop.signal, database: interrupting }),
      /interrupted/,
    )
    assert.equal(pages, 1)
    assert.deepEqual([entries(), existsSync(folder)], [before, false])

    // No process has the number 2^22 + 1.
    mkdirSync(join(exporting.folder, `.given-up.${hostname()}.4194305.part`))
    await exporting.write({ format: 'jsonl', out: 'given-up' })
    assert.deepEqual(entries(), [...before, 'given-up'].sort())
  })
}

for (const kind of DATABASE_KINDS) describe(`an export, ${kind}`, anExport(kind))
