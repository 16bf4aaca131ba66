// Holds configs/set.ts: paths, values, and faults of --set.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { valueAt } from '../../configs/fault.ts'
import { assign, parseAssignment } from '../../configs/set.ts'

describe('parseAssignment', () => {
  it('reads dotted and bracketed paths and YAML values', () => {
    assert.deepEqual(parseAssignment('roles.q.endpoints[0].url=http://x:1/v1'), {
      path: ['roles', 'q', 'endpoints', 0, 'url'],
      value: 'http://x:1/v1',
      option: '--set roles.q.endpoints[0].url=http://x:1/v1',
    })
    const values = { '12': 12, true: true, null: null, '': null, '"7"': '7', '[{a: 1}]': [{ a: 1 }], 'a=b': 'a=b' }
    for (const [text, value] of Object.entries(values)) {
      assert.deepEqual((parseAssignment(`a.b=${text}`) as { value: unknown }).value, value)
    }
  })

  it('refuses what has no path, no value, or a value that is no YAML', () => {
    for (const text of ['a.b', '=3', 'a..b=3', '.a=3', '__proto__.x=1', 'a=[1', 'a=!tag x']) {
      const result = parseAssignment(text)
      assert.ok('fault' in result, text)
      const shown = text.startsWith('a=') ? 'a=…' : text
      assert.ok(result.fault.startsWith(`--set ${shown}:`), result.fault)
    }
  })

  it('does not repeat a secret', () => {
    for (const text of ['roles.q.apiKey=[hunter2', 'kafka.brokers=[me:hunter2@broker:9092']) {
      const result = parseAssignment(text)
      assert.ok('fault' in result && !result.fault.includes('hunter2'))
    }
  })
})

describe('assign', () => {
  it('makes the mappings and lists on its way', () => {
    const tree = {}
    assert.equal(assign(tree, ['a', 'list', 0, 'b'], 1), null)
    assert.equal(assign(tree, ['a', 'list', 1], 2), null)
    assert.deepEqual(tree, { a: { list: [{ b: 1 }, 2] } })
  })

  it('refuses to go through a value, beyond the end of a list, or by name into one', () => {
    assert.match(assign({ a: 1 }, ['a', 'b'], 2)!, /^a is a plain value/)
    assert.match(assign({ a: [] }, ['a', 3], 2)!, /^a has 0 places; the next is a\.0/)
    assert.match(assign({ a: [] }, ['a', 'b'], 2)!, /^a is a list/)
  })

  it('puts any value where it is then found, and changes nothing else', () => {
    const name = fc.stringMatching(/^[a-z]{1,5}$/)
    fc.assert(
      fc.property(
        fc.dictionary(name, fc.dictionary(name, fc.integer())),
        name,
        name,
        fc.integer(),
        (tree, one, two, value) => {
          const before = structuredClone(tree)
          assert.equal(assign(tree, [one, two], value), null)
          assert.equal(valueAt(tree, [one, two]), value)
          for (const [key, fields] of Object.entries(before)) {
            for (const [inner, old] of Object.entries(fields)) {
              if (key !== one || inner !== two) assert.equal(valueAt(tree, [key, inner]), old)
            }
          }
        },
      ),
    )
  })
})
