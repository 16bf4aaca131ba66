// The share of a replay that is given none: by the words of runs, followed without waiting, and on a real log.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createShareBeside, followShare } from '../../../pipeline/replay/share.ts'
import { createNewestReader, forgetRun, publishRunRecord, SILENT_MS } from '../../../pipeline/run-records.ts'
import { permanent, transient } from '../../../schemas/failure.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import type { RunRecord } from '../../../schemas/records.ts'
import { ensureTopics } from '../../../stream/topics-admin.ts'
import { openBench } from '../../support/stream.ts'
import type { Bench } from '../../support/stream.ts'

const NOW = 1_800_000_000_000

function state(over: Partial<RunRecord> = {}): RunRecord {
  const { runId, revision } = { runId: 'live', revision: 'main', ...over }
  return {
    ...{ id: `${runId}/${revision}`, runId, revision, createdAt: NOW - 1000, state: 'running', startedAt: NOW - 5000 },
    ...{ config: '{}', configHash: 'x', finishedAt: null, host: 'elsewhere', pid: 7, version: '0', endedBy: null },
    ...over,
  }
}

describe('the share beside others', () => {
  const share = (...states: RunRecord[]): number => createShareBeside((pid) => pid === 7)(states, NOW)

  it('is a part while a run is at work, or may be', () => {
    assert.equal(share(state()), 0.2)
    assert.equal(share(state({ state: 'draining' })), 0.2)
    assert.equal(share(state({ state: 'finished', runId: 'other' }), state()), 0.2)
    // Silent, on a machine that cannot be asked.
    assert.equal(share(state({ createdAt: NOW - 3_600_000 })), 0.2)
  })

  it('is the whole once a run has said nothing new for a while, by the own clock alone', () => {
    const look = createShareBeside()
    const old = state({ createdAt: NOW - 3_600_000 })
    const looks = [
      look([old], NOW),
      look([old], NOW + SILENT_MS - 1),
      look([old], NOW + SILENT_MS),
      look([state({ createdAt: NOW + 3_600_000 })], NOW + 2 * SILENT_MS),
      look([state({ createdAt: NOW + 3_600_000 })], NOW + 3 * SILENT_MS),
    ]
    assert.deepEqual(looks, [0.2, 0.2, 1, 0.2, 1])
  })

  it('is the whole while none is, whatever replays are at work', () => {
    assert.equal(share(), 1)
    for (const over of ['finished', 'stopped', 'failed', 'dropped'] as const)
      assert.equal(share(state({ state: over })), 1)
    assert.equal(share(state({ revision: 'strict' }), state({ revision: 'pairs' })), 1)
  })
})

describe('the share that is followed', () => {
  /** Looks at what is read in turn, an Error is thrown, without waiting; returns what became of it. */
  async function follow(reads: readonly (readonly RunRecord[] | Error)[]) {
    const [set, told]: [number[], number[]] = [[], []]
    const halt = new AbortController()
    let looks = 0
    const read = () => {
      const answer = reads[looks++]!
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    }
    const pause = (milliseconds: number) => {
      assert.ok(milliseconds >= 10_000 && milliseconds <= 15_000)
      return Promise.resolve(looks < reads.length)
    }
    const parts = { now: () => NOW, log: silentLogger, onShare: (share: number) => told.push(share) }
    await followShare({ read, llm: { setShare: (share) => set.push(share) }, parts }, halt.signal, pause)
    return { looks, set, told }
  }
  const over = state({ state: 'finished' })

  it('is set and told once each time that it is another one', async () => {
    const { set, told } = await follow([[state()], [state()], [over], [over], [state(), over], [over]])
    assert.deepEqual(
      [set, told],
      [
        [0.2, 1, 0.2, 1],
        [0.2, 1, 0.2, 1],
      ],
    )
  })

  it('is not told where the replay is alone from the start on', async () => {
    assert.deepEqual(await follow([[], [over], [state()]]), { looks: 3, set: [1, 0.2], told: [0.2] })
  })

  it('stays as it is while the log cannot be read, whatever the reason, and is looked at again', async () => {
    const faults = [transient('kafka-unavailable', 'down'), permanent('kafka-refused', 'no'), new Error('unforeseen')]
    const found = await follow([...faults, [state()], ...faults, [state()], [over]])
    assert.deepEqual(
      [found.set, found.told],
      [
        [0.2, 1],
        [0.2, 1],
      ],
    )
  })

  it('is left alone once the replay is over', async () => {
    const halt = new AbortController()
    const none = () => assert.fail('the replay is over')
    const read = () => {
      halt.abort()
      return Promise.resolve([over])
    }
    const parts = { now: () => NOW, log: { ...silentLogger, warn: none }, onShare: none }
    await followShare({ read, llm: { setShare: none }, parts }, halt.signal)
  })
})

describe('the share on a real log', () => {
  let bench: Bench
  before(async () => {
    bench = await openBench()
    await ensureTopics(bench.connection, { revision: 'main', names: ['runs'] })
  })
  after(async () => {
    await bench.close()
  })

  it('falls when a run begins and is lifted when it ends, each time by what was written since', async () => {
    const { connection, codec, sender } = bench
    const runId = bench.name('beside')
    const readAll = createNewestReader(connection, codec)
    // Runs of other tests come and go on the same log.
    const read = async (signal: AbortSignal) => (await readAll(signal)).filter((each) => each.runId === runId)
    const write = (over: Partial<RunRecord>) => publishRunRecord(sender, codec, state({ runId, ...over }))
    const turns: (() => Promise<void>)[] = [
      () => write({ revision: 'strict' }),
      () => write({}),
      () => write({ createdAt: NOW - 500 }),
      () => write({ state: 'finished' }),
      () => write({ state: 'running' }),
      () => forgetRun(sender, state({ runId })),
    ]
    const set: number[] = []
    const seen: number[] = []
    const pause = async (): Promise<boolean> => {
      seen.push(set.at(-1)!)
      const turn = turns.shift()
      await turn?.()
      return turn !== undefined
    }
    const parts = { now: () => NOW, log: silentLogger }
    const llm = { setShare: (share: number) => set.push(share) }
    await followShare({ read, llm, parts }, AbortSignal.timeout(180_000), pause)
    assert.deepEqual(seen, [1, 1, 0.2, 0.2, 1, 0.2, 1])
    assert.deepEqual(set, [1, 0.2, 1, 0.2, 1])
  })
})
