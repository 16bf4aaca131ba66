// The configs that docs/sampling.md shows are configs: each loads as it stands there.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { loadConfig } from '../../configs/load.ts'

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'sampling.md'), 'utf8')
const snippets = [...page.matchAll(/^```yaml\n([^]*?)^```$/gm)].map((match) => match[1]!)
const folder = mkdtempSync(join(tmpdir(), 'docs-sampling-'))
after(() => {
  rmSync(folder, { recursive: true })
})

describe('docs/sampling.md', () => {
  it('shows a config for each method', () => {
    const shown = ['firstToken', 'continue', 'fanOut'].map((name) =>
      snippets.filter((text) => text.includes(`${name}:`)),
    )
    assert.deepEqual(
      shown.map(({ length }) => length),
      [1, 1, 1],
    )
  })

  for (const [index, text] of snippets.entries())
    it(`config ${index + 1} loads`, async () => {
      const file = join(folder, `${index}.yaml`)
      writeFileSync(file, text)
      const { config } = await loadConfig({ file, environment: {}, work: { producer: 'none', stages: ['verify'] } })
      assert.ok(Object.keys(config.roles).length > 0)
    })
})
