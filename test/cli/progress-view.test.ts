// Holds cli/progress-view.ts: what a run shows on a terminal and in a log, in both languages, within 100 columns.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { messagesIn } from '../../cli/messages/choose.ts'
import { partName, progressBlock, progressLine, waitingParts } from '../../cli/progress-view.ts'
import type { View } from '../../cli/progress-view.ts'
import type { RunSnapshot } from '../../pipeline/run-contract.ts'
import { sumOf } from '../../pipeline/spending.ts'
import { PART_NAMES, STAGES } from '../../pipeline.ts'
import { endpointState, runSnapshot, sinkState, stageState } from './run-snapshot.ts'

type Language = 'en' | 'ja'

const RATES = { endedPerMinute: 12.34, tokensPerSecond: 1234.4, ended: 30, secondsLeft: 95 }

const STAGE_STATES = [
  stageState('screen', { received: 37, emitted: 31, rejected: 6, seconds: 1.2 }),
  stageState('verify', { received: 31, running: 4, queued: 3, emitted: 22, dead: 2, seconds: 88.6 }),
  stageState('curate', { received: 22, emitted: 20, rejected: 2 }),
]

function viewOf(language: Language, over: Partial<RunSnapshot> = {}, rest: Partial<View> = {}): View {
  const sinks = [sinkState('clickhouse', { received: 40, written: 38, writing: 2 }), sinkState('json')]
  const accepted = { sft: 20, preference: 7 }
  return {
    runId: 'my-run',
    snapshot: runSnapshot({ made: 37, total: 200, accepted, stages: STAGE_STATES, sinks, ...over }),
    rates: RATES,
    messages: messagesIn(language),
    since: 1000,
    now: 62_000,
    ...rest,
  }
}

const plain = (text: string): string[] => stripVTControlCharacters(text).split('\n')

/** Columns that a text takes: characters of East Asian scripts are two wide. */
function columns(text: string): number {
  const wide =
    /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff60\uffe0-\uffe6]/u
  let sum = 0
  for (const character of text) sum += wide.test(character) ? 2 : 1
  return sum
}

/** The cells of a part's line. */
function row(view: View, name: string): string[] {
  const found = plain(progressBlock(view)).find((line) => line.startsWith(name))
  assert.ok(found !== undefined, `no line of ${name}`)
  return found.slice(name.length).trim().split(/ +/)
}

describe('the block', () => {
  it('names the run and says how far it is', () => {
    const text = plain(progressBlock(viewOf('en'))).join('\n')
    for (const part of [
      'my-run',
      '37',
      '200 problems',
      '12/min',
      '1,234 tokens/s',
      '1 min 1 s so far',
      '1 min 35 s left',
    ])
      assert.ok(text.includes(part), `${part} is not in\n${text}`)
    assert.ok(text.includes('20 SFT records · 7 preference records'), text)
  })

  it('has a line for each stage and sink with its counts', () => {
    const view = viewOf('en')
    assert.deepEqual(row(view, 'stage'), ['in', 'running', 'waiting', 'passed', 'rejected', 'dead', 'seconds'])
    assert.deepEqual(row(view, 'screen'), ['37', '·', '·', '31', '6', '·', '1'])
    assert.deepEqual(row(view, 'verify'), ['31', '4', '3', '22', '·', '2', '89'])
    assert.deepEqual(row(view, 'ClickHouse'), ['40', '2', '·', '38', '·', '·', '·'])
    assert.deepEqual(row(view, 'JSON files'), ['·', '·', '·', '·', '·', '·', '·'])
  })

  it('says what was spent where there is a price or a budget', () => {
    const spent = { ...sumOf([]), usd: 12.34, tokens: 9000 }
    const budget = { usd: 200, tokens: 1_000_000, hours: null }
    const text = plain(progressBlock(viewOf('en', { spent, budget }))).join('\n')
    assert.match(text, /7 preference records · \$12\.34 of \$200\.00 spent · 9,000 tokens of 1,000,000 tokens spent$/)
    assert.doesNotMatch(plain(progressBlock(viewOf('en'))).join('\n'), /spent/)
  })

  it('fills its bar with what is made, and never over its end', () => {
    const filled = (made: number, total: number): number[] => {
      const text = plain(progressBlock(viewOf('en', { made, total }))).join('\n')
      return ['█', '░'].map((mark) => text.split(mark).length - 1)
    }
    assert.deepEqual(filled(0, 200), [0, 28])
    assert.deepEqual(filled(100, 200), [14, 14])
    assert.deepEqual(filled(200, 200), [28, 0])
    assert.deepEqual(filled(203, 200), [28, 0])
  })

  it('shows of a replay the share of its range that is read', () => {
    const text = plain(progressBlock(viewOf('en', { total: null, read: 0.509 }))).join('\n')
    assert.match(text, /^my-run {2}█{14}░{14} {2}37 problems · 50 % of the range read\n.* 1 min 35 s left/)
    const whole = plain(progressBlock(viewOf('en', { total: 37, read: 1 }))).join('\n')
    assert.match(whole, /^my-run {2}█{28} {2}37\/37 problems\n/)
  })

  it('promises no end where there is none or none is known', () => {
    const endless = plain(progressBlock(viewOf('en', { total: null }))).join('\n')
    assert.match(endless, /^my-run {2}37 problems\n/)
    assert.doesNotMatch(endless, /left|█|null/)
    const unknown = viewOf('en', {}, { rates: { ...RATES, secondsLeft: null } })
    assert.match(plain(progressBlock(unknown)).join('\n'), /time left not known yet/)
  })

  it('says in Japanese what it says in English', () => {
    const text = plain(progressBlock(viewOf('ja'))).join('\n')
    for (const part of ['my-run', '37', '200', '1,234 トークン', '1分1秒', '1分35秒', 'SFT 20 件', '選好ペア 7 件'])
      assert.ok(text.includes(part), `${part} is not in\n${text}`)
    assert.deepEqual(row(viewOf('ja'), '選別'), ['37', '·', '·', '31', '6', '·', '1'])
    assert.doesNotMatch(text, /problem|stage|left|so far|waiting/)
  })

  for (const language of ['en', 'ja'] as const) {
    it(`fits 100 columns and a small terminal with large figures (${language})`, () => {
      const large = { received: 1_234_567, emitted: 1_234_567, rejected: 123_456, queued: 12_345, seconds: 1_234_567 }
      const stages = STAGES.map(({ name }) => stageState(name, large))
      const sinks = [sinkState('clickhouse', { received: 9_876_543 }), sinkState('json')]
      const counts = { made: 1_234_567, total: 2_000_000, accepted: { sft: 1_234_567, preference: 1_234_567 } }
      const rates = { ...RATES, endedPerMinute: 12_345, tokensPerSecond: 1_234_567, secondsLeft: 123_456 }
      const runId = 'deepseek-r1-olympiads-and-more'
      for (const total of [2_000_000, null]) {
        const budget = { usd: 1_000_000, tokens: null, hours: null }
        const spent = { ...sumOf([]), usd: 123_456.78 }
        const view = viewOf(
          language,
          { stages, sinks, ...counts, total, budget, spent },
          { runId, rates, now: 123_456_789 },
        )
        const lines = plain(progressBlock(view))
        assert.ok(lines.length <= 16, `${lines.length} lines`)
        for (const line of lines) assert.ok(columns(line) <= 100, `${columns(line)} columns: ${line}`)
      }
    })
  }

  it('says last what the run waits for', () => {
    const endpoints = [
      endpointState('http://up:1'),
      endpointState('http://down:2', { downSince: 5, lastError: 'ECONNREFUSED' }),
    ]
    const lines = plain(progressBlock(viewOf('en', { llm: { endpoints, waiting: 0, usage: {} } })))
    assert.match(lines.at(-1)!, /http:\/\/down:2 \(ECONNREFUSED\)/)
    assert.doesNotMatch(lines.at(-1)!, /up:1/)
  })

  it('names the engines that work, four at most, with their limits and why', () => {
    const limitChange = { at: 0, reason: "26 wait in the engine's queue" }
    const endpoints = Array.from({ length: 6 }, (_, index) =>
      endpointState(`http://gpu${index}:8000`, { inFlight: 212, limit: 282, limitChange }),
    )
    const lines = plain(progressBlock(viewOf('en', { llm: { endpoints, waiting: 0, usage: {} } })))
    const engines = lines.filter((line) => line.includes('gpu'))
    assert.equal(engines[0], "http://gpu0:8000  212 of 282 in flight (26 wait in the engine's queue)")
    assert.equal(engines.length, 4)
    assert.ok(lines.includes('and 2 more engines'))
  })
})

describe('the line', () => {
  it('has the figures, the accepted rows and the stages that have begun, in one line', () => {
    const [line = '', ...more] = plain(progressLine(viewOf('en', { stages: [...STAGE_STATES, stageState('tag')] })))
    assert.deepEqual(more, [])
    assert.match(line, /37.*200 problems/)
    assert.match(line, /20 SFT records · 7 preference records · screen 31\+6, verify 22\+0, curate 20\+2$/)
  })

  it('has no empty part before anything has begun', () => {
    const [line = ''] = plain(progressLine(viewOf('en', { stages: [stageState('screen')] })))
    assert.match(line, /7 preference records$/)
  })

  it('is Japanese where that is asked for', () => {
    const [line = ''] = plain(progressLine(viewOf('ja')))
    assert.match(line, /選別 31\+6, 検証 22\+0/)
    assert.doesNotMatch(line, /problem|screen/)
  })

  it('counts the problems of the whole behind those made, in the words of the language', () => {
    assert.match(plain(progressLine(viewOf('en')))[0]!, /^37\/200 problems · /)
    assert.match(plain(progressLine(viewOf('ja')))[0]!, /^問題 37 \/ 200 問 · /)
    assert.match(plain(progressLine(viewOf('ja', { total: null })))[0]!, /^問題 37 問 · /)
  })
})

describe('a process that has a part of the run', () => {
  const answer = [stageState('answer', { received: 60, emitted: 49, running: 8 })]
  const over = { stages: answer, sinks: [], total: 700, made: 700 }
  const rates = { ...RATES, ended: 49 }

  it('tells of its own parts alone where it is a worker, and guesses no end', () => {
    const of = (left: number | null) => viewOf('en', { ...over, here: { leads: false, left } }, { rates })
    const line = plain(progressLine(of(96)))[0]!
    assert.equal(
      line,
      '49 records done here · 96 left for these parts · 12/min · 1,234 tokens/s · 1 min 1 s so far · answer 49+0',
    )
    const [head, done, speed, ...more] = plain(progressBlock(of(96)))
    assert.deepEqual([head, done], ['my-run', '49 records done here · 96 left for these parts'])
    assert.match(speed!, /^12\/min .* so far$/)
    assert.doesNotMatch(more.join('\n'), /SFT|700|█/)
    assert.equal(plain(progressBlock(of(null)))[1], '49 records done here')
    const spent = { ...sumOf([]), usd: 1.5 }
    const here = { leads: false, left: 0 }
    assert.match(progressLine(viewOf('en', { ...over, here, spent }, { rates })), /\$1\.50 spent/)
  })

  it('tells of the whole run too where it leads', () => {
    const here = { leads: true, left: 96 }
    const line = plain(progressLine(viewOf('en', { ...over, here }, { rates })))[0]!
    assert.match(
      line,
      /^700\/700 problems · 49 records done here · 96 left for these parts · 12\/min .* so far · 20 SFT/,
    )
    const wanted = { sft: 100, preference: null }
    assert.match(progressLine(viewOf('en', { ...over, here, wanted }, { rates })), /1 min 35 s left/)
    assert.match(plain(progressBlock(viewOf('en', { ...over, here }, { rates })))[0]!, /█ {2}700\/700 problems$/)
  })
})

describe('waitingParts', () => {
  it('are the sinks that wait and Kafka, each with its reason', () => {
    const sinks = [sinkState('clickhouse', { waiting: true, lastError: 'ECONNRESET' }), sinkState('json')]
    const sender = { sent: 0, waiting: 3, downSince: 7, lastError: 'kafka-unreachable' }
    assert.deepEqual(waitingParts(runSnapshot({ sinks, sender })), [
      ['clickhouse', 'ECONNRESET'],
      ['Kafka', 'kafka-unreachable'],
    ])
    assert.deepEqual(waitingParts(runSnapshot({ sinks: [sinkState('json')] })), [])
  })
})

describe('partName', () => {
  it('knows every part of the pipeline, and leaves other names as they are', () => {
    for (const language of ['en', 'ja'] as const) {
      const messages = messagesIn(language)
      for (const name of PART_NAMES) assert.equal(partName(name, messages), messages.parts[name])
      assert.equal(partName('Kafka', messages), 'Kafka')
    }
  })
})
