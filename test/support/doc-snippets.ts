// The YAML snippets of a page of docs/, and the check that one of them is a config without faults in its stages.

import assert from 'node:assert/strict'
import { parse } from 'yaml'
import { brokenRules, WHOLE_PIPELINE } from '../../configs/rules.ts'
import { configSchema, readSections } from '../../configs/schema.ts'

/** The texts between ```yaml and ```. */
export function snippetsOf(page: string): string[] {
  return [...page.matchAll(/```yaml\n([^]*?)```/g)].map((match) => match[1]!)
}

/** Throws where the snippet is no config, or a rule finds a fault in its stages (that it names no models is none). */
export function assertStagesAreRight(snippet: string): void {
  const tree = { name: 'a-run', ...(parse(snippet) as object) }
  configSchema.parse(tree)
  const nothing = { names: [], find: () => null, ofFile: () => 'nothing' }
  const faults = brokenRules(readSections(tree), { ...WHOLE_PIPELINE, producer: 'none' }, nothing, {}, '.')
  assert.deepEqual(
    faults.filter(({ path }) => path[0] === 'stages'),
    [],
    snippet,
  )
}
