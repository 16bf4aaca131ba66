// The config of a run, read again for a replay of it: a text that looks like an environment variable stays a text.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { loadConfig } from '../../../configs/load.ts'
import { storedText } from '../../../pipeline/replay/prepare.ts'

it('the stored config of a run is read as it was, whatever its texts hold', async () => {
  const work = { producer: 'none', stages: ['curate'] } as const
  const text = JSON.stringify({ name: 'a', roles: {}, stages: {}, producer: { system: 'Say $${x} and $$5.' } })
  const first = await loadConfig({ file: 'a.yaml', text, environment: {}, work })
  assert.match(first.json, /Say \$\{x\} and/)
  const again = await loadConfig({ file: 'stored', text: storedText(first.json), environment: {}, work })
  assert.equal(again.json, first.json)
})
