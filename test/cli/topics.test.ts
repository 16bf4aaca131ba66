// magpie topics on a real Kafka of its own: what it shows of topics and stages, and how topics are kept as a config says,
// with words before records are lost. And what the tables say, without a Kafka.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { bytesText, createStageRates, keptText, renderTopics, timeText } from '../../cli/topics-view.ts'
import type { TopicsLook } from '../../cli/topics-view.ts'
import { configSchema } from '../../configs/schema.ts'
import { groupOf } from '../../pipeline.ts'
import { publishRunState } from '../../pipeline/run-records.ts'
import { createCodec } from '../../schemas/codec.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { topicChanges } from '../../stream/apply-topics.ts'
import { moveGroupToBeginning } from '../../stream/groups-admin.ts'
import { createSender } from '../../stream/sender.ts'
import { topicSettings } from '../../stream/topic-sizes.ts'
import { ensureTopics } from '../../stream/topics-admin.ts'
import { openWorkshop } from '../support/end-to-end.ts'
import type { Workshop } from '../support/end-to-end.ts'
import { startOwnKafka } from '../support/kafka.ts'
import { problemMessages } from '../support/stream.ts'

const DAY_MS = 86_400_000

describe('magpie topics', () => {
  let workshop: Workshop
  before(async () => {
    workshop = await openWorkshop(await startOwnKafka())
    const { connection } = workshop
    await ensureTopics(connection, { revision: 'main' })
    await ensureTopics(connection, { revision: 'strict', names: ['verified'] })
    const [codec, sender] = [await createCodec(), await createSender(connection, silentLogger)]
    const old = Date.now() - 10 * DAY_MS
    const messages = problemMessages(codec, 'problems', 'waits', 50)
    await sender.send(messages.map((each, index) => ({ ...each, timestamp: index < 40 ? old : Date.now() })))
    for (const run of ['waits', 'over']) {
      const config = JSON.stringify(configSchema.parse({ name: run }))
      const identity = { runId: run, revision: 'main', config, configHash: 'ab12', version: '1.2.3' }
      await publishRunState(sender, codec, identity, run === 'over' ? 'finished' : 'stopped', { now: 1, startedAt: 1 })
      await moveGroupToBeginning(connection, groupOf(run, 'main', 'screen'), ['problems'])
    }
    await sender.close()
  })
  after(async () => {
    await workshop.close()
  })

  const magpie = async (...words: string[]) => await workshop.magpie(words).ended
  const configWith = async (topics: string): Promise<string> => {
    const file = join(workshop.folder, 'kept.yaml')
    await writeFile(file, `name: kept\nkafka:\n  topics:\n${topics}`)
    return file
  }
  const settingOf = async (topic: string, setting: string) =>
    (await topicSettings(workshop.connection, [topic])).get(topic)?.[setting]

  it('shows what topics hold and how far stages are behind', async () => {
    const { code, out, error } = await magpie('topics', '--json')
    assert.equal(code, 0, error)
    const { topics, stages } = JSON.parse(out) as TopicsLook
    const problems = topics.find(({ topic }) => topic === 'problems')!
    assert.deepEqual([problems.records, problems.partitions, problems.revision], [50, 1, 'main'])
    assert.ok((problems.bytes ?? 0) > 0 && problems.first! < problems.last!)
    assert.equal(topics.find(({ topic }) => topic === 'verified.strict')?.revision, 'strict')
    assert.deepEqual(
      stages.map(({ run, stage, state, lag }) => [run, stage, state, lag]),
      [
        ['over', 'screen', 'finished', 0],
        ['waits', 'screen', 'stopped', 50],
      ],
    )
    const plain = await magpie('topics')
    assert.match(plain.out, /problems +1 +50 .*for ever/)
    assert.match(plain.out, /waits +main +screen +stopped +50/)
    assert.match(plain.out, /and 1 stage of finished runs \(--all shows them\)/)
    assert.doesNotMatch(plain.out, /verified\.strict/)
    const one = await magpie('topics', '--revision', 'strict', '--all')
    assert.match(one.out, /verified\.strict +12 +0/)
    assert.doesNotMatch(one.out, /problems/)
  })

  it('goes on with --watch until Ctrl-C, which ends it with 130', async () => {
    const watching = workshop.magpie(['topics', '--watch', '1', '--json'])
    await watching.says(/"topics".*\n.*"topics"/s)
    watching.signal('SIGINT')
    assert.equal((await watching.ended).code, 130, watching.said())
  })

  it('refuses a run or revision that is not there, and says what is', async () => {
    const run = await magpie('topics', '--run', 'nope')
    assert.deepEqual(
      [run.code, /^magpie: there is no run nope in Kafka at \S+; there is (waits, over|over, waits)/.test(run.error)],
      [2, true],
    )
    const revision = await magpie('topics', '--revision', 'nope')
    assert.deepEqual(
      [
        revision.code,
        /^magpie: there is no run of revision nope in Kafka at \S+; of revisions there is main/.test(revision.error),
      ],
      [2, true],
    )
  })

  it('keeps topics of all revisions as the config says, when told to', async () => {
    const file = await configWith('    verified:\n      retentionMs: 604800000\n      segmentBytes: 2097152\n')
    const dry = await magpie('topics', 'apply', '-c', file, '--dry-run')
    assert.equal(dry.code, 0, dry.error)
    assert.match(dry.out, /verified\.strict: retention\.ms -1 -> 604800000/)
    assert.match(dry.out, /2 topics would be changed/)
    assert.equal(await settingOf('verified', 'retention.ms'), '-1')
    const done = await magpie('topics', 'apply', '-c', file)
    assert.equal(done.code, 0, done.error)
    for (const topic of ['verified', 'verified.strict']) {
      assert.equal(await settingOf(topic, 'retention.ms'), '604800000')
      assert.equal(await settingOf(topic, 'segment.bytes'), '2097152')
    }
    // What was set for the topic besides is still there.
    assert.equal(await settingOf('verified', 'cleanup.policy'), 'delete')
    const again = await magpie('topics', 'apply', '-c', file)
    assert.match(again.out, /all topics are kept as the config says/)
    const wanted = { verified: { retentionMs: 604_800_000 } }
    assert.deepEqual(await topicChanges(workshop.connection, wanted), [])
  })

  it('loses records of a run that has not read them only on a word', async () => {
    const file = await configWith('    problems:\n      retentionMs: 604800000\n')
    const refused = await magpie('topics', 'apply', '-c', file)
    assert.equal(refused.code, 2)
    assert.match(
      refused.error,
      /problems: retention\.ms takes 40 records, and screen of run waits has not read 40 of them: nothing was changed; give --yes/,
    )
    assert.equal(await settingOf('problems', 'retention.ms'), '-1')
    const dry = await magpie('topics', 'apply', '-c', file, '--dry-run')
    assert.equal(dry.code, 0, dry.error)
    assert.match(dry.out, /problems: retention\.ms takes 40 records, .*: it would need --yes/)
    const json = await magpie('topics', 'apply', '-c', file, '--dry-run', '--json')
    const { losses, applied } = JSON.parse(json.out) as { losses: { records: number }[]; applied: boolean }
    assert.deepEqual([json.code, applied, losses.map(({ records }) => records)], [0, false, [40]])
    assert.equal(await settingOf('problems', 'retention.ms'), '-1')
    const told = await magpie('topics', 'apply', '-c', file, '--yes')
    assert.equal(told.code, 0, told.error)
    assert.equal(await settingOf('problems', 'retention.ms'), '604800000')
  })

  it('refuses a config that would compact a topic of records', async () => {
    const file = await configWith('    sampled:\n      cleanup: compact\n    runs:\n      cleanup: delete\n')
    const { code, error } = await magpie('topics', 'apply', '-c', file)
    assert.equal(code, 2)
    assert.match(error, /kafka\.topics\.sampled\.cleanup.*cannot be compacted/)
    assert.match(error, /kafka\.topics\.runs\.cleanup.*kept by key/)
  })
})

describe('the tables of topics', () => {
  it('say sizes, times and keeping in few words', () => {
    assert.deepEqual([0, 999, 1234, 1e8, 2.5e12].map(bytesText), ['0 B', '999 B', '1.2 kB', '100 MB', '2.5 TB'])
    assert.deepEqual([2.1, 61, 7300, 200_000].map(timeText), ['3 s', '2 min', '2 h 2 min', '2 d'])
    assert.equal(keptText({ 'cleanup.policy': 'delete', 'retention.ms': '-1' }), 'for ever')
    assert.equal(keptText({ 'cleanup.policy': 'compact', 'retention.ms': '1000' }), 'newest of each key')
    assert.equal(
      keptText({ 'cleanup.policy': 'compact,delete', 'retention.ms': '604800000', 'retention.bytes': '1000000' }),
      'newest of each key, 7 d, 1.0 MB a partition',
    )
  })

  it('tell how long a stage needs from what it gained on its topic', () => {
    const rates = createStageRates()
    const at = (now: number, committed: number, end: number) => {
      const position = { topic: 'problems', partition: 0, low: 0, end, committed, doneAbove: 0, lag: end - committed }
      const group = { run: 'a', revision: 'main', part: 'screen', state: 'running' as const, positions: [position] }
      const { stages } = rates({ now, sizes: [], groups: [group] })
      const { rate, secondsLeft } = stages[0]!
      return { rate, secondsLeft }
    }
    assert.deepEqual(at(0, 0, 1000), { rate: null, secondsLeft: null })
    assert.deepEqual(at(10_000, 100, 1050), { rate: 10, secondsLeft: 190 })
    assert.deepEqual(at(20_000, 150, 1400), { rate: 7.5, secondsLeft: null })
  })

  it('stay short with hundreds of topics of which most are empty', () => {
    const topic = (index: number) => ({
      ...{ topic: `verified.r${index}`, revision: `r${index}`, partitions: 12, records: index === 7 ? 3 : 0 },
      ...{ bytes: 0, first: null, last: null, rate: 0, kept: {} },
    })
    const text = renderTopics({ topics: Array.from({ length: 300 }, (_, index) => topic(index)), stages: [] }, false)
    assert.ok(text.split('\n').length < 8, text)
    assert.match(text, /and 299 empty topics/)
  })
})
