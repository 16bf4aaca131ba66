// Holds pipeline.ts: the list of stages, what each reads when others are switched off, the names of groups.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { configSchema } from '../configs/schema.ts'
import type { Config } from '../configs/schema.ts'
import { groupOf, judgedTopic, PART_NAMES, planStages, STAGES } from '../pipeline.ts'
import { TOPICS } from '../schemas/topics.ts'

const SWITCHES = ['tag', 'answer', 'sample', 'judge', 'reward', 'converse'] as const

/** A config with exactly these of the switchable stages on. */
function configWith(on: readonly string[]): Config {
  const stages = Object.fromEntries(SWITCHES.map((name) => [name, { enabled: on.includes(name) }]))
  return configSchema.parse({ name: 'a-run', stages })
}

const way = (on: readonly string[]): string[] =>
  planStages(configWith(on)).map(({ name, from, to }) => `${from} > ${name} > ${to}`)

describe('planStages', () => {
  it('has every stage in the data’s way where all are on', () => {
    assert.deepEqual(way(SWITCHES), [
      'problems > screen > screened',
      'screened > tag > tagged',
      'tagged > answer > answered',
      'answered > sample > sampled',
      'sampled > verify > verified',
      'verified > judge > judged',
      'judged > reward > rewarded',
      'rewarded > converse > conversed',
      'conversed > curate > sft',
    ])
  })

  it('leaves tagging, judging and further turns out of a config that says nothing', () => {
    const names = planStages(configSchema.parse({ name: 'a-run' })).map(({ name }) => name)
    assert.deepEqual(names, ['screen', 'answer', 'sample', 'verify', 'reward', 'curate'])
  })

  it('lets the successor of a stage that is off read what it would have read', () => {
    assert.deepEqual(way([]), [
      'problems > screen > screened',
      'screened > verify > verified',
      'verified > curate > sft',
    ])
    assert.deepEqual(way(['tag', 'sample']), [
      'problems > screen > screened',
      'screened > tag > tagged',
      'tagged > sample > sampled',
      'sampled > verify > verified',
      'verified > curate > sft',
    ])
  })

  it('whatever is on: an unbroken chain from problems to the data sets, in the order of the list', () => {
    fc.assert(
      fc.property(fc.subarray([...SWITCHES]), (on) => {
        const planned = planStages(configWith(on))
        const off = SWITCHES.filter((name) => !on.includes(name)) as string[]
        assert.deepEqual(
          planned.map(({ name }) => name),
          STAGES.map(({ name }) => name).filter((name) => !off.includes(name)),
        )
        let before = 'problems'
        for (const { from, to, reads } of planned) {
          assert.equal(from, before)
          assert.equal(reads, TOPICS[from].record)
          before = to
        }
        assert.equal(before, 'sft')
      }),
    )
  })
})

describe('judgedTopic', () => {
  it('is what curate reads', () => {
    for (const on of [
      SWITCHES,
      ['tag', 'answer'],
      ['answer', 'judge'],
      ['sample', 'converse'],
      ['sample', 'reward'],
      [],
    ]) {
      const planned = planStages(configWith(on))
      assert.equal(judgedTopic(planned), planned.at(-1)?.from)
    }
  })
})

describe('groupOf', () => {
  it('names run, revision and part, and gives no two parts one group', () => {
    assert.equal(groupOf('my.run', 'strict', 'verify'), 'magpie.my.run.strict.verify')
    const groups = PART_NAMES.flatMap((part) => ['main', 'strict'].map((revision) => groupOf('r', revision, part)))
    assert.equal(new Set(groups).size, 2 * PART_NAMES.length)
  })

  it('knows every stage and the ends', () => {
    assert.deepEqual([...PART_NAMES].slice(-3), ['produce', 'clickhouse', 'json'])
    assert.equal(PART_NAMES.length, STAGES.length + 3)
  })
})
