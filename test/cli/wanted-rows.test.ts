// Holds cli/wanted-rows.ts: what a run is asked for, and what of it is missing, in words.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { missingRows, wantedRows } from '../../cli/wanted-rows.ts'
import { en } from '../../cli/messages/en.ts'
import { runSnapshot } from './run-snapshot.ts'

describe('the rows of a run', () => {
  it('are told where they are asked for', () => {
    assert.deepEqual(wantedRows(null, en), [])
    assert.deepEqual(wantedRows({ sft: 30, preference: null }, en), ['30 SFT records'])
    assert.deepEqual(wantedRows({ sft: 30, preference: 1 }, en), ['30 SFT records', '1 preference record'])
  })

  it('that are missing are told with what there is', () => {
    const accepted = { sft: 30, preference: 4 }
    assert.deepEqual(missingRows(runSnapshot({ accepted, wanted: null }), en), [])
    assert.deepEqual(missingRows(runSnapshot({ accepted, wanted: { sft: 30, preference: null } }), en), [])
    assert.deepEqual(missingRows(runSnapshot({ accepted, wanted: { sft: 31, preference: 9 } }), en), [
      '30/31 SFT records',
      '4/9 preference records',
    ])
  })
})
