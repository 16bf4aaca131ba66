// Rows of sft and preferences give back the records that they were made of.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createCodec } from '../../../schemas/codec.ts'
import type { Origin } from '../../../sinks/clickhouse/place.ts'
import { preferenceOf, sftOf } from '../../../sinks/clickhouse/read-rows.ts'
import { preferenceRow, sftRow } from '../../../sinks/clickhouse/rows.ts'
import { message, preference, sft } from '../../support/rows.ts'

const codec = await createCodec()
const columnsOf = (row: object, createdAt: number) =>
  JSON.parse(JSON.stringify({ ...row, created_ms: createdAt })) as Record<string, unknown>

describe('records out of rows', () => {
  it('are those that the rows were made of, fields in the same order', () => {
    for (const record of [sft(3), sft(4, { reasoning: null, reward: null, problemGeneration: null, turns: 3 })]) {
      const sent = message(codec, 'sft', 'SftRecord', record, 0)
      const decoded = codec.decode('SftRecord', sent.value)
      const origin: Origin = { topic: 'sft', revision: 'main', message: sent }
      const back = sftOf(columnsOf(sftRow(decoded, origin), record.createdAt))
      assert.equal(JSON.stringify(back), JSON.stringify(decoded))
    }
    const pair = preference(3, { chosenReasoning: 'so', rejectedRewards: {} })
    const sent = message(codec, 'preferences', 'PreferenceRecord', pair, 0)
    const decoded = codec.decode('PreferenceRecord', sent.value)
    const origin: Origin = { topic: 'preferences', revision: 'main', message: sent }
    const back = preferenceOf(columnsOf(preferenceRow(decoded, origin), pair.createdAt))
    assert.equal(JSON.stringify(back), JSON.stringify(decoded))
  })

  it('have the defaults of the schema for what an older program did not write', () => {
    const record = sft(5)
    const sent = message(codec, 'sft', 'SftRecord', record, 0)
    const columns = columnsOf(sftRow(record, { topic: 'sft', revision: 'main', message: sent }), record.createdAt)
    delete columns['turns']
    delete columns['pass_rate']
    columns['generation'] = JSON.stringify({ role: 'answerer', model: 'm' })
    const { turns, passRate, generation } = sftOf(columns)
    assert.deepEqual([turns, passRate, generation.usd, generation.continuations], [1, null, null, 0])
  })
})
