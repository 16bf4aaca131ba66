// A revision from its replay to its end, by the commands that a person gives: audited, listed, compared, dropped while a
// process owns the embedded database, and made again under the same name.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Audit } from '../../analytics/audit/audit.ts'
import type { Comparison } from '../../analytics/revisions/contract.ts'
import { silentLogger } from '../../schemas/logger.ts'
import type { Database } from '../../sinks/clickhouse/contract.ts'
import { openDatabase } from '../../sinks/clickhouse/database.ts'
import { topicNames } from '../../stream/topics-admin.ts'
import type { Ended, Workshop } from '../support/end-to-end.ts'
import { messagesOf, openWorkshop, runName, simulatedConfig } from '../support/end-to-end.ts'

const RUN = runName('revised')
const STRICT = runName('strict')
const TOTAL = 24

const STRICT_CONFIG = `
name: strict
stages:
  verify: { voters: samples }
  reward: { rewards: [{ name: agreement, kind: agreement }] }
  curate: { reward: agreement, minAgreement: 0.9 }
`

describe('a revision', () => {
  let workshop: Workshop
  let port = ''
  const command = async (...words: string[]): Promise<Ended> =>
    await workshop.magpie(words, { SIMULATOR_PORT: port }).ended
  const done = async (...words: string[]): Promise<Ended> => {
    const ended = await command(...words)
    assert.equal(ended.code, 0, `${words.join(' ')}: ${ended.error}${ended.out}`)
    return ended
  }
  const replay = () =>
    done('replay', '--from', 'sampled', '--revision', STRICT, '--run', RUN, '-c', 'strict.yaml', '--out', 'out')
  const ofRun = ['--run', RUN] as const
  const allOfMain = async (database: Database): Promise<string> => {
    const log: string[] = []
    for (const topic of ['problems', 'sampled', 'verified', 'sft', 'preferences', 'rejections'] as const)
      for (const { partition, offset, timestamp, key, value, headers } of await messagesOf(workshop, RUN, topic))
        log.push(JSON.stringify([topic, partition, Number(offset), timestamp, key, value.toString('base64'), headers]))
    const rows: unknown[] = []
    for (const table of ['problems', 'responses', 'sft', 'preferences', 'rejections', 'runs', 'run_starts'])
      rows.push(
        await database.rows(`SELECT * FROM ${table} FINAL WHERE run_id = '${RUN}' AND revision = 'main' ORDER BY id`),
      )
    return JSON.stringify([log.sort(), rows])
  }

  before(async () => {
    workshop = await openWorkshop()
    port = new URL((await workshop.serve()).url).port
    await writeFile(join(workshop.folder, 'strict.yaml'), STRICT_CONFIG)
    await done('run', '-c', simulatedConfig, ...ofRun, '--total', String(TOTAL), '--out', 'out')
    await replay()
  })
  after(async () => {
    await workshop.close()
  })

  it('is whole, and so is main', async () => {
    const strict = JSON.parse((await done('audit', ...ofRun, '--revision', STRICT, '--json')).out) as Audit
    assert.deepEqual([strict.whole, strict.faults, strict.counts.inFlight, strict.notes], [true, [], 0, []])
    assert.ok(strict.counts.problems > 0 && strict.counts.problems <= TOTAL)
    const main = JSON.parse((await done('audit', ...ofRun, '--json')).out) as Audit
    assert.deepEqual([main.whole, main.counts.problems], [true, TOTAL])
  })

  it('is listed with what it was made from', async () => {
    const { out } = await done('revisions', 'list', ...ofRun)
    assert.match(out, new RegExp(`${STRICT} +sampled of main +finished`))
    assert.match(out, new RegExp(`${RUN} ${STRICT}: .*offsets`))
    const lines = JSON.parse((await done('revisions', 'list', ...ofRun, '--json')).out) as {
      revision: string
      in: number
    }[]
    assert.deepEqual(
      lines.map(({ revision }) => revision),
      ['main', STRICT],
    )
    assert.ok(lines[1]!.in > 0)
    assert.match((await done('runs', ...ofRun)).out, new RegExp(`${RUN} +${STRICT} +finished +${lines[1]!.in} `))
  })

  it('is compared with main, and reported on', async () => {
    const found = JSON.parse((await done('report', ...ofRun, '--compare', 'main', STRICT, '--json')).out) as Comparison
    assert.equal(found.right.problems, found.both)
    assert.equal(found.right.promptTokens + found.right.completionTokens, 0)
    assert.ok(found.verdicts.compared > 0)
    const [sft] = found.rows
    assert.equal(sft!.both + sft!.gained, found.right.sft)
    assert.equal(sft!.both + sft!.lost + sft!.onlyLeftTook, found.left.sft)
    assert.match((await done('report', ...ofRun, '--compare', 'main', STRICT)).out, /Why problems ended/)
    assert.match((await done('report', ...ofRun, '--revision', STRICT)).out, /no model was asked/)
  })

  it('is not dropped unasked', async () => {
    const unasked = await command('revisions', 'drop', STRICT)
    assert.deepEqual([unasked.code, /give --yes/.test(unasked.error)], [2, true], unasked.error)
    const main = await command('revisions', 'drop', 'main', '--yes', ...ofRun)
    assert.deepEqual([main.code, /main is the run itself/.test(main.error)], [2, true], main.error)
    const { out } = await done('revisions', 'drop', STRICT, '--dry-run')
    assert.match(out, /topics: rejections\.|topics: .*verified\./)
    assert.ok((await topicNames(workshop.connection)).includes(`verified.${STRICT}`))
  })

  it('is dropped by the owner of the database, leaves main as it was, and can be made again', async () => {
    const owner = await openDatabase({
      url: '',
      stateDir: join(workshop.folder, '.magpie'),
      role: 'owner',
      log: silentLogger,
    })
    try {
      const before = await allOfMain(owner)
      const { out } = await done('revisions', 'drop', STRICT, '--yes')
      assert.match(out, /rows: .*sft \d+/)
      assert.match(out, new RegExp(`revision ${STRICT} of run ${RUN} is dropped; its name is free again\n`))
      assert.deepEqual(await owner.rows(`SELECT count() AS c FROM responses FINAL WHERE revision = '${STRICT}'`), [
        { c: 0 },
      ])
      assert.equal(await allOfMain(owner), before)
    } finally {
      await owner.close()
    }
    assert.deepEqual(
      (await topicNames(workshop.connection)).filter((name) => name.endsWith(`.${STRICT}`)),
      [],
    )
    const gone = await command('revisions', 'drop', STRICT, '--yes')
    assert.deepEqual([gone.code, /no run on this Kafka has a revision/.test(gone.error)], [2, true], gone.error)
    assert.doesNotMatch((await done('revisions', 'list', ...ofRun)).out, new RegExp(STRICT))

    await replay()
    const again = JSON.parse((await done('audit', ...ofRun, '--revision', STRICT, '--json')).out) as Audit
    assert.deepEqual([again.whole, again.faults], [true, []])
    assert.ok(again.counts.problems > 0)
    assert.ok(existsSync(join(workshop.folder, 'out')))
  })
})
