// The fence on a clock of the test's own: what may go, what waits, and what ends the wait.

import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, it } from 'node:test'
import { permanent, transient } from '../../schemas/failure.ts'
import { createFence, UNCLEAR, WITHHELD } from '../../stream/fence.ts'
import { createLedger } from '../../stream/ledger.ts'
import { beginTenure } from '../../stream/tenure.ts'

const SESSION = 45_000

function setUp() {
  const clock = { wall: 1_700_000_000_000, steady: 5000 }
  const now = () => ({ ...clock })
  const tenure = beginTenure('topic', 0)
  tenure.phase = 'ready'
  tenure.ledger = createLedger({ offset: 0, metadata: '' })
  for (let offset = 0; offset < 9; offset += 1) tenure.ledger.deliver(offset)
  let looks = 0
  const fence = createFence({
    sessionTimeoutMs: SESSION,
    now,
    lookAgain() {
      looks += 1
      tenure.ledger.found([3])
      return Promise.resolve()
    },
  })
  const sent: number[] = []
  /** Sends offset by the rules of the sender: asks, and goes or is withheld. */
  const pass = (offset: number, before: () => void = () => undefined) =>
    fence.pass({ tenure, offset }, (mayGo) => {
      before()
      if (!mayGo()) return Promise.reject(transient(WITHHELD, 'withheld'))
      sent.push(offset)
      return Promise.resolve()
    })
  return { clock, now, tenure, fence, sent, pass, looks: () => looks }
}

describe('the fence', () => {
  it('lets nothing out before the group has confirmed the member', async () => {
    const { now, fence, sent, pass } = setUp()
    const passing = pass(0)
    await turn()
    assert.deepEqual(sent, [])
    fence.confirm(now())
    await passing
    assert.deepEqual(sent, [0])
  })

  it('holds what comes too long after the last heartbeat, by either clock', async () => {
    for (const which of ['wall', 'steady'] as const) {
      const { clock, now, fence, sent, pass } = setUp()
      fence.confirm(now())
      clock[which] += (SESSION * 2) / 3 - 1
      await pass(0)
      clock[which] += 1
      const passing = pass(1)
      await turn()
      assert.deepEqual(sent, [0])
      fence.confirm(now())
      await passing
      assert.deepEqual(sent, [0, 1])
    }
  })

  it('is asked again by a sender in whose queue a message has waited', async () => {
    const { clock, now, fence, sent, pass } = setUp()
    fence.confirm(now())
    let waits = 0
    const passing = pass(0, () => {
      waits += 1
      if (waits === 1) clock.steady += SESSION
    })
    await turn()
    assert.deepEqual(sent, [])
    fence.confirm(now())
    await passing
    assert.deepEqual([sent, waits], [[0], 2])
  })

  it('ends what waits when the partition is lost', async () => {
    const { tenure, fence, sent, pass } = setUp()
    const passing = pass(0)
    tenure.end(permanent('partition-lost', 'gone'))
    fence.changed()
    await assert.rejects(passing, { code: 'partition-lost' })
    assert.deepEqual(sent, [])
  })

  it('waits for what is under way before a join, and lets nothing out until it is through', async () => {
    const { now, tenure, fence, sent, pass } = setUp()
    fence.confirm(now())
    const answer = Promise.withResolvers<undefined>()
    const underWay = fence.pass({ tenure, offset: 0 }, () => answer.promise)
    let isClosed = false
    const closing = fence.close().then(() => (isClosed = true))
    const later = pass(1)
    await turn()
    assert.deepEqual([isClosed, sent], [false, []])
    answer.resolve(undefined)
    await Promise.all([closing, underWay])
    fence.confirm(now())
    await later
    assert.deepEqual(sent, [1])
  })

  it('holds a member that must be checked until that is done', async () => {
    const { now, tenure, fence, sent, pass } = setUp()
    tenure.phase = 'checked'
    fence.confirm(now())
    const passing = pass(0)
    await turn()
    assert.deepEqual(sent, [])
    tenure.phase = 'ready'
    fence.changed()
    await passing
    assert.deepEqual(sent, [0])
  })

  it('holds calls to models while the member may have been replaced, and not for a rebalance', async () => {
    const { clock, now, tenure, fence } = setUp()
    assert.notEqual(fence.hold(tenure), null, 'nothing was confirmed yet')
    fence.confirm(now())
    assert.equal(fence.hold(tenure), null)
    await fence.close()
    assert.equal(fence.hold(tenure), null, 'a rebalance')
    clock.wall += SESSION
    const held = fence.hold(tenure)
    assert.notEqual(held, null, 'a process that was stopped')
    fence.confirm(now())
    await held
    assert.equal(fence.hold(tenure), null)
    tenure.phase = 'checked'
    const unsure = fence.hold(tenure)
    assert.notEqual(unsure, null, 'under a new member id')
    tenure.end(permanent('partition-lost', 'gone'))
    fence.changed()
    await unsure
  })

  it('looks once for all whose answer was lost, and sends only what the log does not have', async () => {
    const { now, tenure, fence, looks } = setUp()
    fence.confirm(now())
    const tries = new Map<number, number>()
    await Promise.all(
      [2, 3].map((offset) =>
        fence.pass({ tenure, offset }, () => {
          const count = (tries.get(offset) ?? 0) + 1
          tries.set(offset, count)
          return count === 1 ? Promise.reject(transient(UNCLEAR, 'the connection broke')) : Promise.resolve()
        }),
      ),
    )
    assert.deepEqual(
      [...tries],
      [
        [2, 2],
        [3, 1],
      ],
    )
    assert.equal(looks(), 1)
  })

  it('passes on what no wait mends', async () => {
    const { now, tenure, fence } = setUp()
    fence.confirm(now())
    const refused = fence.pass({ tenure, offset: 0 }, () => Promise.reject(permanent('record-too-large', 'too large')))
    await assert.rejects(refused, { code: 'record-too-large' })
  })
})
