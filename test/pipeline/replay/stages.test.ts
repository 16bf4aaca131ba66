// Holds pipeline/replay/stages.ts: which stages a replay has, and that each finds what it reads.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { configSchema } from '../../../configs/schema.ts'
import { callersIn } from '../../../pipeline/callers.ts'
import { plannedSinks, readingParts, topicsNeeded, topicsReadBy } from '../../../pipeline/standing.ts'
import { namedParts, replayParts, replayStages, stagesBehind } from '../../../pipeline/replay/stages.ts'
import { givesResponses, planStages, STAGES } from '../../../pipeline.ts'
import { STAGE_TOPICS, TOPICS } from '../../../schemas/topics.ts'
import type { StageTopic } from '../../../schemas/topics.ts'

const endpoints = [{ url: 'http://127.0.0.1:1' }]
const CONFIG = configSchema.parse({
  name: 'a-run',
  roles: { questioner: { model: 'q', endpoints }, sampler: { model: 's', endpoints } },
  stages: { reward: { rewards: [{ name: 'rm', kind: 'token-rm', model: 'rm', endpoints }] }, curate: { reward: 'rm' } },
})

const replayOf = (from: StageTopic, stages: readonly string[]) => ({
  ...CONFIG,
  replay: { of: 'main', from, stages: [...stages], begin: {}, end: null, selection: null, keep: [], into: null },
})

describe('the stages of a replay', () => {
  it('are those behind its topic that the config has on', () => {
    assert.deepEqual(stagesBehind('sampled'), ['verify', 'judge', 'reward', 'converse', 'curate'])
    const found = replayStages(CONFIG, { of: 'main', from: 'sampled', into: null }, null)
    assert.deepEqual(found, { stages: ['verify', 'reward', 'curate'], faults: [] })
  })

  it('read the topic of the other revision first, then one another', () => {
    const planned = planStages(replayOf('sampled', ['verify', 'curate']))
    assert.deepEqual(planned, [
      { name: 'verify', from: 'sampled', reads: 'Sampled', to: 'verified', of: 'main' },
      { name: 'curate', from: 'verified', reads: 'Verified', to: 'sft' },
    ])
    const [verify, curate] = readingParts(planned, [])
    assert.deepEqual(
      [topicsReadBy(verify!, 'strict'), topicsReadBy(curate!, 'strict')],
      [['sampled'], ['verified.strict']],
    )
  })

  it('are named all at once where they are wrong', () => {
    const { faults, stages, sinks } = namedParts(['answer', 'produce', 'verfy', 'curate', 'json'], 'sampled')
    assert.deepEqual([stages, sinks], [['curate'], ['json']])
    assert.equal(faults.length, 3)
    assert.match(faults.join('\n'), /answer comes before topic sampled[^]*has no produce[^]*there is no "verfy"/)
    assert.deepEqual(namedParts(['json'], 'sampled').stages, null)
    const off = replayStages(CONFIG, { of: 'main', from: 'sampled', into: null }, ['verify', 'judge'])
    assert.match(off.faults.join(), /judge is switched off in the config/)
  })

  it('whatever is named: each can read what is before it, or it is said', () => {
    fc.assert(
      fc.property(fc.constantFrom(...STAGE_TOPICS), fc.subarray(STAGES.map(({ name }) => name)), (from, names) => {
        const named = namedParts(names, from).stages
        const { stages, faults } = replayStages(CONFIG, { of: 'main', from, into: null }, named)
        if (faults.length > 0) return
        const planned = planStages(replayOf(from, stages))
        const isJudged = (record: string): boolean => ['Verified', 'Judged', 'Rewarded', 'Conversed'].includes(record)
        for (const { name, reads } of planned) {
          if (name === 'curate' || name === 'reward') assert.ok(isJudged(reads), `${name} reads ${reads}`)
          if (name === 'verify') assert.ok(!isJudged(reads) && reads !== 'Problem')
          if (name === 'screen') assert.equal(reads, 'Problem')
        }
        assert.equal(planned[0]?.of, 'main')
        assert.ok(planned.slice(1).every(({ of }) => of === undefined))
      }),
    )
  })
})

describe('what a replay needs', () => {
  const partsOf = (from: StageTopic, stages: readonly string[]) => {
    const config = replayOf(from, stages)
    const planned = planStages(config)
    return { config, planned, sinks: plannedSinks(planned, config.sinks) }
  }

  it('is the topics that it writes, and what is kept beside them', () => {
    const { planned, sinks } = partsOf('rewarded', ['curate'])
    const books = ['runs', 'starts', 'spending', 'calls', 'selections']
    assert.deepEqual(
      [...topicsNeeded(readingParts(planned, sinks))].sort(),
      ['sft', 'preferences', 'rejections', 'dead-letters', ...books].sort(),
    )
    assert.deepEqual(topicsNeeded(readingParts(planStages(CONFIG), [])), Object.keys(TOPICS))
  })

  it('stores rows of responses where a stage writes them, and rows of the data sets where there is curation', () => {
    const topics = (from: StageTopic, stages: readonly string[]) =>
      Object.fromEntries(partsOf(from, stages).sinks.map((sink) => [sink.part, sink.topics]))
    const ends = ['rejections', 'dead-letters', 'runs', 'starts']
    assert.deepEqual(topics('rewarded', ['curate']).clickhouse, ['sft', 'preferences', ...ends])
    assert.deepEqual(topics('verified', ['reward']), { clickhouse: ['rewarded', ...ends] })
    assert.deepEqual(topics('screened', ['answer']).clickhouse, ['answered', ...ends])
    assert.equal(givesResponses(partsOf('rewarded', ['curate']).planned), false)
    assert.equal(givesResponses(partsOf('verified', ['reward', 'curate']).planned), true)
    assert.equal(givesResponses(planStages(CONFIG)), true)
  })

  it('calls the models of its own stages alone', () => {
    const called = (from: StageTopic, stages: readonly string[]) => {
      const { roles, rewarders } = callersIn(replayOf(from, stages))
      return [...Object.keys(roles), ...Object.keys(rewarders)]
    }
    assert.deepEqual(called('sampled', ['verify', 'curate']), [])
    assert.deepEqual(called('verified', ['reward', 'curate']), ['rm'])
    assert.deepEqual(called('answered', ['sample', 'verify']), ['sampler'])
    assert.deepEqual(replayParts(replayOf('verified', ['reward'])), ['reward', 'clickhouse', 'json'])
  })
})
