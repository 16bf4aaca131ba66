// docs/models.md agrees with the catalogue: every entry has its row.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { loadTemplates } from '../../llm/templates.ts'

test('the table of docs/models.md is that of configs/model_configs.json', () => {
  const page = readFileSync(new URL('../../docs/models.md', import.meta.url), 'utf8')
  const rows = page.split('\n').flatMap((line) => {
    const [, name, models, verified] = /^\| `([^`]+)` \| (.+?) \| (template|server|recalled) *\|$/.exec(line) ?? []
    return name === undefined ? [] : [{ name, models: models!.replaceAll('`', '').trim(), verified }]
  })
  assert.deepEqual(
    rows,
    loadTemplates().map(({ name, models, verified }) => ({ name, models: models.join(' '), verified })),
  )
})
