// What llm/ relies on in an engine under load: a client that leaves frees its slots, a full queue says so. For the
// simulator and a real vLLM alike.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EngineCall, EngineClient } from '../../llm/engine-client.ts'
import { EngineFailure } from '../../llm/engine-failure.ts'
import type { Engine, EngineUnderTest } from './engine-contract.ts'

const signal = new AbortController().signal

/** A closed connection ends the work. `long`: a call that goes on for a while. */
export function abortContract(engine: Engine, long: (engine: EngineUnderTest) => EngineCall): void {
  test('an abort frees all slots of a request before its text is done', async () => {
    const { client } = engine()
    const before = await gauges(client)
    const leave = new AbortController()
    const call = long(engine())
    const reason = new Error('not wanted any more')
    const asked = assert.rejects(client.complete(call, leave.signal), reason)
    await until(client, ({ running }) => running === call.n)
    leave.abort(reason)
    await asked
    const after = await until(client, ({ running, waiting }) => running + waiting === 0)
    assert.ok(after.generated - before.generated < call.n * call.sampling.maxTokens, 'it did not write to the end')
  })
}

/** A server with a bounded queue. `limit`: its sequences, running and waiting; `long`: a call that goes on for a while. */
export function queueContract(
  engine: Engine,
  { limit, long }: { limit: number; long: (engine: EngineUnderTest, n: number) => EngineCall },
): void {
  const busy = { retry: 'transient', engine: 'busy', code: 'overloaded' }

  /** Fills the queue, does the work, and leaves. */
  const whileFull = async (work: () => Promise<void>): Promise<void> => {
    const { client } = engine()
    const leave = new AbortController()
    const filling = client.complete(long(engine(), limit), leave.signal).catch(() => null)
    await until(client, ({ running, waiting }) => running + waiting === limit)
    await work()
    leave.abort()
    assert.equal(await filling, null, 'the queue was full all the time')
    await until(client, ({ running, waiting }) => running + waiting === 0)
  }

  test('a full queue is busy, not down, and takes work again when there is room', async () => {
    const { client } = engine()
    await whileFull(async () => {
      await assert.rejects(client.complete(long(engine(), 1), signal), busy)
      assert.equal(await client.health(signal), null)
    })
    await whileFull(() => Promise.resolve())
  })

  test('n counts as n: more choices than the queue takes are refused by an idle engine', async () => {
    await assert.rejects(engine().client.complete(long(engine(), limit + 1), signal), busy)
  })
}

export interface Gauges {
  readonly running: number
  readonly waiting: number
  readonly generated: number
}

/** What /metrics tells of the load. */
export async function gauges(client: EngineClient): Promise<Gauges> {
  const page = (await client.metrics(signal)) ?? ''
  const read = (name: string): number => Number(new RegExp(`^vllm:${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(page)?.[1])
  return {
    running: read('num_requests_running'),
    waiting: read('num_requests_waiting'),
    generated: read('generation_tokens_total'),
  }
}

/** Looks at /metrics until the load is as wanted. A look that is lost (a kept connection that the server has just closed) is made again. */
export async function until(client: EngineClient, wanted: (load: Gauges) => boolean): Promise<Gauges> {
  let load: Gauges | null = null
  for (let looks = 0; looks < 1500; looks += 1) {
    load = await gauges(client).catch((error: unknown) => {
      if (error instanceof EngineFailure && error.code === 'connection-lost') return null
      throw error
    })
    if (load !== null && wanted(load)) return load
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`the load never came to what was wanted: ${JSON.stringify(load)}`)
}
