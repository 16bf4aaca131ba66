// Holds cli/runs.ts: what a person reads of the runs on a Kafka.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { describeRuns, sureOfLost } from '../../cli/runs.ts'
import type { ProcessOverview, RunOverview } from '../../pipeline/run-overview.ts'

const NOW = 1_800_000_000_000

const process = (pid: number, over: Partial<ProcessOverview> = {}): ProcessOverview => ({
  ...{ host: 'gpu1', pid, parts: ['answer'], version: '1.0.0', configHash: 'a'.repeat(64), config: '{"total":5}' },
  ...{ id: `my-run/main/gpu1-${pid}-1`, clickhouse: null, clickhouseAt: null },
  ...{ beganAt: NOW - 60_000, lastWordAt: NOW - 2000, isAtWork: true, done: { answer: 12, sample: 0 } },
  ...over,
})

const run = (over: Partial<RunOverview> = {}): RunOverview => ({
  ...{ run: 'my-run', revision: 'main', state: 'running', endedBy: null, host: 'gpu1', pid: 7 },
  ...{ startedAt: NOW - 60_000, finishedAt: null, lastWordAt: NOW - 2000, problems: 50, configHash: 'ab' },
  processes: [process(7), process(8)],
  ...over,
})

describe('magpie runs', () => {
  it('says how each run stands and who works at it', () => {
    const text = describeRuns([run()], NOW, false)
    assert.match(text, /my-run +main +running +50 +1 min 0 s ago +2 s ago +7 on gpu1 and 1 more/)
    assert.doesNotMatch(text, /lost|Processes/)
  })

  it('says of a run that was killed when and from whom its last word came', () => {
    const text = describeRuns([run({ state: 'lost', lastWordAt: NOW - 180_000 })], NOW, false)
    assert.match(text, /Run my-run is lost: its last word came 3 min 0 s ago from process 7 on gpu1\./)
  })

  it('looks again before it calls one lost: it may just have ended', async () => {
    for (const [looks, state] of [
      [['lost', 'finished'], 'finished'],
      [['lost', 'lost'], 'lost'],
      [['running', 'lost'], 'running'],
    ] as const) {
      const left: (typeof looks)[number][] = [...looks]
      const found = await sureOfLost(() => Promise.resolve([run({ state: left.shift()! })]))
      assert.equal(found[0]!.state, state)
    }
  })

  it('tells the processes of one run, and where their configs differ', () => {
    const changed = process(9, { configHash: 'b'.repeat(64), config: '{"total":6}', isAtWork: false })
    const text = describeRuns([run({ processes: [process(7), process(8), changed] })], NOW, true)
    assert.match(text, /8 on gpu1 .* yes +aaaaaaaaaaaa +answer 12\n/)
    assert.match(text, /Process 9 began with another config \(bbbbbbbbbbbb\): total/)
    assert.equal([...text.matchAll(/began with another/g)].length, 1)
  })

  it('says so where there is none', () => {
    assert.match(describeRuns([], NOW, false), /No run/)
  })
})
