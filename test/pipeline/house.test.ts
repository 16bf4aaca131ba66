// Holds pipeline/house.ts: how many problems are on their way, seen by a process that runs all stages and by one
// that runs some, alone and with other processes at work on the same run.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { configSchema } from '../../configs/schema.ts'
import { planStages } from '../../pipeline.ts'
import type { StageName } from '../../pipeline.ts'
import { createHouse } from '../../pipeline/house.ts'
import type { RunningStage } from '../../stream/stage.ts'

const planned = planStages(configSchema.parse({ name: 'a-run' }))

/** A stage of which only the counters matter. */
function fakeStage(name: StageName) {
  const counts = { emitted: 0, rejected: 0, dead: 0, redriven: 0 }
  const rest = { received: 0, running: 0, waiting: 0, queued: 0, paused: false, seconds: 0, lastError: null }
  const stage: RunningStage = {
    state: () => ({ name, ...rest, ...counts }),
    drain: () => Promise.resolve(),
    stopped: Promise.resolve(),
  }
  return { counts, stage }
}

/** A house over these stages with a clock and a log that the test sets. */
function house(names: readonly StageName[], backlog = 0) {
  const stages = new Map(names.map((name) => [name, fakeStage(name)]))
  const world = { now: 1000, lag: backlog, recounts: 0 }
  const made = createHouse({
    planned,
    running: [...stages.values()].map(({ stage }) => stage),
    backlog,
    recount: () => {
      world.recounts += 1
      return Promise.resolve(world.lag)
    },
    now: () => world.now,
  })
  const counts = (name: StageName) => stages.get(name)!.counts
  const published = (count: number): void => {
    made.published(count)
  }
  return { open: () => made.open(), published, world, counts }
}

const ALL = planned.map(({ name }) => name)

describe('a house whose stages all run here', () => {
  it('has a problem again whose dead letter was sent again, until its second end', async () => {
    const { open, counts, published } = house(ALL)
    published(10)
    counts('answer').dead = 2
    assert.equal(await open(), 8)
    counts('answer').redriven = 2
    assert.equal(await open(), 10)
    counts('curate').emitted = 2
    assert.equal(await open(), 8)
  })

  it('counts what was published and has not ended, the backlog included', async () => {
    const { open, published, counts } = house(ALL, 3)
    assert.equal(await open(), 3)
    published(10)
    assert.equal(await open(), 13)
    counts('screen').rejected = 2
    counts('verify').dead = 1
    counts('curate').emitted = 4
    counts('curate').rejected = 1
    assert.equal(await open(), 5)
  })

  it('takes what a stage passes on as still on its way', async () => {
    const { open, published, counts } = house(ALL)
    published(5)
    for (const name of ALL.slice(0, -1)) counts(name).emitted = 5
    assert.equal(await open(), 5)
    counts('curate').emitted = 5
    assert.equal(await open(), 0)
  })

  it('is never less than empty, as when a record ends twice after a crash', async () => {
    const { open, counts } = house(ALL, 1)
    counts('curate').rejected = 2
    assert.equal(await open(), 0)
  })

  it('does not ask the log at every look', async () => {
    const { open, published, world } = house(ALL)
    published(4)
    for (let look = 0; look < 20; look += 1) {
      world.now += 100
      await open()
    }
    assert.equal(world.recounts, 0)
  })

  it('learns from the log what other processes of the run have ended', async () => {
    const { open, published, world, counts } = house(ALL)
    published(100)
    world.now += 60_000
    world.lag = 10
    assert.equal(await open(), 10)
    counts('curate').emitted += 4
    published(1)
    assert.equal(await open(), 7)
  })

  it('believes its own counters where the log is behind', async () => {
    const { open, published, world, counts } = house(ALL)
    published(10)
    counts('curate').emitted = 8
    world.now += 60_000
    world.lag = 10
    assert.equal(await open(), 2)
  })
})

describe('a house of which some stages run elsewhere', () => {
  it('asks the log, and again when its count is half a second old', async () => {
    const { open, world } = house(['screen', 'answer'], 7)
    assert.equal(await open(), 7)
    world.lag = 4
    world.now += 499
    assert.equal(await open(), 7)
    world.now += 1
    assert.equal(await open(), 4)
    assert.equal(world.recounts, 1)
    assert.equal(await open(), 4)
    assert.equal(world.recounts, 1)
  })

  it('adds what was published since, until the log has been asked', async () => {
    const { open, published, world } = house(['screen'], 2)
    published(5)
    assert.equal(await open(), 7)
    world.lag = 6
    world.now += 500
    assert.equal(await open(), 6)
  })

  it('leaves its own counters out: the log’s positions have them', async () => {
    const { open, counts } = house(['screen', 'curate'], 9)
    counts('screen').rejected = 5
    counts('curate').emitted = 3
    assert.equal(await open(), 9)
  })
})
