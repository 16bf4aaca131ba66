// Which call goes where and when: limits, ranks, weights, large calls, shared endpoints.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createFakeClock, settle } from './fake-clock.ts'
import { createFakeCluster, createFakeEngine, type FakeEngine } from './fake-engine.ts'

/** An engine whose calls end when the test says so, oldest first. */
function manual(): { engine: FakeEngine; finish: () => Promise<void>; open: () => number } {
  const open: ((text: string) => void)[] = []
  const engine = createFakeEngine(
    () =>
      new Promise((resolve) => {
        open.push(resolve)
      }),
  )
  return {
    engine,
    open: () => open.length,
    finish: async () => {
      open.shift()?.('done')
      await settle()
    },
  }
}

test('finish before starting: lower ranks go first, then the older call, over roles that share an endpoint', async () => {
  const { engine, finish } = manual()
  const cluster = createFakeCluster([{ engine, limit: 1 }], createFakeClock())
  const questioner = cluster.lane('questioner')
  const sampler = cluster.lane('sampler')
  const order: string[] = []
  const ask = (name: string, rank: number): Promise<unknown> =>
    cluster.ask(rank === 4 ? questioner : sampler, { rank }).then(() => order.push(name))
  const all = [
    ask('first', 4),
    ask('problem a', 4),
    ask('problem b', 4),
    ask('sample a', 1),
    ask('sample b', 1),
    ask('reward', 0),
  ]
  await settle()
  for (let turn = 0; turn < all.length; turn += 1) await finish()
  await Promise.all(all)
  assert.deepEqual(order, ['first', 'reward', 'sample a', 'sample b', 'problem a', 'problem b'])
})

test('sequences never pass the limit, every call ends, and a call above the limit runs alone', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ n: fc.integer({ min: 1, max: 12 }), rank: fc.nat(4) }), { minLength: 1, maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 3 }),
      async (calls, limits) => {
        const engines = limits.map((limit) => ({ ...manual(), limit }))
        const cluster = createFakeCluster(engines, createFakeClock())
        const lane = cluster.lane('sampler')
        let done = 0
        const all = calls.map(({ n, rank }) => cluster.ask(lane, { sequences: n, rank }).then(() => (done += 1)))
        await settle()
        for (let turn = 0; done < calls.length; turn += 1) {
          assert.ok(turn < 1000, 'a call never starts')
          for (const [index, { inFlight }] of cluster.endpoints.entries()) {
            const { open, limit } = engines[index]!
            assert.ok(inFlight <= limit || open() === 1, `${inFlight} in flight over ${limit} in ${open()} calls`)
          }
          await engines[turn % engines.length]!.finish()
        }
        await Promise.all(all)
        assert.deepEqual(
          cluster.endpoints.map(({ inFlight }) => inFlight),
          limits.map(() => 0),
        )
        assert.equal(cluster.pool.waiting(), 0)
      },
    ),
    { numRuns: 60 },
  )
})

test('a large call is not starved by small ones of a lower rank that keep coming', async () => {
  const { engine, finish } = manual()
  const cluster = createFakeCluster([{ engine, limit: 4 }], createFakeClock())
  const samples = cluster.lane('sampler')
  const problems = cluster.lane('questioner')
  const small = (): Promise<unknown> => cluster.ask(problems, { rank: 4 })
  const calls = [small(), small(), small(), small()]
  let started = false
  const large = cluster.ask(samples, { rank: 1, sequences: 4 }).then(() => (started = true))
  await settle()
  for (let turn = 0; turn < 4; turn += 1) {
    calls.push(small())
    await finish()
  }
  assert.equal(engine.calls, 5, 'the fifth call is the large one, no newer small one came before it')
  await finish()
  await large
  assert.equal(started, true)
  for (let turn = 0; turn < 4; turn += 1) await finish()
  await Promise.all(calls)
})

test('work is shared by limit and weight', async () => {
  const engines = [1, 2, 3].map(() => manual())
  const cluster = createFakeCluster(
    engines.map(({ engine }, index) => ({ engine, limit: [10, 20, 20][index]! })),
    createFakeClock(),
  )
  const lane = cluster.lane(
    'sampler',
    cluster.endpoints.map((endpoint, index) => ({ endpoint, weight: [1, 1, 0.5][index]! })),
  )
  const stop = new AbortController()
  const calls = Array.from({ length: 20 }, () => cluster.ask(lane, { signal: stop.signal }))
  await settle()
  assert.deepEqual(
    engines.map(({ engine }) => engine.calls),
    [5, 10, 5],
  )
  stop.abort(new Error('enough'))
  for (const { finish } of engines) for (let turn = 0; turn < 10; turn += 1) await finish()
  await Promise.allSettled(calls)
})

test('a role goes on at its other endpoint while a better call waits for a shared one', async () => {
  const shared = manual()
  const own = manual()
  const cluster = createFakeCluster(
    [
      { engine: shared.engine, limit: 4 },
      { engine: own.engine, limit: 4 },
    ],
    createFakeClock(),
  )
  const [first, second] = cluster.endpoints
  const narrow = cluster.lane('sampler', [{ endpoint: first!, weight: 1 }])
  const wide = cluster.lane('questioner', [
    { endpoint: first!, weight: 1 },
    { endpoint: second!, weight: 1 },
  ])
  const calls = [cluster.ask(narrow, { rank: 1, sequences: 2 }), cluster.ask(narrow, { rank: 1, sequences: 4 })]
  await settle()
  calls.push(cluster.ask(wide, { rank: 4 }), cluster.ask(wide, { rank: 4 }))
  await settle()
  assert.equal(shared.engine.calls, 1)
  assert.equal(own.engine.calls, 2)
  for (let turn = 0; turn < 3; turn += 1) {
    await shared.finish()
    await own.finish()
  }
  await Promise.all(calls)
})
