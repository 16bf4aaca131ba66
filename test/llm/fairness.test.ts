// Who goes first when there is more work than slots: the stage's rank, then age; long and short work wait alike, and new
// problems get what the stages behind them leave over. Time is faked.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { pause } from '../../llm/clock.ts'
import { EngineFailure } from '../../llm/engine-failure.ts'
import type { Lane } from '../../llm/lane.ts'
import { createFakeClock, type FakeClock, settle } from './fake-clock.ts'
import { createFakeCluster, createFakeEngine, type FakeCluster } from './fake-engine.ts'

const PROBLEMS = 4
const SAMPLES = 1
const REWARDS = 0

interface Work {
  readonly rank: number
  readonly milliseconds: number
  readonly sequences?: number
  /** Tries that fail before the one that succeeds. */
  readonly failures?: number
}

/** One engine of so many slots, and calls that take as long as they are told. */
function engineOf(slots: number): {
  clock: FakeClock
  cluster: FakeCluster
  lane: Lane
  /** Resolves when the call is answered; `started` is told of every try. */
  ask: (work: Work, started?: (at: number) => void) => Promise<void>
} {
  const clock = createFakeClock()
  const engine = createFakeEngine(() => Promise.resolve(''))
  const cluster = createFakeCluster([{ engine, limit: slots }], clock)
  const lane = cluster.lane('sampler')
  const signal = new AbortController().signal
  return {
    ...{ clock, cluster, lane },
    ask: async ({ rank, milliseconds, sequences = 1, failures = 0 }, started = () => undefined) => {
      let tries = 0
      await cluster.attempts.run({
        ...{ lane, rank, sequences, signal, timeoutMs: 3_600_000, onRetry: () => undefined },
        call: async (_client, callSignal) => {
          started(clock.now())
          tries += 1
          await pause(clock, milliseconds, callSignal)
          if (tries <= failures) throw new EngineFailure('doubtful', 'engine-lost', 'broke off')
        },
      })
    },
  }
}

/** Asks again and again with so many calls at once until the time is over; returns how long each call waited. */
async function demand(
  { clock, ask }: Pick<ReturnType<typeof engineOf>, 'clock' | 'ask'>,
  { work, atOnce, until }: { work: Work; atOnce: number; until: number },
): Promise<number[]> {
  const waits: number[] = []
  const worker = async (): Promise<void> => {
    while (clock.now() < until) {
      const asked = clock.now()
      await ask(work, (at) => waits.push(at - asked))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return waits
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

describe('more work than slots', () => {
  test('every slot that falls free goes to the lowest rank that waits, and there to the oldest call', async () => {
    const call = fc.record({
      rank: fc.nat(PROBLEMS),
      milliseconds: fc.integer({ min: 1, max: 50 }),
      failures: fc.nat(2),
      after: fc.nat(60),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(call, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 4 }),
        async (calls, slots) => {
          const { clock, cluster, ask } = engineOf(slots)
          const waiting = new Map<number, { rank: number; age: number }>()
          let asked = 0
          const all = calls.map(async ({ after, ...work }, index) => {
            await new Promise<void>((resolve) => clock.after(after, resolve))
            const age = (asked += 1)
            waiting.set(index, { rank: work.rank, age })
            let tries = 0
            await ask(work, () => {
              const better = [...waiting].filter(
                ([other, entry]) =>
                  other !== index && (entry.rank < work.rank || (entry.rank === work.rank && entry.age < age)),
              )
              assert.deepEqual(better, [], 'a call went before one of a lower rank or of more age')
              waiting.delete(index)
              tries += 1
            })
            assert.equal(tries, work.failures + 1)
          })
          await clock.runUntil(Promise.all(all))
          assert.equal(cluster.pool.waiting(), 0)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('a call that is tried again keeps its age: after its pause it goes before the younger ones', async () => {
    const { clock, ask } = engineOf(1)
    const order: string[] = []
    const named = (name: string, failures = 0): Promise<void> =>
      ask({ rank: SAMPLES, milliseconds: 1_000, failures }, () => order.push(name))
    await clock.runUntil(Promise.all([named('old', 1), named('young'), named('younger')]))
    assert.deepEqual(order, ['old', 'young', 'old', 'younger'])
  })

  test('short and long calls of one rank wait alike', async () => {
    const engine = engineOf(8)
    const until = engine.clock.now() + 3_600_000
    const [short, long] = await engine.clock.runUntil(
      Promise.all([
        demand(engine, { work: { rank: SAMPLES, milliseconds: 1_000 }, atOnce: 20, until }),
        demand(engine, { work: { rank: SAMPLES, milliseconds: 60_000 }, atOnce: 20, until }),
      ]),
    )
    assert.ok(short.length > 100 && long.length > 100, `${short.length} short and ${long.length} long calls in an hour`)
    const ratio = mean(short) / mean(long)
    assert.ok(ratio > 0.5 && ratio < 2, `short ones waited ${ratio} times as long as long ones`)
    assert.ok(Math.max(...short) < 3 * mean(short), 'and none much longer than the others')
    assert.ok(Math.max(...long) < 3 * mean(long))
  })

  test('calls of many sequences and calls of one do not keep each other out', async () => {
    const engine = engineOf(8)
    const until = engine.clock.now() + 600_000
    const [many, one] = await engine.clock.runUntil(
      Promise.all([
        demand(engine, { work: { rank: SAMPLES, milliseconds: 1_000, sequences: 6 }, atOnce: 6, until }),
        demand(engine, { work: { rank: SAMPLES, milliseconds: 700 }, atOnce: 20, until }),
      ]),
    )
    assert.ok(many.length > 100 && one.length > 100, `${many.length} large and ${one.length} small calls`)
    const ratio = mean(many) / mean(one)
    assert.ok(ratio > 0.5 && ratio < 2, `large ones waited ${ratio} times as long as small ones`)
  })
})

describe('the producer', () => {
  const problem: Work = { rank: PROBLEMS, milliseconds: 1_000 }

  test('gets the slots that the stages leave over, and keeps none of theirs', async () => {
    const engine = engineOf(10)
    const { clock, cluster, ask } = engine
    const until = clock.now() + 600_000
    const problems = demand(engine, { work: problem, atOnce: 30, until })
    // Rewards and samples come one after the other: six slots' worth.
    const waits: Record<number, number[]> = { [REWARDS]: [], [SAMPLES]: [] }
    const busy: number[] = []
    const stages: Promise<void>[] = []
    for (let tick = 0; tick < 3000; tick += 1) {
      for (const rank of [REWARDS, SAMPLES]) {
        const asked = clock.now()
        // 600 ms of work every 200 ms.
        stages.push(ask({ rank, milliseconds: 600 }, (at) => waits[rank]!.push(at - asked)))
      }
      await clock.advance(200)
      busy.push(cluster.endpoints[0]!.inFlight)
    }
    await clock.runUntil(Promise.all(stages))
    const made = (await clock.runUntil(problems)).length
    assert.ok(
      busy.slice(10).every((inFlight) => inFlight === 10),
      'no slot is left idle',
    )
    assert.ok(made > 0.9 * 4 * 600 && made < 1.1 * 4 * 600, `${made} problems of the 2,400 that four slots make`)
    for (const rank of [REWARDS, SAMPLES])
      assert.ok(Math.max(...waits[rank]!) <= problem.milliseconds, 'a stage waits for one slot at most')
  })

  test('stands still while the stages can fill every slot, and goes on when they cannot', async () => {
    const engine = engineOf(4)
    const { clock } = engine
    const start = clock.now()
    const busyUntil = start + 60_000
    const samples = demand(engine, { work: { rank: SAMPLES, milliseconds: 1_000 }, atOnce: 8, until: busyUntil })
    await settle()
    const starts: number[] = []
    const worker = async (): Promise<void> => {
      while (clock.now() < busyUntil + 60_000) await engine.ask(problem, (at) => starts.push(at))
    }
    const problems = Promise.all(Array.from({ length: 8 }, worker))
    await clock.runUntil(samples)
    assert.ok(
      starts.every((at) => at >= busyUntil),
      'no problem was begun while samples waited',
    )
    await clock.runUntil(problems)
    assert.ok(starts.length >= 4 * 60, `${starts.length} problems in a minute of four slots`)
  })
})
