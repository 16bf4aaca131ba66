// Raw or nothing: against servers of four kinds, which know one name of the field, the other, both or none.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Activation } from '../../llm/engine-client.ts'
import { createRawValues, type RawValues } from '../../llm/raw-values.ts'
import { createFakeEngine } from './fake-engine.ts'

const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value))

/** Whether a server squeezes a reply to such a request. */
const servers: Readonly<Record<string, (activation: Activation) => boolean>> = {
  'knows use_activation': ({ name, on }) => name !== 'use_activation' || on,
  'knows activation alone': ({ name, on }) => name !== 'activation' || on,
  'takes any activation for on, and knows use_activation': ({ name, on }) => name === 'activation' || on,
  'knows neither': () => true,
}

function ask(
  raw: number,
  squeezes: (activation: Activation) => boolean,
): (activation: Activation) => Promise<{
  rows: number[][]
  flat: boolean
  tokens: number
}> {
  return (activation) =>
    Promise.resolve({ rows: [[squeezes(activation) ? sigmoid(raw) : raw]], flat: true, tokens: 20 })
}

const { client } = createFakeEngine(() => Promise.resolve(''))

test('a value is raw or doubted, never a sigmoid that passes for raw', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(servers)),
      fc.array(fc.double({ min: -20, max: 20, noNaN: true }), { minLength: 1, maxLength: 6 }),
      async (name, values) => {
        const rawValues = createRawValues()
        for (const raw of values) {
          const { pooled, doubted }: RawValues = await rawValues(client, ask(raw, servers[name]!))
          if (doubted) continue
          assert.notEqual(name, 'knows neither')
          assert.equal(pooled.rows[0]?.[0], raw)
        }
      },
    ),
  )
})

for (const [name, calls] of [
  ['knows use_activation', 2],
  ['knows activation alone', 3],
  ['takes any activation for on, and knows use_activation', 2],
] as const)
  test(`a server that ${name} is understood by one value between 0 and 1, and not asked twice again`, async () => {
    const rawValues = createRawValues()
    let asked = 0
    const count = (raw: number) => (activation: Activation) => {
      asked += 1
      return ask(raw, servers[name]!)(activation)
    }
    assert.deepEqual((await rawValues(client, count(0.1))).pooled.rows, [[0.1]])
    assert.equal(asked, calls)
    assert.deepEqual((await rawValues(client, count(0.2))).pooled.rows, [[0.2]])
    assert.equal(asked, calls + 1)
  })

test('near 0.66, where a value is its own sigmoid, no server is believed', async () => {
  for (const raw of [0.65, 0.659, 0.67])
    for (const [name, squeezes] of Object.entries(servers)) {
      const rawValues = createRawValues()
      assert.equal((await rawValues(client, ask(raw, squeezes))).doubted, true, `${name} ${raw}`)
      const { pooled, doubted } = await rawValues(client, ask(-2, squeezes))
      assert.ok(doubted ? name === 'knows neither' : pooled.rows[0]?.[0] === -2)
    }
})

test('a value outside 0 to 1 needs no second question; a server that squeezes always is doubted each time', async () => {
  let asked = 0
  const rawValues = createRawValues()
  const outside = await rawValues(client, (activation) => {
    asked += 1
    return ask(-3, servers['knows use_activation']!)(activation)
  })
  assert.deepEqual([outside.doubted, outside.pooled.rows, asked], [false, [[-3]], 1])
  const always = createRawValues()
  for (const raw of [-3, 0.5, 7])
    assert.equal((await always(client, ask(raw, servers['knows neither']!))).doubted, true, String(raw))
})
