// Holds pipeline/demand.ts: how many more problems are started for the rows that are asked for.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { configSchema } from '../../configs/schema.ts'
import { planStages } from '../../pipeline.ts'
import { createDemand } from '../../pipeline/demand.ts'
import type { RunningStage } from '../../stream/stage.ts'

const planned = planStages(configSchema.parse({ name: 'a-run' }))

function world(accept: object | null, { atOnce = 1, elsewhere = false, most = { sft: 1, preference: 1 } } = {}) {
  const rows = { sft: 0, preference: 0 }
  const sent = { sft: 0, preference: 0 }
  const rest = { running: 0, waiting: 0, queued: 0, paused: false, seconds: 0, lastError: null }
  const counts = planned.map(({ name }) => ({ name, received: 0, redriven: 0, emitted: 0, rejected: 0, dead: 0 }))
  const running: RunningStage[] = counts.map((each) => ({
    state: () => ({ ...each, ...rest }),
    drain: () => Promise.resolve(),
    stopped: Promise.resolve(),
  }))
  const demand = createDemand({
    accept: configSchema.parse({ name: 'a-run', accept }).accept,
    most,
    planned,
    running: elsewhere ? running.slice(1) : running,
    counts: () => ({ ...rows }),
    sent: () => ({ ...sent }),
    atOnce,
  })
  /** Lets problems go through the stages; the last one keeps a share of them. */
  const finish = (problems: number, accepted: number): void => {
    for (const each of counts) {
      each.received += problems
      each.emitted += each.name === 'curate' ? accepted : problems
      each.rejected += each.name === 'curate' ? problems - accepted : 0
    }
    rows.sft += accepted
    sent.sft += accepted
  }
  const stage = (name: string) => counts.find((each) => each.name === name)!
  return { demand, rows, finish, stage }
}

describe('the demand', () => {
  it('has no end where no rows are asked for', () => {
    assert.equal(world(null).demand(10, 3), Infinity)
  })

  it('starts no more than would be enough if all were accepted, as long as nothing is known', () => {
    const { demand } = world({ sft: 50 })
    assert.equal(demand(0, 0), 50)
    assert.equal(demand(30, 30), 20)
    assert.equal(demand(50, 50), 0)
  })

  it('makes whole requests', () => {
    const { demand } = world({ sft: 50 }, { atOnce: 4 })
    assert.equal(demand(0, 0), 52)
    assert.equal(demand(52, 52), 0)
  })

  it('counts the most rows that a problem can give', () => {
    const { demand } = world({ preference: 12 }, { most: { sft: 1, preference: 3 } })
    assert.equal(demand(0, 0), 4)
  })

  it('asks for no more than the minimum where the rows are there', () => {
    const { demand, rows } = world({ sft: 3, minimum: 20 })
    rows.sft = 5
    assert.equal(demand(12, 2), 8)
    assert.equal(demand(20, 2), 0)
  })

  it('expects of problems on their way what their like gave', () => {
    const { demand, finish } = world({ sft: 200 })
    finish(99, 49) // one in two, with the one success more that is assumed
    // 151 are missing; 200 on their way give 100, less one deviation of about 7.
    const more = demand(299, 200)
    assert.ok(more >= 102 && more <= 118, String(more))
  })

  it('does not take early refusals for the fate of those that are further', () => {
    const { demand, stage } = world({ sft: 10 })
    // Ninety of a hundred were no problems; the ten others are being sampled, and nothing is known against them.
    Object.assign(stage('screen'), { received: 100, emitted: 10, rejected: 90 })
    Object.assign(stage('answer'), { received: 10, emitted: 10 })
    Object.assign(stage('sample'), { received: 10 })
    assert.equal(demand(100, 10), 0)
  })

  it('starts only so much at once while nearly nothing is accepted', () => {
    const { demand, finish } = world({ sft: 500, probe: 40 })
    finish(300, 0)
    assert.equal(demand(300, 0), 2000)
    assert.equal(demand(1300, 1000), 1000)
  })

  it('takes repeats after a crash for what they show, not for failures', () => {
    const { demand, finish, rows } = world({ sft: 100 })
    finish(40, 40)
    rows.sft = 20 // half of them were there before
    assert.equal(demand(120, 80), 0)
  })

  it('goes by the whole where stages run elsewhere', () => {
    const { demand, rows } = world({ sft: 200 }, { elsewhere: true })
    rows.sft = 49
    const more = demand(299, 200)
    assert.ok(more >= 102 && more <= 118, String(more))
  })

  it('never falls with more that is missing, and is nothing when nothing is', () => {
    const counts = fc.record({
      ended: fc.nat(500),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      open: fc.nat(300),
    })
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 2000 }), fc.nat(500), ({ ended, share, open }, wanted, more) => {
        const at = (sft: number): number => {
          const { demand, finish } = world({ sft })
          finish(ended, Math.floor(ended * share))
          return demand(ended + open, open)
        }
        assert.ok(at(wanted + more) >= at(wanted))
        const accepted = Math.floor(ended * share)
        if (accepted > 0) assert.equal(at(accepted), 0)
      }),
    )
  })
})
