// A run that is carried from one Kafka to another by `magpie topics dump` and `load`: killed half way on the first,
// audited whole on the second, gone on with there to its end, and audited again with its tables and files.

import assert from 'node:assert/strict'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Audit } from '../../analytics/audit/contract.ts'
import type { Manifest } from '../../pipeline/carry/manifest.ts'
import type { Workshop } from '../support/end-to-end.ts'
import {
  assertOneEndEach,
  dataFiles,
  idsOf,
  logOf,
  noRecording,
  openWorkshop,
  recordingFile,
  runName,
  simulatedConfig,
} from '../support/end-to-end.ts'
import { startOwnKafka } from '../support/kafka.ts'

describe('a run that is carried to another Kafka', { skip: noRecording }, () => {
  let old: Workshop
  let fresh: Workshop
  const name = runName('carried')
  const total = 60
  let folder: string
  before(async () => {
    old = await openWorkshop()
    fresh = await openWorkshop(await startOwnKafka())
    folder = join(old.folder, 'log')
  })
  after(async () => {
    await fresh.close()
    await old.close()
  })

  const ended = async (workshop: Workshop, ...words: string[]) => {
    const { code, out, error } = await workshop.magpie(words).ended
    return { code, out, error }
  }
  const audit = async (workshop: Workshop, ...more: string[]): Promise<Audit> => {
    const { code, out, error } = await ended(workshop, 'audit', '--json', '--run', name, ...more)
    assert.notEqual(out, '', error)
    const found = JSON.parse(out) as Audit
    assert.deepEqual(found.faults, [])
    assert.equal(code, 0, error)
    return found
  }
  const start = async (workshop: Workshop, medianMs: number) => {
    const front = await workshop.serve({ recording: recordingFile, slots: 4, medianMs })
    return workshop.magpie(['run', '-c', simulatedConfig, '--run', name, '--total', String(total), '--out', 'out'], {
      SIMULATOR_PORT: new URL(front.url).port,
    })
  }

  it('is dumped whole after it was killed', async () => {
    const first = await start(old, 150)
    await first.says(/problems wanted/)
    for (let seen: Audit | null = null; seen === null || seen.counts.inFlight === 0 || seen.counts.rejected === 0;)
      seen = await audit(old)
    first.signal('SIGKILL')
    await first.ended
    const { code, out, error } = await ended(old, 'topics', 'dump', '--run', name, '--out', folder, '--json')
    assert.equal(code, 0, error)
    const manifest = JSON.parse(out) as Manifest
    assert.equal(manifest.run, name)
    assert.ok(manifest.isWhole)
    const { problems } = await logOf(old, name)
    assert.equal(manifest.topics.find(({ topic }) => topic === 'problems')?.records, problems.length)
    const again = await ended(old, 'topics', 'dump', '--run', name, '--out', folder)
    assert.equal(again.code, 2)
    assert.match(again.error, /is not empty/)
  })

  it('is not loaded where a file is not what it was', async () => {
    const { files } = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as Manifest
    const [one, other] = [join(folder, files[0]!.file), join(folder, files.at(-1)!.file)]
    const bytes = await readFile(one)
    const spoilt = Buffer.from(bytes)
    spoilt[spoilt.length - 40]! ^= 1
    await writeFile(one, spoilt)
    await rename(other, `${other}.away`)
    const { code, error } = await ended(fresh, 'topics', 'load', folder)
    assert.equal(code, 2)
    assert.ok(error.includes(one) && error.includes(`${other} is missing`), error)
    await writeFile(one, bytes)
    await rename(`${other}.away`, other)
  })

  it('is loaded once and audited whole on the other Kafka', async () => {
    const before = await audit(old, '--no-tables', '--no-files')
    const loaded = await ended(fresh, 'topics', 'load', folder)
    assert.equal(loaded.code, 0, loaded.error)
    assert.match(loaded.out, /records loaded/)
    const found = await audit(fresh, '--no-tables', '--no-files')
    assert.deepEqual(found.counts, before.counts)
    const again = await ended(fresh, 'topics', 'load', folder)
    assert.equal(again.code, 0, again.error)
    assert.match(again.out, /here already, whole/)
    assert.deepEqual(idsOf((await logOf(fresh, name)).problems), idsOf((await logOf(old, name)).problems))
  })

  it('goes on there to its end, and nothing is done twice', async () => {
    const { code, error } = await (await start(fresh, 0)).ended
    assert.equal(code, 0, error)
    const log = await logOf(fresh, name)
    assertOneEndEach(log, total)
    assert.equal(idsOf(log.sft).length, log.sft.length, 'no row came twice')
    const found = await audit(fresh)
    assert.equal(found.state, 'finished')
    assert.equal(found.counts.inFlight, 0)
    const files = await dataFiles(join(fresh.folder, 'out'))
    assert.deepEqual(idsOf(files.sft.flatMap(({ rows }) => rows)), idsOf(log.sft))
    const again = await ended(fresh, 'topics', 'load', folder)
    assert.equal(again.code, 2)
    assert.match(again.error, /has gone on since .*nothing was loaded/)
    await rm(folder, { recursive: true })
  })
})
