// Holds configs/source.ts: what YAML may hold, variables from the environment, and places in the file.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseSource } from '../../configs/source.ts'

const read = (text: string, environment: Record<string, string> = {}) => parseSource('a.yaml', text, environment)

function valueOf(text: string, environment: Record<string, string> = {}): unknown {
  const { source, faults } = read(text, environment)
  assert.deepEqual(faults, [])
  return source.value
}

describe('YAML', () => {
  it('reads a mapping, and nothing as no settings', () => {
    assert.deepEqual(valueOf('a: { b: [1, true, null, x] }'), { a: { b: [1, true, null, 'x'] } })
    assert.deepEqual(valueOf('# nothing yet\n'), {})
  })

  it('refuses a repeated key, a custom tag, broken syntax and a second document, each with its place', () => {
    for (const [text, place, word] of [
      ['a: 1\nb: 2\na: 3\n', 'a.yaml:3:1', 'unique'],
      ['a: !!js/function "x"\n', 'a.yaml:1:4', 'tag'],
      ['a: !mine 3\n', 'a.yaml:1:4', 'tag'],
      ['a: [1, 2\nb: 3\n', 'a.yaml:2:1', 'not valid YAML'],
      ['a: 1\n---\na: 2\n', 'a.yaml:2:1', 'document'],
      ['a: &a [*a]\n', 'a.yaml:1:1', 'alias'],
    ] as const) {
      const { faults } = read(text)
      assert.ok(faults.length > 0, text)
      assert.ok(faults[0]!.startsWith(place), `${faults[0]!} should stand at ${place}`)
      assert.ok(faults.join('\n').includes(word), faults.join('\n'))
    }
  })

  it('refuses an alias bomb instead of growing it', () => {
    const levels = Array.from(
      { length: 12 },
      (_, level) => `a${level + 1}: &a${level + 1} [${`*a${level}, `.repeat(9)}*a${level}]`,
    )
    const { faults } = read(`a0: &a0 [x]\n${levels.join('\n')}\n`)
    assert.equal(faults.length, 1)
    assert.match(faults[0]!, /alias/i)
  })

  it('refuses a list or a word as the whole config', () => {
    for (const text of ['- a\n', 'word\n']) assert.match(read(text).faults.join(), /a\.yaml:1:1 holds no settings/)
  })

  it('does not let a key change the prototype', () => {
    const value = valueOf('__proto__: { polluted: true }')
    assert.equal(({} as { polluted?: boolean }).polluted, undefined)
    assert.deepEqual(Object.keys(value as object), ['__proto__'])
  })
})

describe('variables', () => {
  it('fills them in, with defaults for unset and for empty ones', () => {
    const text = 'a: http://${HOST}:${PORT:-80}/v1\nb: "${NONE:-}"\nc: "${EMPTY:-full}"\n'
    assert.deepEqual(valueOf(text, { HOST: 'h', EMPTY: '' }), { a: 'http://h:80/v1', b: '', c: 'full' })
  })

  it('gives an unquoted scalar the type of its new text, and a quoted one text', () => {
    const text = 'number: ${N}\nquoted: "${N}"\nflag: ${F:-true}\nnothing: ${X:-null}\npart: v${N}\n'
    assert.deepEqual(valueOf(text, { N: '12' }), { number: 12, quoted: '12', flag: true, nothing: null, part: 'v12' })
  })

  it('never reads YAML out of a value: it stays one scalar', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (given) => {
        const value = (valueOf('a: ${GIVEN}', { GIVEN: given }) as { a: unknown }).a
        assert.ok(typeof value !== 'object' || value === null)
        if (typeof value === 'string') assert.equal(value, given)
      }),
    )
  })

  it('leaves $${NAME} as text, and comments and keys alone', () => {
    assert.deepEqual(valueOf('a: $${HOME} # ${UNSET}\n'), { a: '${HOME}' })
  })

  it('finds every missing, badly written and secret variable, each at its place', () => {
    const { faults } = read('a: ${MISSING}\nb: ["${1X}", "${HF_TOKEN}"]\n', { HF_TOKEN: 'hf_secret' })
    assert.equal(faults.length, 3)
    assert.match(faults[0]!, /^a\.yaml:1:4 needs the environment variable MISSING/)
    assert.match(faults[1]!, /^a\.yaml:2:5 has the variable "\$\{1X\}"/)
    assert.match(faults[2]!, /^a\.yaml:2:14 would write the secret HF_TOKEN/)
    assert.ok(!faults.join().includes('hf_secret'))
  })
})

describe('places', () => {
  const text = ['a:', '  b: 1', '  list:', '    - x', '    - { y: 2 }', 'other: &o { z: 3 }', 'same: *o', ''].join('\n')
  const { source } = read(text)

  it('are those of the value, of the key, and of the nearest key above', () => {
    assert.equal(source.place(['a', 'b']), 'a.yaml:2:6')
    assert.equal(source.placeOfKey(['a', 'b']), 'a.yaml:2:3')
    assert.equal(source.place(['a', 'list', 1, 'y']), 'a.yaml:5:12')
    assert.equal(source.place(['a', 'missing']), 'a.yaml:1:1')
    assert.equal(source.place(['nothing']), 'a.yaml:1:1')
    assert.equal(source.place(['same', 'z']), 'a.yaml:6:16')
  })
})
