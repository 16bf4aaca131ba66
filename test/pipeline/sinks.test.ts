// Holds pipeline/sinks.ts: which sinks a config has, and what they read.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { configSchema } from '../../configs/schema.ts'
import { planStages } from '../../pipeline.ts'
import { plannedSinks } from '../../pipeline/sinks.ts'

const plan = (config: object): Record<string, readonly string[]> => {
  const { stages, sinks } = configSchema.parse({ name: 'a-run', ...config })
  return Object.fromEntries(plannedSinks(planStages(stages), sinks).map(({ part, topics }) => [part, topics]))
}

describe('plannedSinks', () => {
  it('stores every end of a record in ClickHouse, and the data sets in files', () => {
    const { clickhouse = [], json } = plan({})
    for (const end of ['sft', 'preferences', 'rejections', 'dead-letters', 'runs', 'problems', 'rewarded']) {
      assert.ok(clickhouse.includes(end), end)
    }
    assert.deepEqual(json, ['sft', 'preferences'])
  })

  it('takes responses from what is judged last', () => {
    const { clickhouse = [] } = plan({ stages: { reward: { enabled: false } } })
    assert.deepEqual([clickhouse.includes('verified'), clickhouse.includes('rewarded')], [true, false])
  })

  it('leaves out what the config has off', () => {
    assert.deepEqual(Object.keys(plan({ sinks: { clickhouse: { enabled: false } } })), ['json'])
    assert.deepEqual(Object.keys(plan({ sinks: { json: { enabled: false } } })), ['clickhouse'])
    assert.deepEqual(plan({ sinks: { json: { enabled: false }, clickhouse: { enabled: false } } }), {})
  })
})
