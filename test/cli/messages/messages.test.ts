// Holds the catalogues of cli/messages to each other: the same keys, the same figures in each sentence, and
// Japanese where Japanese is asked for.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { messagesIn } from '../../../cli/messages/choose.ts'
import { dollars } from '../../../cli/messages/money.ts'
import type { Messages } from '../../../cli/messages/contract.ts'

const en = messagesIn('en')
const ja = messagesIn('ja')

/** Every sentence with telling parameters; null: the key holds text and not a function. */
const SENTENCES: { readonly [Key in keyof Messages]: ((messages: Messages) => string) | null } = {
  language: null,
  parts: null,
  services: null,
  columns: null,
  etaUnknown: null,
  budgetClosed: null,
  sharingNoMore: null,
  probeRemoved: null,
  probing: (messages) => messages.probing('my-run', 20),
  probed: (messages) => messages.probed(41_000, 1.25, 12),
  pressAgain: null,
  filesWritten: null,
  noFiles: null,
  nextCommands: null,
  smallModel: null,
  oneSetMissing: null,
  serviceStarting: (messages) => messages.serviceStarting('kafka'),
  serviceStartedElsewhere: (messages) => messages.serviceStartedElsewhere('model', 4711),
  portMoved: (messages) => messages.portMoved('kafka', 9092, 9095),
  installing: (messages) => messages.installing('node-llama-cpp'),
  serviceReady: (messages) => messages.serviceReady('kafka', '127.0.0.1:9092', 3),
  step: (messages) => messages.step({ what: 'model', done: 12_500_000, total: 92_871_040, unit: 'bytes' }),
  started: (messages) => messages.started('my-run', 200, ['5 rows']),
  importing: (messages) => messages.importing('my-run', 'amc23.jsonl'),
  resumed: (messages) => messages.resumed('my-run', 37, 200),
  replaying: (messages) => messages.replaying('my-run (strict)', 'sampled', 'main', 37),
  sharing: (messages) => messages.sharing(0.2),
  behind: (messages) => messages.behind(10),
  replayResumed: (messages) => messages.replayResumed('my-run (strict)', false),
  allRead: (messages) => messages.allRead(200),
  kept: (messages) => messages.kept([{ role: 'sampler', kept: 1600, asked: 37 }]),
  finishedAlready: (messages) => messages.finishedAlready('my-run'),
  configChanged: (messages) => messages.configChanged(['total', 'roles.sampler.model']),
  endpointsChanged: (messages) => messages.endpointsChanged(['http://a:8000', 'http://b:8000']),
  settingsWait: (messages) => messages.settingsWait(['stages.sample.n']),
  configChangedFor: (messages) =>
    messages.configChangedFor('answer', { settings: ['roles.answerer.model'], done: 1204, left: 96, isExact: true }),
  configRefused: (messages) => messages.configRefused(['a.yaml:3:5 is not valid YAML']),
  joined: (messages) => messages.joined('my-run'),
  left: (messages) => messages.left('my-run'),
  worked: (messages) => messages.worked(1204, 96),
  partsHere: (messages) => messages.partsHere([messages.parts.verify, messages.parts.curate]),
  waitingForLeader: (messages) => messages.waitingForLeader('my-run'),
  kafkaSilent: (messages) => messages.kafkaSilent('127.0.0.1:9092', 'it says nothing'),
  waitingForReplay: (messages) => messages.waitingForReplay('my-run', 'strict', ['main', 'loose']),
  producing: (messages) => messages.producing(37, 200),
  endpointWaiting: (messages) => messages.endpointWaiting('http://a:8000', 'ECONNREFUSED'),
  engine: (messages) => messages.engine('http://a:8000', 212, 282, "26 wait in the engine's queue"),
  moreEngines: (messages) => messages.moreEngines(3),
  endpointReturned: (messages) => messages.endpointReturned('http://a:8000', 42),
  waitingFor: (messages) => messages.waitingFor('ClickHouse', 'ECONNRESET'),
  goingOn: (messages) => messages.goingOn('ClickHouse'),
  keptOtherwise: (messages) => messages.keptOtherwise(['sampled', 'runs']),
  moved: (messages) => messages.moved('http://a:8123/magpie', 'http://b:8123/magpie'),
  refilling: (messages) => messages.refilling('ClickHouse'),
  brokenLines: (messages) => messages.brokenLines(17, './magpie sql'),
  backPressure: (messages) => messages.backPressure(512),
  fewer: (messages) => messages.fewer(['3 of 5 rows']),
  acceptReached: (messages) => messages.acceptReached(30, 12),
  totalReached: (messages) => messages.totalReached(200),
  problems: (messages) => messages.problems(31),
  rangeRead: (messages) => messages.rangeRead(0.42),
  rejected: (messages) => messages.rejected(32),
  deadLetters: (messages) => messages.deadLetters(33),
  sftRecords: (messages) => messages.sftRecords(34),
  preferenceRecords: (messages) => messages.preferenceRecords(35),
  spent: (messages) => messages.spent({ name: 'usd', spent: 12.5, limit: 200 }),
  unmeasured: (messages) => messages.unmeasured(42),
  budgetEnded: (messages) => messages.budgetEnded('my-run', { name: 'tokens', spent: 990_000, limit: 1_000_000 }),
  rate: (messages) => messages.rate(12),
  tokensPerSecond: (messages) => messages.tokensPerSecond(1234.4),
  eta: (messages) => messages.eta(90),
  elapsed: (messages) => messages.elapsed(3720),
  duration: (messages) => messages.duration(59),
  draining: (messages) => messages.draining(64, 10),
  smallerTotal: (messages) => messages.smallerTotal('my-run', 200, 100),
  cutOff: (messages) => messages.cutOff([{ part: 'answer', records: 12 }]),
  interrupted: (messages) => messages.interrupted('my-run'),
  done: (messages) => messages.done('my-run', 125),
  failed: (messages) => messages.failed('my-run', 'share'),
  file: (messages) => messages.file('data/a.json', 41, 3),
  logFile: (messages) => messages.logFile('.magpie/run.log'),
}

const figures = (text: string): string[] => (text.match(/\d[\d,.:]*\d|\d/g) ?? []).sort()

const names =
  /my-run|amc23\.jsonl|http:\/\/a:8000|ECONN\w+|ClickHouse|Kafka|a\.jsonl|data\/a\.json|\.magpie\/run\.log|127\.0\.0\.1:9092/g

const isJapanese = (text: string): boolean => /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u.test(text)

describe('messages', () => {
  it('are chosen by their language', () => {
    assert.deepEqual([en.language, ja.language], ['en', 'ja'])
  })

  it('have the same keys in both languages, all of them tried here', () => {
    assert.deepEqual(Object.keys(en).sort(), Object.keys(ja).sort())
    assert.deepEqual(Object.keys(SENTENCES).sort(), Object.keys(en).sort())
    for (const group of ['parts', 'services', 'columns'] as const) {
      assert.deepEqual(Object.keys(en[group]).sort(), Object.keys(ja[group]).sort())
    }
  })

  it('say the same figures and names', () => {
    for (const [key, say] of Object.entries(SENTENCES)) {
      if (say === null) continue
      const [english, japanese] = [say(en), say(ja)]
      assert.deepEqual(figures(japanese), figures(english), `${key}: ${english} | ${japanese}`)
      assert.deepEqual(japanese.match(names) ?? [], english.match(names) ?? [], key)
    }
  })

  it('are Japanese in ja and never in en', () => {
    const plain = [
      'etaUnknown',
      'budgetClosed',
      'probeRemoved',
      'pressAgain',
      'filesWritten',
      'noFiles',
      'nextCommands',
      'smallModel',
      'oneSetMissing',
    ] as const
    for (const key of plain) assert.deepEqual([isJapanese(ja[key]), isJapanese(en[key])], [true, false], key)
    const without = new Set(['step'])
    for (const [key, say] of Object.entries(SENTENCES)) {
      if (say === null) continue
      assert.equal(isJapanese(say(en)), false, key)
      if (!without.has(key)) assert.equal(isJapanese(say(ja)), true, key)
    }
  })

  it('count one thing as one', () => {
    assert.deepEqual([en.problems(1), en.problems(2), en.problems(1500)], ['1 problem', '2 problems', '1,500 problems'])
  })

  it('write durations in the largest two units', () => {
    assert.deepEqual(
      [0, 59.6, 3599, 7380].map((seconds) => en.duration(seconds)),
      ['0 s', '1 min 0 s', '59 min 59 s', '2 h 3 min'],
    )
    assert.deepEqual(
      [0, 59.6, 3599, 7380].map((seconds) => ja.duration(seconds)),
      ['0秒', '1分0秒', '59分59秒', '2時間3分'],
    )
  })

  it('write money with cents, and with two digits below a dollar', () => {
    assert.deepEqual([0, 0.00123, 0.5, 1, 1234.567].map(dollars), ['$0.00', '$0.0012', '$0.50', '$1.00', '$1,234.57'])
  })

  it('do without a total where there is none', () => {
    for (const messages of [en, ja]) {
      const sentences = [messages.started('r', null, []), messages.resumed('r', 3, null), messages.producing(3, null)]
      assert.doesNotMatch(sentences.join(), /null|NaN|undefined/)
      const spent = messages.spent({ name: 'hours', spent: 1.5, limit: null })
      assert.doesNotMatch(messages.probed(3, null, 1), /null|NaN|\$/)
      assert.doesNotMatch(spent, /null|NaN| of |\//)
      assert.doesNotMatch(messages.step({ what: 'x', done: 3, total: null, unit: 'steps' }), /null|NaN/)
    }
  })
})
