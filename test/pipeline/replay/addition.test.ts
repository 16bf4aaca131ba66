// What a replay may add to rows, where it reads, and what a replay keeps from: told by the config alone.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { configSchema } from '../../../configs/schema.ts'
import type { Config } from '../../../configs/schema.ts'
import { planStages } from '../../../pipeline.ts'
import { additionTopic, namedAddition } from '../../../pipeline/replay/addition.ts'
import { emptyKeep, topicsToKeepFrom } from '../../../pipeline/replay/keep.ts'

type Stages = Partial<Record<keyof Config['stages'], { enabled: boolean }>>
const source = (stages: Stages = {}): Config => configSchema.parse({ name: 'a', stages })
const ALL = source({ tag: { enabled: true }, judge: { enabled: true }, converse: { enabled: true } })

describe('what a replay may add to rows', () => {
  it('is one stage, tag or reward, and nothing else', () => {
    assert.deepEqual(namedAddition(['reward']), { stages: ['reward'], sinks: ['clickhouse'], faults: [] })
    assert.deepEqual(namedAddition(['tag', 'clickhouse']).faults, [])
    for (const names of [[], ['clickhouse'], ['tag', 'reward']])
      assert.match(namedAddition(names).faults.join(), /name the one stage that adds, --stages tag or --stages reward/)
    for (const name of ['curate', 'verify', 'screen', 'answer', 'json', 'produce'])
      assert.match(namedAddition(['reward', name]).faults.join(), new RegExp(`nothing of ${name}; leave --into out`))
    assert.match(namedAddition(['reward', 'rewards']).faults.join(), /there is no "rewards"/)
  })

  it('is added to the records that came farthest, as far as they came', () => {
    assert.deepEqual(additionTopic(ALL, 'reward'), { from: 'conversed' })
    assert.deepEqual(additionTopic(ALL, 'tag'), { from: 'conversed' })
    assert.deepEqual(additionTopic(source(), 'tag'), { from: 'rewarded' })
    assert.deepEqual(additionTopic(source({ reward: { enabled: false } }), 'reward'), { from: 'verified' })
    const into = { of: 'main', begin: {}, end: null, selection: null, keep: [], into: 'main' }
    const planned = (config: Config, from: 'conversed' | 'verified' | 'rewarded', stage: 'tag' | 'reward'): string[] =>
      planStages({ stages: config.stages, replay: { ...into, from, stages: [stage] } }).map(
        (each) => `${each.name}: ${each.from} to ${each.to}`,
      )
    assert.deepEqual(planned(ALL, 'conversed', 'reward'), ['reward: conversed to conversed'])
    assert.deepEqual(planned(ALL, 'rewarded', 'tag'), ['tag: rewarded to rewarded'])
    assert.deepEqual(planned(ALL, 'verified', 'reward'), ['reward: verified to rewarded'])
  })

  it('needs a topic with verdicts, or at least screened problems', () => {
    const range = { begin: {}, end: null, selection: null, keep: [], into: null }
    const replay = { ...range, of: 'main', from: 'rewarded' as const, stages: ['curate'] }
    const curated = { stages: ALL.stages, replay }
    assert.match(JSON.stringify(additionTopic(curated, 'reward')), /reward needs topic verified or judged/)
    assert.match(JSON.stringify(additionTopic(curated, 'tag')), /tag needs topic screened or/)
  })
})

describe('what a replay keeps from', () => {
  it('is every topic behind the one that it reads, the farthest first; scores are in two of them', () => {
    assert.deepEqual(topicsToKeepFrom(ALL, 'sampled', 'answers'), ['conversed', 'rewarded', 'judged', 'verified'])
    assert.deepEqual(topicsToKeepFrom(ALL, 'screened', 'rewards'), ['conversed', 'rewarded'])
    assert.deepEqual(topicsToKeepFrom(source(), 'screened', 'answers'), ['rewarded', 'verified', 'sampled', 'answered'])
    assert.deepEqual(topicsToKeepFrom(ALL, 'conversed', 'answers'), [])
  })

  it('is refused where nothing would be asked, or nothing is there', () => {
    const of = { of: 'main', from: 'sampled', stages: ['verify', 'reward', 'curate'] } as const
    const faults = (config: Config, keep: 'answers' | 'rewards', stages: readonly string[] = of.stages): string[] =>
      emptyKeep(config, { ...of, stages: [...stages], keep: [keep] })
    assert.deepEqual(faults(ALL, 'rewards'), [])
    assert.match(faults(ALL, 'rewards', ['curate']).join(), /--keep-rewards: no stage of this replay/)
    assert.match(faults(ALL, 'answers').join(), /--keep-answers: no stage of this replay/)
    assert.deepEqual(faults(ALL, 'answers', ['judge']), [])
    assert.match(
      faults(source({ reward: { enabled: false } }), 'rewards').join(),
      /revision main has none behind topic sampled/,
    )
  })
})
