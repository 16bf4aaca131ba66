// What a replay takes of the model servers: by default, by options, and what is refused.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { messagesIn } from '../../cli/messages/choose.ts'
import { standingOf } from '../../cli/replay-standing.ts'
import { configSchema } from '../../configs/schema.ts'

const config = (schedulingPolicy?: string) =>
  configSchema.parse({
    name: 'a',
    roles: {
      answerer: { model: 'm', endpoints: [{ url: 'http://a:1' }] },
      sampler: { model: 'm', endpoints: [{ url: 'http://b:1', ...(schedulingPolicy && { schedulingPolicy }) }] },
    },
    replay: {
      ...{
        of: 'main',
        from: 'answered',
        stages: ['sample'],
        begin: {},
        end: null,
        selection: null,
        keep: [],
        into: null,
      },
    },
  })
const said = (standing: ReturnType<typeof standingOf>): string => standing.say(messagesIn('en')).join('\n')

describe('the standing of a replay', () => {
  it('is behind runs where servers go by it, and beside a run that is at work a share of the slots', () => {
    const first = standingOf({}, { config: config('priority') })
    assert.deepEqual([first.share, first.priority], ['beside', 10])
    assert.match(said(first), /behind those of runs \(priority 10; --priority N/)
    const other = standingOf({}, { config: config('fcfs') })
    assert.deepEqual([other.share, other.priority, said(other)], ['beside', 10, ''])
  })

  it('is what the options say, and then nothing is said', () => {
    const asked = standingOf({ share: 0.5, priority: 0 }, { config: config('priority') })
    assert.deepEqual([asked.share, asked.priority, said(asked)], [0.5, 0, ''])
  })

  it('is refused where no server that is called would look at it', () => {
    for (const policy of ['fcfs', undefined])
      assert.throws(
        () => standingOf({ priority: 5 }, { config: config(policy) }),
        /--priority 5: no model server that this replay calls .*set schedulingPolicy: priority/,
      )
    const other = config('priority')
    const withoutModels = { ...other, replay: { ...other.replay!, from: 'sampled' as const, stages: ['verify'] } }
    assert.throws(() => standingOf({ priority: 5 }, { config: withoutModels }), /--priority 5/)
    assert.equal(standingOf({}, { config: withoutModels }).share, undefined)
  })
})
