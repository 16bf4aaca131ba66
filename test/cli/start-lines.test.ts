// Holds cli/start-lines.ts where a worker joins: it is told of its own parts, and of nothing that the leader decides.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { messagesIn } from '../../cli/messages/choose.ts'
import { startLines } from '../../cli/start-lines.ts'
import { configSchema } from '../../configs/schema.ts'
import type { PartName } from '../../pipeline.ts'
import type { RunRecord } from '../../schemas/records.ts'
import { runSnapshot } from './run-snapshot.ts'

const config = configSchema.parse({ name: 'big', total: 200 })
const loaded = { config, file: 'a.yaml', hash: 'ab12', json: JSON.stringify(config) }
const before = { ...config, total: 20_000, stages: { ...config.stages, sample: { ...config.stages.sample, n: 3 } } }
const previous = { state: 'running', config: JSON.stringify(before) } as RunRecord

const linesOf = (parts: readonly PartName[]) =>
  startLines(
    { previous, existing: 3584, snapshot: () => runSnapshot() },
    { loaded, runId: 'big', source: { kind: 'magpie' }, parts: new Set(parts), messages: messagesIn('en') },
  )

describe('the first words', () => {
  it('of a worker name no total, and of the config what its own parts do in another way', () => {
    const joined = 'Works at run big until it ends or this process is stopped; another process leads it.'
    assert.deepEqual(linesOf(['answer', 'clickhouse']), [joined])
    const [first, changed, part, ...more] = linesOf(['sample'])
    assert.equal(first, joined)
    assert.match(changed!, /\(stages\.sample\.n\)/)
    assert.match(part!, /^ {2}sample \(stages\.sample\.n\): about 0 problems done with the old settings/)
    assert.deepEqual(more, [])
  })

  it('of a leader name all that is another', () => {
    const [first, changed] = linesOf(['produce', 'sample'])
    assert.match(first!, /^Run big has 3,584 problems already, more than the 200 wanted/)
    assert.match(changed!, /\(stages\.sample\.n, total\)/)
  })
})
