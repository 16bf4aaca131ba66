// The recorded run, replayed: other rules over the same generations, side by side with what was there. No model is asked,
// nothing of main is changed by a byte, every problem of the replay has one end however often it is killed.

import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { FrontStats } from '../../local/engine/front-stats.ts'
import { topicFor } from '../../schemas/topics.ts'
import type { Delivered } from '../../stream/delivered.ts'
import { topicNames } from '../../stream/topics-admin.ts'
import type { Ended, Running, Workshop } from '../support/end-to-end.ts'
import {
  dataFiles,
  messagesOf,
  noRecording,
  openWorkshop,
  query,
  recordingFile,
  recordsOf,
  runName,
  simulatedConfig,
  sorted,
} from '../support/end-to-end.ts'
import { assertUnchanged, everythingOf, type Everything } from '../support/everything-of.ts'

const RUN = runName('replayed')
/** Revisions are topics, which all tests share. */
const [STRICT, CHOSEN, EARLY, LATE, LIVE] = ['strict', 'chosen', 'early', 'late', 'live'].map((name) =>
  runName(name),
) as [string, string, string, string, string]
const TOTAL = 200

/** Needs no model: curation asks for more agreement, and only the samples vote. */
const STRICT_CONFIG = `
name: strict
stages:
  verify: { voters: samples }
  reward: { rewards: [{ name: agreement, kind: agreement }] }
  curate: { reward: agreement, minAgreement: 0.9 }
`

const OF_MAIN = [
  'problems',
  'screened',
  'answered',
  'sampled',
  'verified',
  'rewarded',
  'sft',
  'preferences',
  'rejections',
  'spending',
] as const

describe('a replay of the recorded run', { skip: noRecording }, () => {
  let workshop: Workshop
  let simulator: Running
  let url = ''
  let main: Everything
  let sampled: Delivered[]
  /** When a first part of the run was done, and what its data set was then. */
  let middle = ''
  let half = ''

  const stats = async (): Promise<FrontStats> => (await (await fetch(`${url}/simulator/stats`)).json()) as FrontStats
  const command = (words: readonly string[], more: readonly string[] = []): Running =>
    workshop.magpie([...words, '--out', 'out', ...more], { SIMULATOR_PORT: new URL(url).port })
  const run = (name: string, total: number): Running =>
    command(['run', '-c', simulatedConfig, '--run', name, '--total', String(total)])
  const replay = (from: string, revision: string, ...more: string[]): Running =>
    command(['replay', '--from', from, '--revision', revision, '--run', RUN], more)
  const done = async (running: Running): Promise<Ended> => {
    const ended = await running.ended
    assert.equal(ended.code, 0, running.said())
    return ended
  }

  /** Ids of the problems that ended in a revision, each with how. */
  async function ends(revision: string): Promise<Map<string, string[]>> {
    const found = new Map<string, string[]>()
    const note = (id: string, end: string): void => void found.set(id, [...(found.get(id) ?? []), end])
    for (const row of await recordsOf(workshop, RUN, 'sft', 'SftRecord', revision)) note(row.problemId, 'sft')
    const pairs = await recordsOf(workshop, RUN, 'preferences', 'PreferenceRecord', revision)
    for (const id of new Set(pairs.map(({ problemId }) => problemId))) if (!found.has(id)) note(id, 'preference')
    for (const row of await recordsOf(workshop, RUN, 'rejections', 'Rejection', revision))
      note(row.problemId, 'rejected')
    return found
  }

  /** The data set of main as a file of lines. */
  async function exported(name: string, ...more: string[]): Promise<string> {
    const file = `${name}.jsonl`
    await done(workshop.magpie(['export', '--format', 'jsonl', '--run', RUN, '--out', file, ...more]))
    return await readFile(join(workshop.folder, file), 'utf8')
  }

  before(async () => {
    workshop = await openWorkshop()
    simulator = workshop.magpie(['simulate', '--recording', recordingFile, '--port', '0'])
    url = (await simulator.says(/http:\/\/[\d.:]+/))[0]
    await writeFile(join(workshop.folder, 'strict.yaml'), STRICT_CONFIG)
    await done(run(RUN, TOTAL / 8))
    half = await exported('half')
    middle = new Date().toISOString()
    await done(run(RUN, TOTAL))
    main = await everythingOf(workshop, RUN, OF_MAIN)
    sampled = await messagesOf(workshop, RUN, 'sampled')
  })
  after(async () => {
    await workshop.close()
  })

  it('killed at any moment, ends every problem once, asks no model and leaves main as it was', async () => {
    const before = await stats()
    const kill = async (moment: RegExp): Promise<string> => {
      const killed = replay('sampled', STRICT, '-c', 'strict.yaml')
      await killed.says(moment)
      killed.signal('SIGKILL')
      await killed.ended
      return killed.said()
    }
    await kill(/Replay .* takes the problems of the run in its range of topic sampled/)
    assert.match(await kill(/problems? taken; what is under way/), /goes on where it stopped/)
    // That kill may come when all is done: then this one finds nothing to do.
    await done(replay('sampled', STRICT, '-c', 'strict.yaml'))

    const found = await ends(STRICT)
    assert.deepEqual(sorted(found.keys()), sorted(sampled.map(({ key }) => key)))
    for (const [id, each] of found) assert.equal(each.length, 1, `${id} ended as ${each.join(' and ')}`)
    const rejected = [...found.values()].filter(([end]) => end === 'rejected').length
    assert.ok(rejected > 0 && rejected < found.size, `${rejected} of ${found.size} were rejected`)
    assert.equal((await stats()).total.sequences, before.total.sequences, 'no model was asked')
    assert.deepEqual((await messagesOf(workshop, RUN, 'dead-letters')).length, 0)
    assertUnchanged(await everythingOf(workshop, RUN, OF_MAIN), main)
  })

  it('leaves main to be read as it was in the middle of the run', async () => {
    assert.equal(await exported('then', '--as-of', middle), half)
    const whole = await exported('whole')
    const linesOf = (text: string): number => text.trimEnd().split('\n').length
    assert.ok(linesOf(whole) > linesOf(half))
    const report = workshop.magpie(['report', '--run', RUN, '--as-of', middle, '--json'])
    const { rows } = JSON.parse((await done(report)).out) as { rows: { sft: number } }
    assert.equal(rows.sft, linesOf(half))
  })

  it('makes only the topics that it writes', async () => {
    const names = (await topicNames(workshop.connection)).filter((name) => name.endsWith(`.${STRICT}`))
    const written = ['verified', 'rewarded', 'sft', 'preferences', 'rejections', 'spending'] as const
    assert.deepEqual(names, sorted(written.map((name) => topicFor(name, STRICT))))
  })

  it('stands beside main in the tables and the files, by id', async () => {
    const strict = await ends(STRICT)
    const rows = await query<{ revision: string; sft: string; responses: string; hashes: string }>(
      workshop,
      `SELECT revision, countIf(t = 'sft') AS sft, countIf(t = 'responses') AS responses, toString(uniqExact(hash)) AS hashes
       FROM (SELECT revision, 'sft' AS t, config_hash AS hash FROM sft FINAL WHERE run_id = '${RUN}'
             UNION ALL SELECT revision, 'responses', '' FROM responses FINAL WHERE run_id = '${RUN}')
       GROUP BY revision ORDER BY revision = 'main' DESC`,
    )
    const sft = [...strict.values()].filter(([end]) => end === 'sft').length
    assert.deepEqual(
      rows.map(({ revision }) => revision),
      ['main', STRICT],
    )
    assert.equal(Number(rows[1]!.sft), sft)
    assert.ok(Number(rows[0]!.sft) > sft, 'stricter rules keep less')
    assert.equal(rows[0]!.responses, rows[1]!.responses)
    const [other] = await query<{ votes: string }>(
      workshop,
      `SELECT countIf(one.vote_share != other.vote_share) AS votes
       FROM (SELECT id, vote_share FROM responses FINAL WHERE run_id = '${RUN}' AND revision = 'main') AS one
       JOIN (SELECT id, vote_share FROM responses FINAL WHERE run_id = '${RUN}' AND revision = '${STRICT}') AS other USING id`,
    )
    assert.ok(Number(other!.votes) > 0, 'only samples vote')
    const table = async (name: string): Promise<string[]> => {
      const of = `FROM ${name} FINAL WHERE run_id = '${RUN}' AND revision = '${STRICT}'`
      return (await query<{ id: string }>(workshop, `SELECT id ${of} ORDER BY id`)).map(({ id }) => id)
    }
    assert.deepEqual(await table('problems'), sorted(strict.keys()))
    const files = await dataFiles(join(workshop.folder, 'out'))
    const ofStrict = files.sft.filter(({ path }) => path.includes(`/${STRICT}/`)).flatMap((file) => file.rows)
    assert.deepEqual(sorted(ofStrict.map(({ id }) => id)), await table('sft'))
    assert.match((await workshop.magpie(['runs']).ended).out, new RegExp(`${RUN} +${STRICT} +finished`))
  })

  it('takes exactly the problems that --where chooses', async () => {
    const where = "cityHash64(id) % 3 = 0 AND stage = 'rewarded' -- a third"
    await done(replay('rewarded', CHOSEN, '--where', where, '--stages', 'curate,json'))
    const chosen = await query<{ id: string }>(
      workshop,
      `SELECT id FROM problems FINAL WHERE run_id = '${RUN}' AND revision = 'main' AND (${where}\n) ORDER BY id`,
    )
    assert.ok(chosen.length > 0 && chosen.length < sampled.length, `${chosen.length} chosen`)
    assert.deepEqual(
      sorted((await ends(CHOSEN)).keys()),
      chosen.map(({ id }) => id),
    )
  })

  it('takes exactly what lies before --until, and from --since on', async () => {
    const rewarded = await messagesOf(workshop, RUN, 'rewarded')
    const times = rewarded.map(({ timestamp }) => timestamp).sort((one, other) => one - other)
    const middle = times[Math.floor(times.length / 2)]!
    const at = new Date(middle).toISOString()
    const first = new Map<number, number>()
    for (const { partition, offset, timestamp } of rewarded)
      if (timestamp >= middle) first.set(partition, Math.min(first.get(partition) ?? Infinity, Number(offset)))
    const [early, late]: [string[], string[]] = [[], []]
    for (const { partition, offset, key } of rewarded)
      (Number(offset) < (first.get(partition) ?? Infinity) ? early : late).push(key)
    assert.ok(early.length > 0 && late.length > 0)

    await done(replay('rewarded', EARLY, '--until', at, '--stages', 'curate,json'))
    assert.deepEqual(sorted((await ends(EARLY)).keys()), sorted(early))
    await done(replay('rewarded', LATE, '--since', at, '--stages', 'curate,json'))
    assert.deepEqual(sorted((await ends(LATE)).keys()), sorted(late))
  })

  it('refuses other settings under a name that is there, and what chooses nothing', async () => {
    const other = await replay('verified', STRICT, '-c', 'strict.yaml', '--where', "id = 'x'").ended
    assert.equal(other.code, 2)
    assert.match(other.error, /begun with --from sampled, not verified/)
    assert.match(other.error, /begun with --where left out/)
    const looser = await replay('sampled', STRICT, '-c', 'strict.yaml', '--set', 'stages.curate.minAgreement=0.1').ended
    assert.deepEqual([looser.code, /stages\.curate\.minAgreement/.test(looser.error)], [2, true])
    const later = new Date(Date.now() + 3_600_000).toISOString()
    const none = await replay('rewarded', 'x', '--since', later, '--stages', 'judge').ended
    assert.equal(none.code, 2)
    assert.match(none.error, /judge comes before topic rewarded/)
    const sql = await replay('rewarded', 'x', '--where', 'dificulty = 1').ended
    assert.deepEqual([sql.code, /--where: .*dificulty/.test(sql.error)], [2, true])
  })

  it('follows a run that goes on, beside it, until that is finished', async () => {
    const live = runName('live')
    const leading = run(live, 120)
    await leading.says(/\d+\/120 problems/)
    const words = ['replay', '--from', 'sampled', '--revision', LIVE, '--run', live, '--follow', '-c', 'strict.yaml']
    const following = command(words)
    await done(leading)
    await done(following)
    const [taken, made] = [
      await recordsOf(workshop, live, 'verified', 'Verified', LIVE),
      await recordsOf(workshop, live, 'sampled', 'Sampled'),
    ]
    assert.deepEqual(sorted(taken.map(({ id }) => id)), sorted(made.map(({ id }) => id)))
    const rows = await query<{ id: string }>(
      workshop,
      `SELECT id FROM problems FINAL WHERE run_id = '${live}' AND revision = '${LIVE}' ORDER BY id`,
    )
    assert.deepEqual(
      rows.map(({ id }) => id),
      sorted(made.map(({ id }) => id)),
    )
  })
})
