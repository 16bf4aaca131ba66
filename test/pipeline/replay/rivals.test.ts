// Additions to the same rows come one after another, also where several begin at the same moment: told by the words of
// runs, and on a real log with another process.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, it } from 'node:test'
import { configSchema } from '../../../configs/schema.ts'
import { openRun } from '../../../pipeline/open-run.ts'
import { rivalsOf, rivalText } from '../../../pipeline/replay/rivals.ts'
import { readRunRecords } from '../../../pipeline/run-records.ts'
import { UsageFault } from '../../../schemas/failure.ts'
import type { RunRecord } from '../../../schemas/records.ts'
import { ensureTopics } from '../../../stream/topics-admin.ts'
import { CONFIG, NOW, openRunBench } from '../run-bench.ts'
import type { RunBench } from '../run-bench.ts'

/** Between two looks at what another process says. */
const LOOK_MS = 50
/** Longest that this process stands still for it; a test's own limit cannot end that. */
const STILL_MS = 100_000

describe('another addition to the same rows', () => {
  const own = { runId: 'a', revision: 'more', into: 'main', stages: ['reward'] }
  const range = { of: 'main', from: 'conversed', begin: {}, end: null, selection: null, keep: [] }
  const state = (over: Partial<RunRecord> = {}, into: string | null = 'main', stage = 'reward'): RunRecord => ({
    ...{ id: 'a/other', runId: 'a', revision: 'other', createdAt: NOW - 1000, state: 'running', startedAt: NOW },
    ...{ config: JSON.stringify({ replay: { ...range, into, stages: [stage] } }), configHash: 'x', finishedAt: null },
    ...{ host: 'elsewhere', pid: 7, version: '0', endedBy: null, ...over },
  })
  const rivals = (state: RunRecord): string[] =>
    rivalsOf(own, [state], NOW, () => true).map((rival) => rivalText(rival, own))

  it('is named while it is at work, with what to do', () => {
    assert.match(
      rivals(state()).join(),
      /^revision other of run a \(process 7 on elsewhere\) .* rows of main .* stop it/,
    )
    assert.equal(rivals(state({ state: 'draining' })).length, 1)
    // Its machine's clock is ahead of this one's.
    assert.equal(rivals(state({ createdAt: NOW + 5000 })).length, 1)
  })

  it('is none when it is over or silent, or adds elsewhere or nothing, or is the addition itself', () => {
    const none = [
      ...[state({ state: 'finished' }), state({ createdAt: NOW - 60_000 }), state({ runId: 'b' })],
      ...[state({ revision: 'more' }), state({}, 'strict'), state({}, null), state({}, 'main', 'tag')],
      ...[state({ config: '{}' }), state({ config: '{"replay":null}' })],
    ]
    for (const each of none) assert.deepEqual(rivals(each), [])
  })
})

describe('two additions that begin at the same moment', () => {
  const SIGNAL = new AbortController().signal
  let bench: RunBench
  let folder: string
  const others: ChildProcess[] = []
  before(async () => {
    bench = await openRunBench()
    await ensureTopics(bench.connection, { revision: 'main' })
    folder = await mkdtemp(join(tmpdir(), 'magpie-rivals-'))
  })
  after(async () => {
    for (const other of others) {
      other.kill('SIGKILL')
      if (other.exitCode === null && other.signalCode === null) await once(other, 'exit')
    }
    await rm(folder, { recursive: true })
    await bench.close()
  })

  const replay = { of: 'main', from: 'verified', begin: {}, end: {}, selection: null, keep: [], stages: ['reward'] }
  const adds = (into: string): string => JSON.stringify(configSchema.parse({ ...CONFIG, replay: { ...replay, into } }))
  const partsOf = (run: string, revision: string, now = (): number => NOW) => {
    const json = adds('main')
    const loaded = { config: configSchema.parse(JSON.parse(json)), file: 'a.yaml', hash: 'ab12', json }
    return bench.parts(run, { loaded, revision, source: { kind: 'replay' }, now })
  }

  /** Starts another process that adds; returns the file that holds what it says once it is at work or has ended. */
  function startElsewhere(run: string, revision: string, into: string): string {
    const said = join(folder, `${revision}-${others.length}`)
    const out = openSync(said, 'w')
    const file = join(import.meta.dirname, '..', 'leading-process.ts')
    const words = [file, bench.connection.brokers.join(','), run, revision, adds(into)]
    others.push(spawn(process.execPath, words, { stdio: ['ignore', out, out] }))
    closeSync(out)
    return said
  }

  async function addElsewhere(run: string, revision: string, into: string): Promise<string> {
    const said = startElsewhere(run, revision, into)
    while (statSync(said).size === 0 && others.at(-1)!.exitCode === null) await sleep(LOOK_MS)
    return readFileSync(said, 'utf8')
  }

  /** The same with this process standing still meanwhile. */
  function addMeanwhile(run: string, revision: string, into: string): string {
    const said = startElsewhere(run, revision, into)
    const end = performance.now() + STILL_MS
    while (statSync(said).size === 0 && performance.now() < end)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_MS)
    return readFileSync(said, 'utf8')
  }

  const names = () => ['added', 'first', 'second'].map((name) => bench.name(name)) as [string, string, string]

  it('follow one another: the later one is refused, and is not seen to be at work', async () => {
    const [added, first, second] = names()
    let isAsked = false
    // The first time that is asked for lies behind all looks and before the claim.
    const now = (): number => {
      if (!isAsked) assert.equal(addMeanwhile(added, first, 'main'), 'leads\n')
      isAsked = true
      return NOW
    }
    await assert.rejects(openRun(partsOf(added, second, now), SIGNAL), (error) => {
      assert.ok(error instanceof UsageFault, String(error))
      const { pid } = others.at(-1)!
      assert.match(
        error.message,
        new RegExp(`revision ${first} of run ${added} .process ${pid} on .* rows of main now: wait`),
      )
      return true
    })
    const stateOf = async () => (await readRunRecords(bench.connection, bench.codec, second, SIGNAL)).get(added)?.state
    const endOther = async (): Promise<void> => {
      others.at(-1)!.kill('SIGKILL')
      await once(others.at(-1)!, 'exit')
    }
    assert.equal(await stateOf(), 'stopped')
    await endOther()
    // Whoever was refused is free to come again, also where it had been at work or finished before.
    for (let turn = 1; turn <= 2; turn += 1) {
      const run = await openRun(
        partsOf(added, second, () => NOW - 100 + 10 * turn),
        SIGNAL,
      )
      try {
        assert.match(await addElsewhere(added, first, 'main'), new RegExp(`revision ${second} of run ${added}`))
        await run.publish('finished')
      } finally {
        await run.close()
      }
      assert.equal(await addElsewhere(added, first, 'main'), 'leads\n')
      await assert.rejects(
        openRun(
          partsOf(added, second, () => NOW + 10 * turn),
          SIGNAL,
        ),
        UsageFault,
      )
      assert.equal(await stateOf(), 'finished')
      await endOther()
    }
  })

  it('go side by side where their rows are not the same', async () => {
    const [added, first, second] = names()
    assert.equal(await addElsewhere(added, first, 'strict'), 'leads\n')
    const run = await openRun(partsOf(added, second), SIGNAL)
    await run.close()
  })

  it('do not go on side by side where one was stopped and the other has begun meanwhile', async () => {
    const [added, first, second] = names()
    let slept = 0
    const moment = () => ({ wall: NOW + slept, steady: slept })
    const run = await openRun({ ...partsOf(added, first, () => NOW - 100_000), moment }, SIGNAL)
    try {
      await run.publish('stopped')
      assert.equal(await addElsewhere(added, second, 'main'), 'leads\n')
      slept = 60_000
      const lost = {
        code: 'lead-lost',
        message: new RegExp(`revision ${second} of run ${added} .* adds to the same rows`),
      }
      await assert.rejects(run.publish('running'), lost)
    } finally {
      await run.close()
    }
  })
})
