// Faults of single calls: how they are drawn, and what a client sees of each kind, over real HTTP.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createMischief, FAULT_KINDS } from '../../../local/engine/front-mischief.ts'
import type { FaultKind } from '../../../local/engine/front-mischief.ts'
import type { Front } from '../../../local/engine/front.ts'
import { post, start, until } from './at-work.ts'

const KINDS = Object.keys(FAULT_KINDS) as FaultKind[]
const BODY = { prompt: '<|im_start|>user\n', seed: 1, max_tokens: 400 }
const MESSAGES = [
  { role: 'user', content: 'Solve for x: $17x + 205 = 1055$.' },
  { role: 'assistant', content: 'It is $\\boxed{50}$.' },
]

/** A front all of whose calls meet this fault. */
function faulty(kind: FaultKind): Promise<Front> {
  return start({ trouble: { faults: { rates: { [kind]: 1 }, retryAfterSeconds: 7 } } })
}

interface Seen {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The code of the error that the body ended in. */
  readonly broken: string | null
}

/** One call as a client sees it. Rejects when there is no reply at all. */
async function see(front: Front, path: string, body: unknown, signal?: AbortSignal): Promise<Seen> {
  const response = await fetch(front.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  })
  const { status, headers } = response
  let text = ''
  try {
    const decoder = new TextDecoder()
    for await (const chunk of response.body!) text += decoder.decode(chunk as Uint8Array, { stream: true })
  } catch (error) {
    return { status, headers, text, broken: codeOf(error) }
  }
  return { status, headers, text, broken: null }
}

function codeOf(error: unknown): string {
  return (error as { cause?: { code?: string } }).cause?.code ?? String(error)
}

interface Choice {
  readonly text: string
  readonly finish_reason: string | null
}

interface Reply {
  readonly choices: readonly Choice[]
  readonly usage: { readonly completion_tokens: number }
}

function choicesOf(text: string): Choice[] {
  const events = text.split('\n\n').filter((event) => event.startsWith('data: {'))
  return events.flatMap((event) => [...(JSON.parse(event.slice(6)) as Reply).choices])
}

describe('the draw', () => {
  it('gives each kind its share, the same again for the same seed, and others for another', () => {
    const share = fc.double({ min: 0, max: 1 / KINDS.length, noNaN: true })
    fc.assert(
      fc.property(fc.tuple(...KINDS.map(() => share)), fc.nat(), (shares, seed) => {
        const rates = Object.fromEntries(KINDS.map((kind, index) => [kind, shares[index]!]))
        const [one, again, other] = [seed, seed, seed + 1].map((each) => createMischief({ rates, seed: each }))
        const drawn = Array.from({ length: 3000 }, () => one!.next(true))
        assert.deepEqual(
          Array.from({ length: 3000 }, () => again!.next(true)),
          drawn,
        )
        for (const kind of KINDS) {
          const count = drawn.filter((fault) => fault?.kind === kind).length
          assert.equal(one!.counts()[kind] ?? 0, count)
          // Six standard deviations, and room where next to nothing is expected: once in ten million.
          const expected = 3000 * rates[kind]!
          assert.ok(Math.abs(count - expected) <= 6 * Math.sqrt(expected) + 3, `${kind}: ${count} for ${expected}`)
        }
        if (drawn.filter((fault) => fault !== null).length > 100) {
          assert.notDeepEqual(
            Array.from({ length: 3000 }, () => other!.next(true)),
            drawn,
          )
        }
      }),
      { numRuns: 20 },
    )
  })

  it('does not go by the call: a repeat meets something else', async () => {
    const front = await start({ trouble: { faults: { rates: { '500': 0.5 } } } })
    const statuses = new Set<number>()
    for (let call = 0; call < 40; call += 1) statuses.add((await see(front, '/v1/completions', BODY)).status)
    assert.deepEqual([...statuses].sort(), [200, 500])
  })

  it('gives a score no fault that only a text can have, and other routes none at all', async () => {
    const front = await start({ trouble: { faults: { rates: { length: 0.5, abort: 0.5 } } } })
    assert.equal((await post(front, '/pooling', { messages: MESSAGES })).status, 200)
    assert.deepEqual(front.stats().faults, {})
    const full = await faulty('500')
    for (const path of ['/health', '/metrics', '/v1/models'])
      assert.equal((await fetch(full.url + path)).status, 200, path)
    assert.equal((await post(full, '/tokenize', { prompt: 'a' })).status, 200)
    assert.equal((await see(full, '/classify', { messages: MESSAGES })).status, 500)
  })
})

describe('an error reply', () => {
  it('is a 429 with Retry-After, a 503 with and without, a 500 without a body, and the old flat form', async () => {
    const limited = await see(await faulty('429'), '/v1/completions', BODY)
    assert.deepEqual([limited.status, limited.headers.get('retry-after')], [429, '7'])
    assert.equal((JSON.parse(limited.text) as { error: { code: number } }).error.code, 429)
    const busy = await faulty('503')
    const told = new Set<string | null>()
    for (let call = 0; call < 30; call += 1) {
      const { status, headers, text } = await see(busy, '/v1/chat/completions', { messages: MESSAGES.slice(0, 1) })
      assert.equal(status, 503)
      assert.match(text, /^\{"error":\{"message":"The engine is currently busy/)
      told.add(headers.get('retry-after'))
    }
    assert.deepEqual(told, new Set(['7', null]))
    const empty = await see(await faulty('500'), '/pooling', { messages: MESSAGES })
    assert.deepEqual([empty.status, empty.text], [500, ''])
    const flat = await see(await faulty('flat'), '/v1/completions', BODY)
    assert.equal(flat.status, 500)
    assert.deepEqual(JSON.parse(flat.text), {
      object: 'error',
      message: 'Internal server error',
      type: 'InternalServerError',
      param: null,
      code: 500,
    })
    assert.deepEqual([busy.stats().total.refused, busy.stats().faults], [30, { '503': 30 }])
  })
})

describe('a broken connection', () => {
  it('is reset before the reply', async () => {
    const front = await faulty('reset')
    for (const path of ['/v1/completions', '/pooling'])
      await assert.rejects(see(front, path, { ...BODY, messages: MESSAGES }), (error) =>
        ['ECONNRESET', 'UND_ERR_SOCKET'].includes(codeOf(error)),
      )
    await until(() => front.stats().total.faulted === 2)
    assert.deepEqual([front.stats().running, front.stats().total.answered], [0, 0])
  })

  it('is reset in the middle of the reply, or of the stream', async () => {
    const front = await faulty('reset-body')
    for (const [path, body] of [
      ['/v1/completions', BODY],
      ['/classify', { messages: MESSAGES }],
      ['/v1/completions', { ...BODY, stream: true }],
      ['/v1/chat/completions', { messages: MESSAGES.slice(0, 1), stream: true, max_tokens: 1 }],
    ] as const) {
      const { status, text, broken } = await see(front, path, body)
      // A busy client reads the half together with the reset, and then calls it a closed socket.
      assert.ok(status === 200 && (broken === 'ECONNRESET' || broken === 'UND_ERR_SOCKET'), `${path}: ${broken}`)
      assert.ok(!text.includes('[DONE]'))
      assert.throws(() => JSON.parse(text))
    }
    await until(() => front.stats().total.faulted === 4)
    assert.deepEqual([front.stats().running, front.stats().waiting], [0, 0])
  })

  it('is ended cleanly with half of the reply', async () => {
    const front = await faulty('truncated')
    const whole = await see(await start(), '/v1/completions', BODY)
    const { status, text, broken } = await see(front, '/v1/completions', BODY)
    assert.deepEqual([status, broken], [200, null])
    assert.ok(Math.abs(text.length - whole.text.length / 2) <= 20)
    assert.throws(() => JSON.parse(text), SyntaxError)
    const stream = await see(front, '/v1/completions', { ...BODY, stream: true })
    assert.deepEqual([stream.status, stream.broken], [200, null])
    assert.ok(!stream.text.includes('[DONE]') && !stream.text.endsWith('\n\n'))
    assert.equal(front.stats().total.faulted, 2)
  })
})

describe('a text cut short', () => {
  for (const [kind, reason] of [
    ['length', 'length'],
    ['abort', 'abort'],
    ['finish-null', null],
  ] as const) {
    it(`is half of the text with finish_reason ${reason ?? 'null'} and honest counts (${kind})`, async () => {
      const healthy = await start()
      const front = await faulty(kind)
      const whole = (await post(healthy, '/v1/completions', BODY)).body
      const cut = JSON.parse((await see(front, '/v1/completions', BODY)).text) as Reply
      const half = Math.floor(whole.usage.completion_tokens / 2)
      const same = (await post(healthy, '/v1/completions', { ...BODY, max_tokens: half })).body
      assert.deepEqual(
        [cut.choices[0]!.text, cut.choices[0]!.finish_reason, cut.usage.completion_tokens],
        [same.choices[0]!.text, reason, half],
      )
      const stream = choicesOf((await see(front, '/v1/completions', { ...BODY, stream: true })).text)
      assert.equal(stream.map(({ text }) => text).join(''), cut.choices[0]!.text)
      assert.equal(stream.at(-1)!.finish_reason, reason)
      const { answered, faulted } = front.stats().total
      assert.deepEqual([answered, faulted], kind === 'length' ? [2, 0] : [0, 2])
    })
  }
})

describe('a call that is never answered', () => {
  for (const [kind, held] of [
    ['hang', 0],
    ['hang-slot', 1],
  ] as const) {
    it(`ends when the client goes away, and holds ${held} slots meanwhile (${kind})`, async () => {
      const front = await faulty(kind)
      const going = new AbortController()
      const call = see(front, '/v1/completions', BODY, going.signal)
      const outcome = assert.rejects(call, { name: 'AbortError' })
      await until(() => front.stats().faults[kind] === 1 && front.stats().running === held)
      going.abort()
      await outcome
      await until(() => front.stats().total.aborted === 1)
      assert.deepEqual([front.stats().running, front.stats().waiting], [0, 0])
    })
  }

  it('does not keep the front from closing', async () => {
    const front = await faulty('hang-slot')
    const call = assert.rejects(see(front, '/v1/completions', BODY))
    await until(() => front.stats().running === 1)
    await front.close()
    await call
  })
})

describe('all kinds at once', () => {
  it('leave no slot taken and no call uncounted', async () => {
    const rates = Object.fromEntries(KINDS.map((kind) => [kind, 0.05]))
    // More slots than calls that hang in one.
    const front = await start({ slots: 100, trouble: { faults: { rates, seed: 3 } } })
    const going = new AbortController()
    const outcomes = Array.from({ length: 400 }, (_, seed) =>
      see(front, '/v1/completions', { ...BODY, seed, stream: seed % 2 === 0 }, going.signal).then(
        () => 'ended',
        () => 'broken',
      ),
    )
    const hanging = (): number => (front.stats().faults.hang ?? 0) + (front.stats().faults['hang-slot'] ?? 0)
    const ended = (): number => {
      const { answered, refused, faulted, aborted } = front.stats().total
      return answered + refused + faulted + aborted
    }
    await until(() => ended() + hanging() === 400)
    going.abort()
    await Promise.all(outcomes)
    await until(() => ended() === 400)
    assert.deepEqual([front.stats().running, front.stats().waiting], [0, 0])
    assert.deepEqual(Object.keys(front.stats().faults).sort(), [...KINDS].sort())
  })
})
