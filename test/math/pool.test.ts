// The pool: verdicts through threads, a thread that is killed and replaced, the engine's opinion, an orderly end.

import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { Logger } from '../../schemas/logger.ts'
import { silentLogger } from '../../schemas/logger.ts'
import type { Comparison } from '../../math/contract.ts'
import { createMathPool } from '../../math/pool.ts'
import { endless } from './hostile.ts'

describe('math pool', () => {
  const pool = createMathPool({ workers: 2, timeoutMs: 60_000, log: silentLogger })
  after(() => pool.close())

  it('gives the verdicts of the checker', async () => {
    assert.deepEqual(await pool.compare('5', '5'), { verdict: 'equal', reason: 'identical' })
    assert.deepEqual(await pool.compare('1/2', '\\frac{2}{4}'), { verdict: 'equal', reason: 'exact' })
    assert.deepEqual(await pool.compare('$\\sqrt{8}$', '2\\sqrt2'), { verdict: 'equal', reason: 'exact' })
    assert.deepEqual(await pool.compare('5', ''), { verdict: 'unknown', reason: 'empty' })
    assert.equal((await pool.compare('(1,2)', '(2,1)')).verdict, 'different')
  })

  it('answers many at once, each its own', async () => {
    const values = Array.from({ length: 200 }, (_, index) => index)
    const verdicts = await Promise.all(
      values.map((value) => pool.compare(`x+${value}`, `${value % 2 === 0 ? value : value + 1}+x`)),
    )
    assert.deepEqual(
      verdicts.map(({ verdict }) => verdict),
      values.map((value) => (value % 2 === 0 ? 'equal' : 'different')),
    )
  })

  it('asks the engine about what our own grammar does not read', async () => {
    assert.deepEqual(await pool.compare('$\\int_0^1 x\\,dx$', '\\frac12'), { verdict: 'equal', reason: 'engine' })
    assert.deepEqual(await pool.compare('$\\int_0^1 x\\,dx$', '\\frac13'), { verdict: 'different', reason: 'engine' })
    // Words are not products of letters.
    assert.equal((await pool.compare('\\text{a very regular hexagon} + \\foo', '5')).verdict, 'unknown')
  })

  it('groups by meaning, the largest class first', async () => {
    const groups = await pool.group(['0.5', null, '3', '\\frac12', '1/2', 'three', '50\\%', null])
    assert.deepEqual(groups.classOf, [0, -1, 1, 0, 0, 1, 0, -1])
    assert.deepEqual(groups.classes, [
      { answer: '0.5', members: [0, 3, 4, 6] },
      { answer: '3', members: [2, 5] },
    ])
  })
})

describe('math pool against hostile answers', () => {
  it('kills the thread that passes its time, and goes on with a new one', async () => {
    const warned: unknown[] = []
    const log: Logger = { ...silentLogger, warn: (fields) => warned.push(fields['reason']) }
    const pool = createMathPool({ workers: 1, timeoutMs: 2_000, log })
    const [late, next] = await Promise.all([pool.compare(...endless), pool.compare('$\\sqrt{8}$', '2\\sqrt2')])
    await pool.close()
    assert.deepEqual(late, { verdict: 'unknown', reason: 'timed-out' })
    assert.deepEqual(next, { verdict: 'equal', reason: 'exact' })
    assert.deepEqual(warned, ['timed-out'])
  })

  it('gives what lay ready in a killed thread to the next one', async () => {
    const pool = createMathPool({ workers: 1, timeoutMs: 2_000, log: silentLogger })
    const values = Array.from({ length: 100 }, (_, index) => index)
    const asked = values.map((value) =>
      value === 40 ? pool.compare(...endless) : pool.compare(`x+${value}`, `${value}+x`),
    )
    const reasons = (await Promise.all(asked)).map(({ reason }) => reason)
    await pool.close()
    assert.deepEqual([...new Set(reasons.toSpliced(40, 1))], ['exact'])
    assert.equal(reasons[40], 'timed-out')
  })

  it('answers elsewhere what lies behind a long one, blames no other for it, and goes on with both threads', async () => {
    const pool = createMathPool({ workers: 2, timeoutMs: 2_000, log: silentLogger })
    const ask = (from: number): Promise<Comparison>[] =>
      Array.from({ length: 60 }, (_, index) => pool.compare(`x+${from + index}`, `${from + index}+x`))
    const hang = pool.compare(...endless)
    const first = await Promise.all(ask(0))
    const second = await Promise.all([...ask(100), pool.compare(...endless), ...ask(200)])
    assert.equal((await hang).reason, 'timed-out')
    await pool.close()
    assert.deepEqual(new Set(first.map(({ reason }) => reason)), new Set(['exact']))
    assert.deepEqual(
      second.filter(({ reason }) => reason !== 'exact').map(({ reason }) => reason),
      ['timed-out'],
    )
  })

  it('gives verdicts in order where one waits for the engine to be loaded', async () => {
    const pool = createMathPool({ workers: 1, timeoutMs: 60_000, log: silentLogger })
    const verdicts = await Promise.all([
      pool.compare('$\\int_0^1 x\\,dx$', '\\frac12'),
      ...Array.from({ length: 50 }, (_, index) => pool.compare(`x+${index}`, `${index + 1}+x`)),
      pool.compare('$\\int_0^1 x\\,dx$', '\\frac13'),
    ])
    await pool.close()
    const names = verdicts.map(({ verdict }) => verdict)
    assert.deepEqual(names, ['equal', ...Array<string>(50).fill('different'), 'different'])
  })

  it('survives towers, long texts and nesting without a hang', async () => {
    const pool = createMathPool({ workers: 1, timeoutMs: 5_000, log: silentLogger })
    const hostile = [
      '2^{3^{4^{5^{6^{7}}}}}',
      '((((9!)!)!)!)',
      '9'.repeat(100_000),
      '\\boxed{'.repeat(10_000),
      '('.repeat(50_000),
      '\\frac{1}{'.repeat(60),
      '(a+b+c+d+e+f+g+h)^{40}',
      '\\sum_{k=1}^{2000}\\sum_{j=1}^{2000}\\sum_{l=1}^{2000}\\sin(klj)',
      '$'.repeat(100_000),
      '\u{1F600}'.repeat(10_000),
      '\0'.repeat(1_000),
      'word '.repeat(20_000),
    ]
    for (const text of hostile) {
      const { verdict } = await pool.compare(text, '5')
      assert.notEqual(verdict, 'equal', text.slice(0, 40))
    }
    assert.deepEqual(await pool.compare('$x+1$', '1+x'), { verdict: 'equal', reason: 'exact' })
    await pool.close()
  })

  it('answers unknown after its end, and ends at once while it works', async () => {
    const pool = createMathPool({ workers: 1, timeoutMs: 60_000, log: silentLogger })
    const pending = [pool.compare(...endless), pool.compare('$x$', '$y$')]
    await pool.close()
    assert.deepEqual(await Promise.all(pending), [
      { verdict: 'unknown', reason: 'closed' },
      { verdict: 'unknown', reason: 'closed' },
    ])
    assert.deepEqual(await pool.compare('$x$', '$y$'), { verdict: 'unknown', reason: 'closed' })
  })
})
