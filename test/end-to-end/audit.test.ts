// `magpie audit` as a user asks it: of a run that goes on (over the port of the process that owns the database), of one
// whose process was killed, of one that has finished, of an imported one against its file, and of none.

import assert from 'node:assert/strict'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Audit } from '../../analytics/audit/contract.ts'
import type { Front } from '../../local/engine/front.ts'
import type { Workshop } from '../support/end-to-end.ts'
import { noRecording, openWorkshop, recordingFile, root, runName, simulatedConfig } from '../support/end-to-end.ts'

describe('magpie audit', { skip: noRecording }, () => {
  let workshop: Workshop
  // Other tests put runs on the same Kafka, so none may be left out as the newest.
  const imported = runName('audited-import')
  before(async () => {
    workshop = await openWorkshop()
  })
  after(async () => {
    await workshop.close()
  })

  const audit = async (...more: string[]): Promise<{ code: number | null; found: Audit }> => {
    const { code, out, error } = await workshop.magpie(['audit', '--json', ...more]).ended
    assert.notEqual(out, '', error)
    return { code, found: JSON.parse(out) as Audit }
  }
  const assertWhole = ({ code, found }: { code: number | null; found: Audit }): void => {
    assert.deepEqual(found.faults, [])
    assert.equal(code, 0)
  }

  it('proves a run at work, killed, taken up again and finished', async () => {
    const name = runName('audited')
    const start = (front: Front) =>
      workshop.magpie(['run', '-c', simulatedConfig, '--run', name, '--total', '80', '--out', 'out'], {
        SIMULATOR_PORT: new URL(front.url).port,
      })
    const slow = await workshop.serve({ recording: recordingFile, slots: 4, medianMs: 150 })
    const first = start(slow)
    await first.says(/problems wanted/)
    let seen: Audit | null = null
    while (seen === null || seen.counts.inFlight === 0 || seen.counts.rejected === 0) {
      const asked = await audit('--run', name)
      assertWhole(asked)
      seen = asked.found
    }
    assert.equal(seen.state, 'running')
    first.signal('SIGKILL')
    await first.ended
    const dead = await audit('--run', name)
    assertWhole(dead)
    assert.ok(dead.found.counts.inFlight > 0)

    const second = await start(await workshop.serve({ recording: recordingFile })).ended
    assert.equal(second.code, 0, second.error)
    const done = await audit('--run', name)
    assertWhole(done)
    const { run, state, counts } = done.found
    assert.deepEqual(
      { run, state, problems: counts.problems, inFlight: counts.inFlight },
      {
        ...{ run: name, state: 'finished', problems: 80, inFlight: 0 },
      },
    )
  })

  it('proves each line of an imported file, and names the lines that are missing', async () => {
    const name = imported
    const front = await workshop.serve({ recording: recordingFile })
    const file = join(workshop.folder, 'problems.jsonl')
    await writeFile(file, `${await readFile(join(root, 'examples', 'problems.jsonl'), 'utf8')}not json\n\n`)
    const ended = await workshop.magpie(['import', file, '-c', simulatedConfig, '--run', name, '--out', 'out'], {
      SIMULATOR_PORT: new URL(front.url).port,
    }).ended
    assert.equal(ended.code, 0, ended.error)
    assertWhole(await audit('--run', name))
    assertWhole(await audit('--run', name, '--input', file))
    await writeFile(file, `${await readFile(file, 'utf8')}{"problem": "What is 2 + 2?"}\n`)
    const { code, found } = await audit('--run', name, '--input', file)
    assert.equal(code, 1)
    assert.deepEqual(
      found.faults.map(({ at, kind, count }) => [at, kind, count]),
      [['produce', 'missing', 1]],
    )
  })

  it('names runs that are near where there is none, says where files are not, and that a database does not answer', async () => {
    const none = await workshop.magpie(['audit', '--run', 'audited-nothing']).ended
    assert.equal(none.code, 2)
    assert.match(none.error, /knows no run audited-nothing; there is .*audited-import-/)
    const elsewhere = join(workshop.folder, 'elsewhere')
    await mkdir(elsewhere)
    const files = await workshop.magpie(['audit', '--run', imported, '--out', elsewhere]).ended
    assert.equal(files.code, 2)
    assert.match(files.error, /the files of run .* are not in .*elsewhere.*--out DIR.*--no-files/)
    await cp(join(workshop.folder, 'out'), elsewhere, { recursive: true })
    assertWhole(await audit('--run', imported, '--out', elsewhere))
    const ask = ['audit', '--run', imported, '--out', elsewhere]
    const silent = await workshop.magpie(ask, { CLICKHOUSE_URL: 'http://127.0.0.1:1' }).ended
    assert.equal(silent.code, 1)
    assert.match(silent.error, /the audit could not look, which says nothing of the run: .*127\.0\.0\.1:1/)
    assert.equal(silent.out, '')
    const { found } = await audit('--run', imported, '--no-tables', '--no-files')
    assert.deepEqual(found.stores, [])
    assert.equal(found.notes.filter((note) => note.includes('not compared: left out')).length, 2)
  })
})
