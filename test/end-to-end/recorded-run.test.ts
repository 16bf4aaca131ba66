// The recorded run: 200 problems of a real model through every stage. What is on the log, in the tables and in the
// files is the same by id; each problem has exactly one end; doing it again changes nothing; asking for more extends it.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import type { FrontStats } from '../../local/engine/front-stats.ts'
import { problemId } from '../../schemas/ids.ts'
import type { Running, Workshop } from '../support/end-to-end.ts'
import {
  dataFiles,
  idsOf,
  logOf,
  noRecording,
  openWorkshop,
  query,
  recordingFile,
  runName,
  simulatedConfig,
  sorted,
} from '../support/end-to-end.ts'

const RUN = runName('recorded-run')
/** Problems in the recording. */
const DISTINCT = 50

describe('the recorded run', { skip: noRecording }, () => {
  let workshop: Workshop
  let simulator: Running
  let url = ''

  before(async () => {
    workshop = await openWorkshop()
    simulator = workshop.magpie(['simulate', '--recording', recordingFile, '--port', '0'])
    url = (await simulator.says(/http:\/\/[\d.:]+/))[0]
  })
  after(async () => {
    await workshop.close()
  })

  const stats = async (): Promise<FrontStats> => (await (await fetch(`${url}/simulator/stats`)).json()) as FrontStats

  async function run(total: number) {
    const command = workshop.magpie(
      ['run', '-c', simulatedConfig, '--run', RUN, '--total', String(total), '--out', 'out'],
      { SIMULATOR_PORT: new URL(url).port },
    )
    const ended = await command.ended
    assert.equal(ended.code, 0, command.said())
    return command.said()
  }

  /** Everything by id, wherever it is; fails where two places differ. */
  async function settled(total: number) {
    const log = await logOf(workshop, RUN)
    assert.deepEqual(
      idsOf(log.problems),
      sorted(Array.from({ length: total }, (_, index) => problemId(RUN, Math.floor(index / 4), index % 4))),
    )
    assert.equal(log.problems.length, total, 'no problem is on the log twice')
    assert.deepEqual(log.dead, [])

    const tables = await query<{ name: string; id: string }>(
      workshop,
      ['problems', 'rejections', 'responses', 'sft', 'preferences']
        .map((name) => `SELECT '${name}' AS name, id FROM ${name} FINAL WHERE run_id = '${RUN}' AND revision = 'main'`)
        .join(' UNION ALL '),
    )
    const table = (name: string) => sorted(tables.filter((row) => row.name === name).map(({ id }) => id))
    const responses = log.rewarded.flatMap(({ answer, samples }) => [...(answer === null ? [] : [answer]), ...samples])
    assert.deepEqual(table('problems'), idsOf(log.problems))
    assert.deepEqual(table('rejections'), idsOf(log.rejections))
    assert.deepEqual(table('responses'), idsOf(responses))
    assert.deepEqual(table('sft'), idsOf(log.sft))
    assert.deepEqual(table('preferences'), idsOf(log.preferences))

    const files = await dataFiles(join(workshop.folder, 'out'))
    assert.deepEqual(sorted(files.sft.flatMap(({ rows }) => rows.map(({ id }) => id))), idsOf(log.sft))
    assert.deepEqual(sorted(files.preference.flatMap(({ rows }) => rows.map(({ id }) => id))), idsOf(log.preferences))

    const accepted = new Set([...log.sft, ...log.preferences].map((row) => row.problemId))
    const refused = new Set(log.rejections.map((row) => row.problemId))
    assert.deepEqual(sorted([...accepted, ...refused]), idsOf(log.problems), 'each problem ends, and only once')
    return { ...log, responses, files }
  }

  it('refuses the duplicates, and answers, samples and scores every distinct problem', async () => {
    const said = await run(200)
    const { rejections, rewarded, responses, sft, preferences } = await settled(200)
    const duplicates = rejections.filter(({ reason }) => reason === 'exact-duplicate')
    assert.equal(duplicates.length, 200 - DISTINCT)
    assert.equal(rewarded.length, DISTINCT)
    let whole = 0
    for (const record of rewarded) {
      assert.equal(record.samples.length, 8)
      assert.notEqual(record.answer, null)
      const scored = record.rewards.filter(({ name, value }) => name === 'rm' && value !== null)
      assert.deepEqual(
        sorted(scored.map(({ responseId }) => responseId)),
        sorted(record.verification.verdicts.filter(({ complete }) => complete).map(({ responseId }) => responseId)),
      )
      whole += scored.length
    }
    assert.equal(responses.length, 9 * DISTINCT)
    assert.ok(whole > 8.8 * DISTINCT, `only ${whole} responses came to an end`)
    assert.ok(sft.length > 40 && preferences.length > 0, said)
    assert.match(said, /200 problems wanted/)
  })

  it('changes nothing when it is done again', async () => {
    const before = await settled(200)
    const calls = (await stats()).total
    const said = await run(200)
    const again = await settled(200)
    // As texts: each reading decodes into types of its own. Not by assert.deepEqual: it takes minutes to draw a difference.
    const texts = (list: readonly unknown[]): string[] => sorted(list.map((each) => JSON.stringify(each)))
    assert.deepEqual(again.files, before.files)
    for (const part of ['problems', 'rejections', 'rewarded', 'sft', 'preferences'] as const)
      assert.ok(isDeepStrictEqual(texts(again[part]), texts(before[part])), `${part} differ`)
    const after = (await stats()).total
    assert.equal(after.sequences, calls.sequences, 'no model was asked again')
    assert.match(said, /finished already/)
  })

  it('is extended by a greater total', async () => {
    const before = await settled(200)
    await run(240)
    const after = await settled(240)
    assert.equal(after.rejections.filter(({ reason }) => reason === 'exact-duplicate').length, 240 - DISTINCT)
    assert.deepEqual(idsOf(after.sft), idsOf(before.sft))
    assert.deepEqual(idsOf(after.responses), idsOf(before.responses))
    const { routes } = await stats()
    assert.equal(routes['/v1/completions']?.askedAgain, 0, 'no problem was made twice')
    assert.equal(routes['/v1/chat/completions']?.askedAgain, 0, 'no problem was answered twice')
  })
})
