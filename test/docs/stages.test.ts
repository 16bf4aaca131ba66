// The snippets of the pages about stages with models of their own are configs that load.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { neededRoles } from '../../configs/rules.ts'
import { configSchema, readSections } from '../../configs/schema.ts'
import { snippetsOf } from '../support/doc-snippets.ts'

for (const [page, role] of [
  ['judge.md', 'judge'],
  ['tags.md', 'tagger'],
] as const) {
  test(`docs/${page}: its snippet switches the stage on and has the role that it needs`, () => {
    const text = readFileSync(join(import.meta.dirname, '../../docs', page), 'utf8')
    const snippets = snippetsOf(text)
    assert.equal(snippets.length, 1)
    const tree = { name: 'a-run', ...(parse(snippets[0]!) as object) }
    const config = configSchema.parse(tree)
    const needed = neededRoles(readSections(tree), { producer: 'none', stages: null }).map(({ role: name }) => name)
    assert.ok(needed.includes(role))
    assert.equal(config.roles[role]?.sampling.temperature, 0)
  })
}

test('docs/tags.md shows the refusals that are the defaults', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/tags.md'), 'utf8')
  const { refuse } = configSchema.shape.stages.unwrap().shape.tag.parse({})
  assert.deepEqual(refuse.quality, ['very poor', 'poor'])
  for (const [name, labels] of Object.entries(refuse)) {
    if (name !== 'difficulty') assert.ok(text.includes(`${name}: [${labels.join(', ')}]`), name)
  }
})
