// A call until it has an answer: what is tried again, where, and when it is given up. Time is faked.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EngineFailure } from '../../llm/engine-failure.ts'
import { Failure } from '../../schemas/failure.ts'
import type { Logger } from '../../schemas/logger.ts'
import { createFakeClock, settle } from './fake-clock.ts'
import { createFakeCluster, createFakeEngine, untilAborted } from './fake-engine.ts'

const doubtful = (code = 'http-500'): EngineFailure => new EngineFailure('doubtful', code, code)
const refused = (): EngineFailure => new EngineFailure('unreachable', 'unreachable', 'ECONNREFUSED')

/** Fails with these in turn, then answers. */
function failing(...failures: Error[]): () => Promise<string> {
  return () => {
    const failure = failures.shift()
    return failure === undefined ? Promise.resolve('answer') : Promise.reject(failure)
  }
}

function collectingLog(): { log: Logger; lines: string[] } {
  const lines: string[] = []
  const at =
    (level: string) =>
    (_fields: Record<string, unknown>, message: string): void => {
      if (level !== 'debug') lines.push(`${level}: ${message}`)
    }
  const log: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => log }
  return { log, lines }
}

test('a transient failure is tried again after a pause', async () => {
  const clock = createFakeClock()
  const engine = createFakeEngine(failing(doubtful(), doubtful('unreadable-reply')))
  const cluster = createFakeCluster([{ engine, limit: 4 }], clock)
  const started = clock.now()
  const answer = await clock.runUntil(cluster.ask(cluster.lane('sampler')))
  assert.equal(answer, 'answer after 3 by http://engine-0')
  assert.equal(clock.now() - started, 250 + 500, 'half of 500 ms, then half of 1,000 ms (chance is 0 here)')
})

test('a call that is held leaves its place to others, and is not sent until it may go', async () => {
  const clock = createFakeClock()
  const order: string[] = []
  const engine = createFakeEngine(() => Promise.resolve('answer'))
  const cluster = createFakeCluster([{ engine, limit: 1 }], clock)
  const lane = cluster.lane('sampler')
  let news: PromiseWithResolvers<undefined> | null = Promise.withResolvers()
  const held = () => news?.promise ?? null
  const ask = (name: string, more: object): Promise<number> => cluster.ask(lane, more).then(() => order.push(name))
  const waiting = [ask('held', { rank: 0, hold: held }), ask('held too', { rank: 0, hold: held })]
  await ask('free', { rank: 4 })
  await settle()
  assert.deepEqual([order, engine.calls, cluster.endpoints[0]?.inFlight], [['free'], 1, 0])
  const before = news
  news = Promise.withResolvers()
  before.resolve(undefined)
  await settle()
  assert.equal(engine.calls, 1, 'held again')
  const last = news
  news = null
  last.resolve(undefined)
  await Promise.all(waiting)
  assert.deepEqual([order, engine.calls], [['free', 'held', 'held too'], 3])
})

test('a held call of many choices keeps no room free for itself', async () => {
  const clock = createFakeClock()
  const engine = createFakeEngine(untilAborted)
  const cluster = createFakeCluster([{ engine, limit: 8 }], clock)
  const lane = cluster.lane('sampler')
  const end = new AbortController()
  const never = new Promise<void>(() => undefined)
  const calls = [cluster.ask(lane, { sequences: 8, signal: end.signal, hold: () => never })]
  for (let count = 0; count < 8; count += 1) calls.push(cluster.ask(lane, { rank: 4, signal: end.signal }))
  await settle()
  assert.equal(cluster.endpoints[0]?.inFlight, 8)
  end.abort(new Error('over'))
  for (const { status } of await Promise.allSettled(calls)) assert.equal(status, 'rejected')
})

test('a call that is held ends with its signal', async () => {
  const clock = createFakeClock()
  const engine = createFakeEngine(() => Promise.resolve('answer'))
  const cluster = createFakeCluster([{ engine, limit: 1 }], clock)
  const lost = new AbortController()
  const never = new Promise<void>(() => undefined)
  const asked = cluster.ask(cluster.lane('sampler'), { signal: lost.signal, hold: () => never })
  await settle()
  lost.abort(new Error('lost'))
  await assert.rejects(asked, /lost/)
  assert.deepEqual([engine.calls, cluster.endpoints[0]?.inFlight], [0, 0])
})

test('a permanent failure is not tried again', async () => {
  const clock = createFakeClock()
  const engine = createFakeEngine(failing(new EngineFailure('none', 'context-length', 'too long')))
  const cluster = createFakeCluster([{ engine, limit: 4 }], clock)
  await assert.rejects(
    cluster.ask(cluster.lane('sampler')),
    (error: unknown) => error instanceof Failure && error.retry === 'permanent' && error.code === 'context-length',
  )
  assert.equal(engine.calls, 1)
  assert.equal(cluster.endpoints[0]?.inFlight, 0)
})

test('a call that a healthy engine fails again and again is given up with the last cause', async () => {
  const clock = createFakeClock()
  const engine = createFakeEngine(() => Promise.reject(doubtful('unfinished-choice')))
  const cluster = createFakeCluster([{ engine, limit: 4 }], clock)
  await assert.rejects(clock.runUntil(cluster.ask(cluster.lane('sampler'))), (error: unknown) => {
    assert.ok(error instanceof Failure)
    assert.equal(error.retry, 'permanent')
    assert.equal(error.code, 'unfinished-choice')
    assert.match(error.message, /given up after 8 tries/)
    return true
  })
  assert.equal(engine.calls, 8)
})

test('a connection that is refused moves the call at once, and the dead engine is told of once down and once back', async () => {
  const clock = createFakeClock()
  const { log, lines } = collectingLog()
  const dead = createFakeEngine(() => Promise.reject(refused()))
  dead.health = 'ECONNREFUSED'
  const alive = createFakeEngine(() => Promise.resolve('answer'))
  const cluster = createFakeCluster(
    [
      { engine: dead, limit: 100 },
      { engine: alive, limit: 1 },
    ],
    clock,
    log,
  )
  const lane = cluster.lane('sampler')
  const started = clock.now()
  assert.deepEqual(await Promise.all([cluster.ask(lane), cluster.ask(lane), cluster.ask(lane)]), [
    'answer after 2 by http://engine-1',
    'answer after 2 by http://engine-1',
    'answer after 2 by http://engine-1',
  ])
  assert.equal(clock.now(), started, 'no pause')
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /^warn: model server does not answer/)
  await clock.advance(60_000)
  const probesWhileDown = dead.probes
  assert.ok(probesWhileDown >= 4 && probesWhileDown < 30, `${probesWhileDown} probes in a minute`)
  dead.health = null
  dead.act = () => Promise.resolve('again')
  await clock.advance(15_000)
  assert.deepEqual(lines.slice(1), ['info: model server is back'])
  assert.equal(await cluster.ask(lane), 'again after 1 by http://engine-0')
  await clock.advance(60_000)
  assert.equal(clock.pending(), 0, 'a healthy idle engine is left alone')
})

test('with every server down a call waits for hours and then is answered', async () => {
  const clock = createFakeClock()
  const engine = createFakeEngine(() => Promise.reject(refused()))
  engine.health = 'ECONNREFUSED'
  const cluster = createFakeCluster([{ engine, limit: 2 }], clock)
  let answered: string | null = null
  const asking = cluster.ask(cluster.lane('answerer')).then((text) => (answered = text))
  await clock.advance(5 * 3_600_000)
  assert.equal(answered, null)
  assert.equal(engine.calls, 1, 'calls are not spent on a dead server')
  assert.equal(cluster.pool.waiting(), 1)
  engine.health = null
  engine.act = () => Promise.resolve('late')
  await clock.advance(15_000)
  await asking
  assert.equal(answered, 'late after 2 by http://engine-0')
})

test('a wrong key or model keeps calls waiting, tries now and then with one call, and says so once', async () => {
  const clock = createFakeClock()
  const { log, lines } = collectingLog()
  const engine = createFakeEngine(() => Promise.reject(new EngineFailure('refusing', 'unauthorized', '401: no')))
  const cluster = createFakeCluster([{ engine, limit: 64 }], clock, log)
  const sampler = cluster.lane('sampler')
  const asking = Promise.all(Array.from({ length: 20 }, () => cluster.ask(sampler)))
  await clock.advance(600_000)
  assert.ok(engine.calls >= 20 + 5 && engine.calls < 20 + 40, `${engine.calls} calls in ten minutes`)
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /^error: model server refuses this role/)
  engine.act = () => Promise.resolve('welcome')
  await clock.advance(61_000)
  assert.equal((await asking).length, 20)
  assert.deepEqual(lines.slice(1), ['info: model server accepts this role again'])
})

test('an engine that refuses one role serves another', async () => {
  const clock = createFakeClock()
  const engine = createFakeEngine(() => Promise.reject(new EngineFailure('refusing', 'model-not-found', '404')))
  const cluster = createFakeCluster([{ engine, limit: 4 }], clock)
  const stop = new AbortController()
  const refusedCall = cluster.ask(cluster.lane('judge'), { signal: stop.signal })
  await settle()
  engine.act = () => Promise.resolve('fine')
  assert.equal(await cluster.ask(cluster.lane('sampler')), 'fine after 1 by http://engine-0')
  stop.abort(new Error('enough'))
  await assert.rejects(refusedCall, /enough/)
})

test('Retry-After rests the whole engine for as long as it says', async () => {
  const clock = createFakeClock()
  const engine = createFakeEngine(
    failing(new EngineFailure('busy', 'too-many-requests', '429', { retryAfterMs: 7_000 })),
  )
  const cluster = createFakeCluster([{ engine, limit: 1 }], clock)
  const lane = cluster.lane('sampler')
  const started = clock.now()
  const both = Promise.all([cluster.ask(lane), cluster.ask(lane)])
  await clock.advance(6_999)
  assert.equal(engine.calls, 1)
  await clock.advance(1)
  assert.deepEqual(await both, ['answer after 2 by http://engine-0', 'answer after 1 by http://engine-0'])
  assert.equal(clock.now() - started, 7_000)
})

test('a stray refusal among many answers makes its call wait, not the engine, and leaves the limit', async () => {
  const clock = createFakeClock()
  const engine = createFakeEngine(() => Promise.resolve('answer'))
  const cluster = createFakeCluster([{ engine, limit: 16, adaptive: true }], clock)
  const lane = cluster.lane('sampler')
  for (let call = 0; call < 100; call += 1) await cluster.ask(lane)
  engine.act = failing(new EngineFailure('busy', 'too-many-requests', '429', { retryAfterMs: 7_000 }))
  const started = clock.now()
  const refusedCall = cluster.ask(lane)
  await settle()
  assert.equal(await cluster.ask(lane), 'answer after 1 by http://engine-0', 'others go on')
  assert.equal(cluster.endpoints[0]?.limit.current(), 16)
  assert.equal(await clock.runUntil(refusedCall), 'answer after 2 by http://engine-0')
  assert.equal(clock.now() - started, 7_000)
  engine.act = failing(...Array.from({ length: 3 }, () => new EngineFailure('busy', 'overloaded', '503')))
  await clock.runUntil(Promise.all([cluster.ask(lane), cluster.ask(lane), cluster.ask(lane)]))
  assert.ok(cluster.endpoints[0].limit.current() < 16, 'several in a row are no strays')
})

test('one URL over two replicas: counters of /metrics that jump back and forth give nothing up', async () => {
  const clock = createFakeClock()
  const engine = createFakeEngine(
    () =>
      new Promise((resolve) => {
        clock.after(4_000, () => {
          resolve('answer')
        })
      }),
  )
  const cluster = createFakeCluster([{ engine, limit: 4 }], clock)
  const asking = cluster.ask(cluster.lane('sampler'))
  for (let look = 0; look < 5; look += 1) {
    engine.metrics = `vllm:num_requests_running 1\nvllm:num_requests_waiting 0\nvllm:generation_tokens_total ${look % 2 === 0 ? 9_000 : 12}\n`
    await clock.advance(1_000)
  }
  assert.equal(await asking, 'answer after 1 by http://engine-0')
})

test('where the others are full a call goes back to where it failed, and holds up nobody', async () => {
  const clock = createFakeClock()
  const failsOnce = createFakeEngine(failing(doubtful()))
  const full = createFakeEngine(untilAborted)
  const cluster = createFakeCluster(
    [
      { engine: failsOnce, limit: 400 },
      { engine: full, limit: 1 },
    ],
    clock,
  )
  const [a, b] = cluster.endpoints
  const stop = new AbortController()
  const holding = cluster.ask(cluster.lane('judge', [{ endpoint: b!, weight: 1 }]), { signal: stop.signal })
  const lane = cluster.lane(
    'sampler',
    [a, b].map((endpoint) => ({ endpoint: endpoint!, weight: 1 })),
  )
  const first = cluster.ask(lane)
  const others = Array.from({ length: 50 }, () => cluster.ask(lane))
  assert.equal(await clock.runUntil(first), 'answer after 2 by http://engine-0')
  assert.deepEqual(new Set(await Promise.all(others)), new Set(['answer after 1 by http://engine-0']))
  stop.abort(new Error('enough'))
  await assert.rejects(holding, /enough/)
})

test('a request of more choices than the idle engine ever takes ends with a reason', async () => {
  const clock = createFakeClock()
  const engine = createFakeEngine(() => Promise.reject(new EngineFailure('busy', 'overloaded', '503: queue is full')))
  const cluster = createFakeCluster([{ engine, limit: 64 }], clock)
  await assert.rejects(clock.runUntil(cluster.ask(cluster.lane('questioner'), { sequences: 16 })), {
    retry: 'permanent',
    code: 'too-many-choices',
  })
})

test('an engine that was well behind a bad look at /health keeps its calls, long ones too', async () => {
  for (const health of ['502: Bad Gateway', 'EAI_AGAIN: getaddrinfo', 'ECONNREFUSED: connect']) {
    const clock = createFakeClock()
    let sent = 0
    const engine = createFakeEngine(() => {
      sent += 1
      return new Promise((resolve) => {
        clock.after(20_000 + sent * 1_000, () => {
          resolve('long')
        })
      })
    })
    const cluster = createFakeCluster([{ engine, limit: 16 }], clock)
    const asking = Promise.all(Array.from({ length: 16 }, () => cluster.ask(cluster.lane('sampler'))))
    await settle()
    engine.health = health
    await clock.advance(5_500)
    engine.health = null
    await clock.runUntil(asking)
    assert.equal(sent, 16, health)
  }
})

test('long answers behind our own queue, nothing told and nothing answered yet: not given up again and again', async () => {
  const clock = createFakeClock()
  const slots = 4
  const queue: (() => void)[] = []
  let running = 0
  const start = (work: () => void): void => {
    running += 1
    work()
  }
  const engine = createFakeEngine(
    (signal) =>
      new Promise((resolve, reject) => {
        let cancel: (() => void) | null = null
        const work = (): void => {
          cancel = clock.after(210_000, () => {
            resolve('long')
            leave()
          })
        }
        const leave = (): void => {
          running -= 1
          const next = queue.shift()
          if (next !== undefined) start(next)
        }
        signal.addEventListener('abort', () => {
          const at = queue.indexOf(work)
          if (at >= 0) queue.splice(at, 1)
          else if (cancel !== null) {
            cancel()
            leave()
          }
          reject(signal.reason as Error)
        })
        if (running < slots) start(work)
        else queue.push(work)
      }),
  )
  const cluster = createFakeCluster([{ engine, limit: 16 }], clock)
  const lane = cluster.lane('answerer')
  const asking = Promise.all(Array.from({ length: 16 }, () => cluster.ask(lane, { timeoutMs: 24 * 3_600_000 })))
  await clock.runUntil(asking)
  assert.ok(engine.calls < 16 * 4, `${engine.calls} calls for 16 answers`)
})

test('a single call that the engine does not know any more is tried again, one that it works on is not', async () => {
  for (const [running, calls] of [
    [0, 2],
    [1, 1],
  ] as const) {
    const clock = createFakeClock()
    const engine = createFakeEngine(() => Promise.resolve('answer'))
    engine.metrics = `vllm:num_requests_running ${running}\nvllm:num_requests_waiting 0\n`
    const cluster = createFakeCluster([{ engine, limit: 4 }], clock)
    const lane = cluster.lane('sampler')
    await cluster.ask(lane)
    lane.answered(cluster.endpoints[0]!, 1_000)
    engine.calls = 0
    let sent = 0
    engine.act = (signal) => {
      sent += 1
      return sent === 1 ? untilAborted(signal) : Promise.resolve('again')
    }
    const stop = new AbortController()
    const asking = cluster.ask(lane, { signal: stop.signal })
    asking.catch(() => undefined)
    // Answers to others go on, so the engine as a whole is well.
    for (let second = 0; second < 80; second += 1) {
      cluster.endpoints[0]!.liveness.answered(1_000)
      await clock.advance(1_000)
    }
    assert.equal(engine.calls, calls)
    stop.abort(new Error('enough'))
  }
})

test('busy answers never use up a call', async () => {
  const clock = createFakeClock()
  const engine = createFakeEngine(
    failing(...Array.from({ length: 50 }, () => new EngineFailure('busy', 'overloaded', '503'))),
  )
  const cluster = createFakeCluster([{ engine, limit: 1 }], clock)
  assert.equal(await clock.runUntil(cluster.ask(cluster.lane('sampler'))), 'answer after 51 by http://engine-0')
})

test('a call that hangs ends by its time-out and goes elsewhere', async () => {
  const clock = createFakeClock()
  const hung = createFakeEngine(untilAborted)
  const other = createFakeEngine(() => Promise.resolve('answer'))
  const cluster = createFakeCluster(
    [
      { engine: hung, limit: 100 },
      { engine: other, limit: 1 },
    ],
    clock,
  )
  const asking = cluster.ask(cluster.lane('sampler'), { timeoutMs: 60_000 })
  await clock.advance(59_999)
  assert.equal(other.calls, 0)
  assert.equal(await clock.runUntil(asking), 'answer after 2 by http://engine-1')
})

test('calls in flight at a server that closed its port without closing its connections are moved', async () => {
  const clock = createFakeClock()
  const dying = createFakeEngine(untilAborted)
  const other = createFakeEngine(() => Promise.resolve('answer'))
  const cluster = createFakeCluster(
    [
      { engine: dying, limit: 100 },
      { engine: other, limit: 1 },
    ],
    clock,
  )
  const asking = cluster.ask(cluster.lane('sampler'))
  await settle()
  dying.health = 'ECONNREFUSED'
  const started = clock.now()
  assert.equal(await clock.runUntil(asking), 'answer after 2 by http://engine-1')
  assert.ok(clock.now() - started <= 40_000, `${clock.now() - started} ms`)
})

test('an engine that accepts and answers nothing, /health well: found by its silence, moved, taken back by a small call', async () => {
  const clock = createFakeClock()
  const { log, lines } = collectingLog()
  const wedged = createFakeEngine(untilAborted)
  const other = createFakeEngine(() => Promise.resolve('answer'))
  const cluster = createFakeCluster(
    [
      { engine: wedged, limit: 100 },
      { engine: other, limit: 1 },
    ],
    clock,
    log,
  )
  const lane = cluster.lane('sampler')
  // It worked once, two seconds a call.
  for (let call = 0; call < 5; call += 1) cluster.endpoints[0]!.liveness.answered(2_000)
  const asking = Promise.all([cluster.ask(lane), cluster.ask(lane), cluster.ask(lane)])
  const started = clock.now()
  const moved = 'answer after 2 by http://engine-1'
  assert.deepEqual(await clock.runUntil(asking), [moved, moved, moved])
  assert.ok(clock.now() - started <= 60_000, `${clock.now() - started} ms, long before the time-out of an hour`)
  assert.match(lines[0] ?? '', /^warn: model server does not answer/)
  assert.match(cluster.endpoints[0]?.lastError ?? '', /nothing came from it for .* a small call did not answer/)
  await clock.advance(120_000)
  assert.deepEqual(lines.slice(1), [], '/health alone does not take it back')
  wedged.act = () => Promise.resolve('again')
  await clock.advance(60_000)
  assert.deepEqual(lines.slice(1), ['info: model server is back'])
})

test('silence of an engine that still answers a small call costs nothing', async () => {
  const clock = createFakeClock()
  const { log, lines } = collectingLog()
  let first = true
  const engine = createFakeEngine((signal) => {
    if (!first) return Promise.resolve('small')
    first = false
    return untilAborted(signal)
  })
  const cluster = createFakeCluster([{ engine, limit: 100 }], clock, log)
  cluster.endpoints[0]!.liveness.answered(1_000)
  const stop = new AbortController()
  const asking = cluster.ask(cluster.lane('sampler'), { signal: stop.signal })
  await clock.advance(600_000)
  assert.deepEqual(lines, [])
  assert.ok(engine.calls > 2, 'it was asked')
  stop.abort(new Error('enough'))
  await assert.rejects(asking, /enough/)
})

test('a busy engine that answers /health late twice is not called dead', async () => {
  const clock = createFakeClock()
  const { log, lines } = collectingLog()
  const engine = createFakeEngine(untilAborted)
  const cluster = createFakeCluster([{ engine, limit: 4 }], clock, log)
  const stop = new AbortController()
  const asking = cluster.ask(cluster.lane('sampler'), { signal: stop.signal })
  engine.health = 'hang'
  await clock.advance(21_000)
  engine.health = null
  await clock.advance(120_000)
  assert.deepEqual(lines, [])
  engine.health = 'hang'
  await clock.advance(31_000)
  assert.equal(lines.length, 1)
  stop.abort(new Error('enough'))
  await assert.rejects(asking, /enough/)
})

test('an abort while pausing, waiting and calling rejects with its reason and frees the place', async () => {
  const clock = createFakeClock()
  const engine = createFakeEngine(untilAborted)
  const cluster = createFakeCluster([{ engine, limit: 1 }], clock)
  const lane = cluster.lane('sampler')
  const reason = new Error('shutting down')
  const stop = new AbortController()
  const calling = cluster.ask(lane, { signal: stop.signal })
  const waiting = cluster.ask(lane, { signal: stop.signal })
  await settle()
  assert.equal(engine.calls, 1)
  stop.abort(reason)
  for (const call of [calling, waiting]) await assert.rejects(call, (error) => error === reason)
  assert.equal(cluster.endpoints[0]?.inFlight, 0)
  assert.equal(cluster.pool.waiting(), 0)

  engine.act = () => Promise.reject(doubtful())
  const stopPause = new AbortController()
  const pausing = cluster.ask(lane, { signal: stopPause.signal })
  await settle()
  stopPause.abort(reason)
  await assert.rejects(pausing, (error) => error === reason)
})

test('an error that is not an engine failure is a bug and is thrown as it is', async () => {
  const clock = createFakeClock()
  const bug = new TypeError('undefined is not a function')
  const engine = createFakeEngine(() => Promise.reject(bug))
  const cluster = createFakeCluster([{ engine, limit: 1 }], clock)
  await assert.rejects(cluster.ask(cluster.lane('sampler')), (error) => error === bug)
  assert.equal(cluster.endpoints[0]?.inFlight, 0)
})

test('a server that was away for less than its grace: its silent calls are given up, the new ones are not', async () => {
  const clock = createFakeClock()
  const engine = createFakeEngine(untilAborted)
  const cluster = createFakeCluster([{ engine, limit: 4 }], clock)
  const lane = cluster.lane('sampler')
  const old = cluster.ask(lane)
  await settle()
  engine.health = 'ECONNREFUSED'
  await clock.advance(5_000)
  assert.notEqual(cluster.endpoints[0]?.health.downSince(), null)
  engine.health = null
  await clock.advance(4_000)
  assert.equal(cluster.endpoints[0]?.health.downSince(), null, 'back within the grace of 10 s')
  let finish: (text: string) => void = () => undefined
  engine.act = () => new Promise((resolve) => (finish = resolve))
  const fresh = cluster.ask(lane)
  await settle()
  const finishFresh = finish
  engine.act = () => Promise.resolve('from the new process')
  assert.equal(await clock.runUntil(old), 'from the new process after 2 by http://engine-0')
  finishFresh('undisturbed')
  assert.equal(await fresh, 'undisturbed after 1 by http://engine-0')
})

test('a server that was only slow to say that it lives keeps its calls', async () => {
  const clock = createFakeClock()
  let finish: (text: string) => void = () => undefined
  const engine = createFakeEngine(() => new Promise((resolve) => (finish = resolve)))
  const cluster = createFakeCluster([{ engine, limit: 4 }], clock)
  const answer = cluster.ask(cluster.lane('sampler'))
  await settle()
  engine.health = 'hang'
  while (cluster.endpoints[0]?.health.downSince() === null) await clock.advance(1_000)
  engine.health = null
  await clock.advance(20_000)
  assert.equal(cluster.endpoints[0]?.health.downSince(), null)
  finish('late')
  assert.equal(await answer, 'late after 1 by http://engine-0')
})
