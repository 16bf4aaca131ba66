// A config is plain data: no code, no bombs, no keys that reach into the program.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { configSchema } from '../../configs/schema.ts'
import { readSettings } from '../../configs/read.ts'
import { assign, parseAssignment } from '../../configs/set.ts'

const read = (text: string, set: string[] = []) => {
  const parts = { file: 'a.yaml', environment: {}, schema: configSchema, set }
  return readSettings({ ...parts, text, overrides: () => [], rules: () => [] })
}
const faultsOf = (text: string, set?: string[]): string => {
  const result = read(text, set)
  assert.ok('faults' in result, `was taken: ${text.slice(0, 100)}`)
  return result.faults.join('\n')
}

describe('a config', () => {
  it('runs no code and makes no objects', () => {
    for (const tag of [
      '!!js/function "x"',
      '!!python/object:os.system [id]',
      '!<tag:yaml.org,2002:js/undefined> x',
      '!x y',
    ])
      assert.match(faultsOf(`name: ${tag}`), /not valid YAML: unresolved tag/i)
  })

  it('does not grow by aliases, does not merge, has no key twice', () => {
    const bomb = Array.from({ length: 12 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array(10).fill(`*a${n}`).join(', ')}]`)
    assert.match(faultsOf(['a0: &a0 x', ...bomb].join('\n')), /alias/i)
    assert.match(faultsOf('name: a\nbase: &b { total: 3 }\n<<: *b'), /"?<<"? is no setting|is no setting/)
    assert.match(faultsOf('name: a\nname: b'), /unique/i)
  })

  it('may be nested only as deep as a config is', () => {
    const closed = '['.repeat(20_000) + ']'.repeat(20_000)
    for (const text of [closed, `name: ${closed}`, '['.repeat(50_000), '{a: '.repeat(50_000), `${'- '.repeat(5_000)}x`])
      assert.ok(faultsOf(text).length < 10_000)
  })

  it('does not reach into the program by its keys', () => {
    for (const key of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']) {
      assert.match(faultsOf(`name: a\n${key}: { polluted: yes }`), /is no setting/)
      assert.match(faultsOf(`name: a\nroles: { ${key}: { polluted: yes } }`), /is no setting/)
      const set = [`${key}.polluted=1`, `roles.${key}.polluted=1`]
      for (const each of set) faultsOf('name: a', [each])
    }
    assert.equal(({} as { polluted?: unknown }).polluted, undefined)
    const assignment = parseAssignment('constructor.prototype.polluted=1')
    assert.ok('path' in assignment)
    const tree: Record<string, unknown> = {}
    assign(tree, assignment.path, assignment.value)
    assert.equal(({} as { polluted?: unknown }).polluted, undefined)
  })
})
