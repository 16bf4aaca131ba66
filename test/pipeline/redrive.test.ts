// Holds pipeline/redrive.ts: who of a run can take the record of a dead letter.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { configSchema } from '../../configs/schema.ts'
import { whyNobody } from '../../pipeline/redrive.ts'
import type { Letter } from '../../stream/letters.ts'

const config = (stages: object = {}, sinks: object = {}, replay: object | null = null) => ({
  config: JSON.stringify(configSchema.parse({ name: 'a-run', stages, sinks, replay })),
})

const REPLAY = {
  ...{ of: 'main', from: 'sampled', stages: ['verify', 'curate'], begin: {}, end: null, selection: null, keep: [] },
  into: null,
}

function letter(stage: string, topic: string, revision = 'main'): Letter {
  return {
    ...{ place: '3/17', partition: 3, offset: 17, id: 'id', runId: 'a-run', revision, key: 'p1', stage },
    ...{ code: 'bad-request', message: '', attempts: 1, attempt: 1, source: { topic, partition: 0, offset: 1 } },
    ...{ failedAt: 0, bytes: 1, isApart: false, redrivenAt: null, isMarked: false, claims: [] },
  }
}

describe('whoever can take a dead letter', () => {
  const cases: [why: RegExp | null, letter: Letter, run: { config: string }][] = [
    [null, letter('screen', 'problems'), config()],
    [null, letter('tag', 'screened'), config({ tag: { enabled: true } })],
    [null, letter('answer', 'screened'), config({ tag: { enabled: false } })],
    [null, letter('verify', 'sampled.strict', 'strict'), config()],
    [null, letter('verify', 'sampled', 'strict'), config({}, {}, REPLAY)],
    [null, letter('curate', 'verified.strict', 'strict'), config({}, {}, REPLAY)],
    [/reward is switched off in run a-run/, letter('reward', 'verified.strict', 'strict'), config({}, {}, REPLAY)],
    [null, letter('clickhouse', 'sft'), config()],
    [null, letter('json', 'preferences'), config()],
    [/tag is switched off in run a-run/, letter('tag', 'screened'), config({ tag: { enabled: false } })],
    [/json is switched off in run a-run/, letter('json', 'sft'), config({}, { json: { enabled: false } })],
    [/answer does not read topic tagged in run a-run/, letter('answer', 'tagged'), config({ tag: { enabled: false } })],
    [/does not read topic sampled in run a-run/, letter('verify', 'sampled', 'strict'), config()],
    [/"polish" is no stage and no sink/, letter('polish', 'screened'), config()],
    [/old one sent again would stand for the newest/, letter('clickhouse', 'runs'), config()],
    [/config of run a-run is of another version/, letter('screen', 'problems'), { config: '{"stages": 1}' }],
    [/config of run a-run is of another version/, letter('screen', 'problems'), { config: 'no JSON' }],
  ]
  for (const [why, of, run] of cases) {
    it(`${of.stage} on ${of.source.topic}: ${why === null ? 'can' : why.source}`, () => {
      const said = whyNobody(of, run)
      if (why === null) assert.equal(said, null)
      else assert.match(said ?? '', why)
    })
  }
})
