// Stop and start: what `magpie runs` says of a run that works, is stopped, is killed and is finished; a drain that cuts
// off says what; a changed config says whose work has the old settings; a finished run is extended.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { RunOverview } from '../../pipeline/run-overview.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { openDatabase } from '../../sinks/clickhouse/database.ts'
import type { Workshop } from '../support/end-to-end.ts'
import {
  assertOneEndEach,
  dataFiles,
  idsOf,
  logOf,
  openWorkshop,
  query,
  runName,
  simulatedConfig,
  sorted,
} from '../support/end-to-end.ts'
import { inventedProblems } from '../support/invented-problems.ts'
import { until } from '../support/stream.ts'

describe('the state of a run', () => {
  let workshop: Workshop
  before(async () => {
    workshop = await openWorkshop()
  })
  after(async () => {
    await workshop.close()
  })

  const run = (name: string, port: string, total: number, more: readonly string[] = []) =>
    workshop.magpie(['run', '-c', simulatedConfig, '--run', name, '--total', String(total), '--out', name, ...more], {
      SIMULATOR_PORT: port,
    })
  const overview = async (name: string): Promise<RunOverview> => {
    const { code, out, error } = await workshop.magpie(['runs', '--run', name, '--json']).ended
    assert.equal(code, 0, error)
    return (JSON.parse(out) as RunOverview[])[0]!
  }

  it('is not begun where the database has rows of a run of that name that this Kafka does not know', async () => {
    const name = runName('elsewhere')
    const front = await workshop.serve({ slots: 16 })
    const { port } = new URL(front.url)
    const state = join(workshop.folder, 'state-of-another-kafka')
    const database = await openDatabase({ stateDir: state, role: 'owner', log: silentLogger })
    await database.ready?.()
    await database.insert('problems', [{ id: 'a', run_id: name, revision: 'main', text: 'How many?', version: 1 }])
    await database.close()
    const refused = await run(name, port, 4, ['--state', state]).ended
    assert.equal(refused.code, 2, refused.error)
    assert.match(refused.error, /has 1 problems of a run .* of which Kafka at .* has none[^]*Give another --run NAME/)
    // Nor at the second try, though the first one left its word.
    assert.equal((await run(name, port, 4, ['--state', state]).ended).code, 2)
  })

  it('is lost after kill -9, is taken up at once, and says whose work has the old settings', async () => {
    const name = runName('states')
    const front = await workshop.serve({ slots: 16, medianMs: 60 })
    const { port } = new URL(front.url)
    const first = run(name, port, 60)
    await until(
      () => front.stats().total.answered > 80,
      () => first.said(),
      180,
    )
    // It stays at work, however long the commands take.
    front.hang()
    const working = await overview(name)
    assert.equal(working.state, 'running')
    assert.equal(working.pid, first.pid)
    assert.deepEqual(
      working.processes.map(({ pid, isAtWork }) => [pid, isAtWork]),
      [[first.pid, true]],
    )
    const second = await run(name, port, 60).ended
    assert.equal(second.code, 2)
    assert.match(second.error, new RegExp(`is at work already \\(process ${first.pid} on `))
    first.signal('SIGKILL')
    await first.ended
    assert.equal((await overview(name)).state, 'lost')
    const said = await workshop.magpie(['runs']).ended
    assert.match(said.out, new RegExp(`Run ${name} is lost: its last word came .* from process ${first.pid} on `))

    await front.revive()
    const third = await run(name, port, 60, ['--set', 'roles.sampler.sampling.temperature=0.9']).ended
    assert.equal(third.code, 0, third.error)
    assert.match(third.error, /The config differs .*roles\.sampler\.sampling\.temperature/)
    assert.match(
      third.error,
      / {2}sample \(roles\.sampler\.sampling\.temperature\): about \d+ problems? done with the old settings; /,
    )
    const finished = await overview(name)
    assert.equal(finished.state, 'finished')
    const [before, after] = finished.processes.map(({ configHash }) => configHash)
    assert.notEqual(before, after)
    const log = await logOf(workshop, name)
    assert.equal(idsOf(log.problems).length, 60)
    const refused = new Set(log.rejections.map(({ problemId }) => problemId))
    const accepted = new Set([...log.sft, ...log.preferences].map(({ problemId }) => problemId))
    // What was not committed before the kill may lie on the log twice.
    assert.deepEqual(sorted([...refused, ...accepted]), idsOf(log.problems), 'each problem has one end')
    // Every row names the config that it came under, and the starts have that config.
    const unknown = await query<{ rows: string }>(
      workshop,
      `SELECT count() AS rows FROM sft FINAL WHERE run_id = '${name}'
         AND config_hash NOT IN (SELECT config_hash FROM run_starts FINAL WHERE run_id = '${name}')`,
    )
    assert.equal(Number(unknown[0]?.rows), 0)
    const known = await query<{ config_hash: string }>(
      workshop,
      `SELECT DISTINCT config_hash FROM run_starts FINAL WHERE run_id = '${name}'`,
    )
    assert.deepEqual(sorted(known.map(({ config_hash }) => config_hash)), sorted([before!, after!]))
  })

  it('says what a drain has cut off, and no more than the config gives it time', async () => {
    const name = runName('cut-off')
    const front = await workshop.serve({ slots: 64, medianMs: 600_000, sigma: 0 })
    const file = join(workshop.folder, 'problems.jsonl')
    const invent = inventedProblems(1)
    await writeFile(file, Array.from({ length: 4 }, () => `${JSON.stringify({ problem: invent() })}\n`).join(''))
    const command = workshop.magpie(
      ['import', file, '-c', simulatedConfig, '--run', name, '--out', name, '--set', 'drain.seconds=0'],
      { SIMULATOR_PORT: new URL(front.url).port },
    )
    await until(
      () => front.stats().running === 4,
      () => command.said(),
      180,
    )
    command.signal('SIGTERM')
    const { code, error } = await command.ended
    assert.equal(code, 130, command.said())
    assert.match(error, /Stopping: 4 records under way, with at most 0 s to end/)
    assert.match(error, /Cut off .*: 4 records in answer\. They are taken again/)
    assert.equal((await overview(name)).state, 'stopped')
  })

  it('is extended when it is finished, its data sets whole and as long as they are to be', async () => {
    const name = runName('extended')
    const front = await workshop.serve({ slots: 64, medianMs: 10 })
    const { port } = new URL(front.url)
    const rowIds = async () => {
      const files = await dataFiles(join(workshop.folder, name))
      assert.deepEqual([files.sft.length, files.preference.length], [1, 1])
      return { sft: files.sft[0]!.rows, preference: files.preference[0]!.rows }
    }
    const small = await run(name, port, 24).ended
    assert.equal(small.code, 0, small.error)
    const before = await rowIds()
    const large = await run(name, port, 60).ended
    assert.equal(large.code, 0, large.error)
    assert.match(large.error, /goes on where it stopped: 24 problems of 60/)
    const after = await rowIds()
    const log = await logOf(workshop, name)
    assertOneEndEach(log, 60)
    assert.deepEqual(idsOf(after.sft), idsOf(log.sft))
    assert.deepEqual(idsOf(after.preference), idsOf(log.preferences))
    assert.equal(after.sft.length, new Set(after.sft.map(({ id }) => id)).size)
    assert.ok(
      idsOf(before.sft).every((id) => idsOf(after.sft).includes(id)),
      'no row that was there is gone',
    )
    assert.ok(after.sft.length > before.sft.length)

    const smaller = await run(name, port, 30).ended
    assert.equal(smaller.code, 0, smaller.error)
    assert.match(smaller.error, /has 60 problems already, more than the 30 wanted/)
    assert.deepEqual(await rowIds(), after)
  })
})
