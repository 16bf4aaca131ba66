// The snippets of docs/rewards.md are configs, and its table of kinds is the union's.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { configSchema } from '../../configs/schema.ts'
import { assertStagesAreRight, snippetsOf } from '../support/doc-snippets.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/rewards.md'), 'utf8')
const snippets = snippetsOf(page)
const kindsOf = (snippet: string): string[] => [...snippet.matchAll(/kind: (\S+)/g)].map((match) => match[1]!)

test('each snippet is a config without faults in its stages', () => {
  snippets.forEach(assertStagesAreRight)
})

test('each kind has a row and a snippet', () => {
  const shape = configSchema.shape.stages.unwrap().shape.reward.unwrap().shape.rewards.unwrap().element
  const kinds = shape.options.map((option) => option.shape.kind.value).toSorted()
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| the share|^\| `([a-z-]+-rm|reward-model|judge)` \|/gm)]
  assert.deepEqual(rows.map((match) => match[1] ?? match[2]).toSorted(), kinds)
  assert.deepEqual([...new Set(snippets.flatMap(kindsOf))].toSorted(), kinds)
})
