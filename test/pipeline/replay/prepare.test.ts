// What refuses a replay before anything is written, on a real log.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { loadConfig } from '../../../configs/load.ts'
import type { Replay } from '../../../configs/replay.ts'
import { prepareReplay } from '../../../pipeline/replay/prepare.ts'
import type { PreparedReplay, PrepareParts } from '../../../pipeline/replay/prepare.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import { ensureTopics } from '../../../stream/topics-admin.ts'
import { inventRun, onLog, sayRun } from '../../analytics/audit/invented-run.ts'
import { simulatedConfig } from '../../support/end-to-end.ts'
import { openBench } from '../../support/stream.ts'
import type { Bench } from '../../support/stream.ts'

describe('an addition that is asked for', () => {
  let bench: Bench
  before(async () => {
    bench = await openBench()
    await ensureTopics(bench.connection, { revision: 'main' })
  })
  after(async () => {
    await bench.close()
  })

  const prepare = (
    run: string,
    revision: string,
    more: Partial<PrepareParts> = {},
    join = false,
  ): Promise<PreparedReplay> =>
    prepareReplay({
      ...{ connection: bench.connection, codec: bench.codec, log: silentLogger, now: Date.now },
      asked: {
        ...{
          run,
          revision,
          of: 'main',
          from: null,
          parts: ['reward'],
          where: null,
          keep: [],
          into: 'main',
          join,
        },
        range: { since: null, until: null, offsets: null, follow: false },
      },
      load: () =>
        loadConfig({
          ...{ file: simulatedConfig, environment: { SIMULATOR_PORT: '1' } },
          work: { producer: 'none', stages: ['reward'] },
        }),
      choose: () => assert.fail('nothing is chosen'),
      onWaiting: () => assert.fail('nothing is waited for'),
      signal: AbortSignal.timeout(180_000),
      ...more,
    })

  it('is refused while another one adds to the same rows, new or resumed, and taken when that is over', async () => {
    const run = bench.name('added')
    const main = inventRun(bench.codec, run)
    await bench.sender.send(onLog(main, main.messages))
    const say = (revision: string, more: { state?: 'running'; replay?: Replay } = {}): Promise<void> =>
      sayRun(bench.sender, bench.codec, run, { out: 'data', revision, ...more })
    await say('main')
    const { replay } = await prepare(run, 'one')
    await say('other', { replay, state: 'running' })
    const refused = {
      name: 'UsageFault',
      message: new RegExp(
        `revision other of run ${run} \\(process 1 on here\\) adds to the same rows of main now: wait`,
      ),
    }
    await assert.rejects(prepare(run, 'one'), refused)
    await say('one', { replay })
    await assert.rejects(prepare(run, 'one'), refused)
    await say('other', { replay })
    assert.equal((await prepare(run, 'one')).previous?.revision, 'one')
    assert.equal((await prepare(run, 'two')).previous, null)
  })

  it('waits for a replay that nobody has started, and says which revisions there are', async () => {
    const run = bench.name('joined')
    const main = inventRun(bench.codec, run)
    await bench.sender.send(onLog(main, main.messages))
    await sayRun(bench.sender, bench.codec, run, { out: 'data' })
    const halt = new AbortController()
    const told: unknown[] = []
    const onWaiting = (...words: unknown[]): void => {
      told.push(words)
      halt.abort(new Error('enough'))
    }
    await assert.rejects(prepare(run, 'typo', { onWaiting, signal: halt.signal }, true), /enough/)
    assert.deepEqual(told, [[run, ['main']]])
  })
})
