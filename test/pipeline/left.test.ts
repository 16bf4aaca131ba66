// Holds pipeline/left.ts on a real log: what waits for the parts of one process.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { watchLeft } from '../../pipeline/left.ts'
import { openRun } from '../../pipeline/open-run.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { until } from '../support/stream.ts'
import { openRunBench } from './run-bench.ts'
import type { RunBench } from './run-bench.ts'

describe('what is left for the parts of a process', () => {
  let bench: RunBench
  before(async () => {
    bench = await openRunBench()
  })
  after(async () => {
    await bench.close()
  })

  it('is what their groups have not committed, and not known while Kafka does not answer', async () => {
    const run = await openRun(bench.parts('left'), new AbortController().signal)
    await bench.fill('problems', 'left', [1, 2, 3])
    await bench.fill('sft', 'left', [1, 2])
    const parts = run.readers.filter(({ part }) => part === 'screen' || part === 'json')
    const left = watchLeft(run, parts, silentLogger)
    assert.equal(left.records(), null)
    await until(() => left.records() === 5)
    left.stop()
    let asked = 0
    const ask = (): Promise<never> => {
      asked += 1
      return Promise.reject(new Error('away'))
    }
    const away = watchLeft({ ...run, connection: { ...bench.connection, ask } }, parts, silentLogger)
    await until(() => asked >= parts.length)
    assert.equal(away.records(), null)
    away.stop()
    await run.close()
  })
})
