// kill -9 at several moments of a run: the run that is started again ends with exactly what a run has that nobody
// disturbed, nothing lost and nothing doubled, and only calls of records that were under way are paid again.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Front } from '../../local/engine/front.ts'
import { groupOf, type StageName } from '../../pipeline.ts'
import { problemId } from '../../schemas/ids.ts'
import type { TopicName } from '../../schemas/topics.ts'
import { decodeDoneSet } from '../../stream/done-set.ts'
import { committedPositions } from '../../stream/positions.ts'
import type { Workshop } from '../support/end-to-end.ts'
import {
  dataFiles,
  idsOf,
  logOf,
  messagesOf,
  noRecording,
  openWorkshop,
  query,
  recordingFile,
  recordsOf,
  runName,
  simulatedConfig,
  sorted,
} from '../support/end-to-end.ts'
import { until } from '../support/stream.ts'

const TOTAL = 60
const SAMPLES = 8
/** Sequences in flight at each role's endpoint: few, so that little is under way. */
const LIMIT = 8
const SLOTS = 8
const SEQUENCE_MS = 150
/** Calls of the records at work at once, as pipeline/start-stages.ts has it for this limit. */
const CALLS_AT_WORK = 2 * LIMIT + 4 * SAMPLES
/** More calls than these cannot end within two seconds; finished records are committed every second. */
const CALLS_UNCOMMITTED = (2000 / SEQUENCE_MS) * SLOTS

describe('kill -9', () => {
  let workshop: Workshop
  // Without the recording inventions take its place: the same promises over other texts.
  const recording = noRecording === false ? { recording: recordingFile } : {}
  before(async () => {
    workshop = await openWorkshop()
  })
  after(async () => {
    await workshop.close()
  })

  function run(name: string, { url }: Front) {
    const endpoints = `endpoints=[{url: "${url}", limit: ${LIMIT}}]`
    return workshop.magpie([
      ...['run', '-c', simulatedConfig, '--run', name, '--total', String(TOTAL), '--out', name],
      // One slot after the other: the log has the problems in the same order in every run.
      ...['--set', 'producer.slotsAtOnce=1'],
      ...['questioner', 'answerer', 'sampler'].flatMap((role) => ['--set', `roles.${role}.${endpoints}`]),
      ...['--set', `stages.reward.rewards[0].${endpoints}`],
    ])
  }

  /** What a run came to: each row once, ids as places in the order of making, so that runs can be compared. */
  async function outcome(name: string) {
    const log = await logOf(workshop, name)
    const places = new Map(
      Array.from({ length: TOTAL }, (_, index) => [problemId(name, Math.floor(index / 4), index % 4), index]),
    )
    const once = <Row extends { id: string }>(rows: readonly Row[], text: (row: Row) => string): string[] =>
      sorted(new Set(rows.map((row) => `${String(places.get(row.id.slice(0, 36)))}${row.id.slice(36)} ${text(row)}`)))
    const responses = log.rewarded.flatMap(({ answer, samples }) => [answer!, ...samples])
    const files = await dataFiles(join(workshop.folder, name))
    const tables = await query<{ name: string; id: string }>(
      workshop,
      ['problems', 'rejections', 'responses', 'sft', 'preferences']
        .map((table) => `SELECT '${table}' AS name, id FROM ${table} FINAL WHERE run_id = '${name}'`)
        .join(' UNION ALL '),
    )
    const table = (of: string): string[] => sorted(tables.filter((row) => row.name === of).map(({ id }) => id))
    // What readers see has no repeats, whatever the log has.
    assert.deepEqual(table('problems'), idsOf(log.problems))
    assert.deepEqual(table('rejections'), idsOf(log.rejections))
    assert.deepEqual(table('responses'), idsOf(responses))
    assert.deepEqual(table('sft'), idsOf(log.sft))
    assert.deepEqual(table('preferences'), idsOf(log.preferences))
    assert.deepEqual(sorted(files.sft.flatMap(({ rows }) => rows.map(({ id }) => id))), idsOf(log.sft))
    assert.deepEqual(sorted(files.preference.flatMap(({ rows }) => rows.map(({ id }) => id))), idsOf(log.preferences))
    assert.deepEqual(log.dead, [])
    const refused = new Set(log.rejections.map((row) => row.problemId))
    const accepted = new Set([...log.sft, ...log.preferences].map((row) => row.problemId))
    assert.deepEqual(sorted([...refused, ...accepted]), sorted(places.keys()), 'each problem has one end')
    return {
      problems: once(log.problems, ({ text }) => text),
      rejections: once(log.rejections, ({ reason }) => reason),
      responses: once(responses, ({ text }) => text),
      sft: once(log.sft, ({ instruction, response }) => instruction + response),
      preferences: once(log.preferences, ({ chosen, rejected }) => chosen + rejected),
    }
  }

  /** Keys of the records that a stage has finished, as the broker knows it; a repeat counts again. */
  async function finished(name: string, stage: StageName, topic: TopicName): Promise<string[]> {
    const positions = await committedPositions(workshop.connection, groupOf(name, 'main', stage), [topic])
    const done = new Map(
      positions.map(({ partition, committed }) => [
        partition,
        {
          below: committed?.offset ?? 0,
          above: new Set(committed === null ? [] : decodeDoneSet(committed.offset, committed.metadata)),
        },
      ]),
    )
    return (await messagesOf(workshop, name, topic))
      .filter(({ partition, offset }) => {
        const { below, above } = done.get(partition)!
        return Number(offset) < below || above.has(Number(offset))
      })
      .map(({ key }) => key)
  }

  it('ends with the same set, and repeats only the calls of records that were under way', async () => {
    const calmName = runName('crash-calm')
    const calm = run(calmName, await workshop.serve({ ...recording }))
    assert.equal((await calm.ended).code, 0, calm.said())
    const wanted = await outcome(calmName)

    const name = runName('crash-torn')
    const front = await workshop.serve({ ...recording, slots: SLOTS, medianMs: SEQUENCE_MS, sigma: 0 })
    const chat = () => front.stats().routes['/v1/chat/completions'] ?? { calls: 0, answered: 0, repeated: 0 }
    const questions = () => front.stats().routes['/v1/completions'] ?? { answered: 0, repeated: 0 }
    let chatBound = 0
    let questionBound = 0
    for (const moment of [0, 40, 280]) {
      const torn = run(name, front)
      if (moment === 0) await torn.says(/\n/)
      else
        await until(
          () => chat().answered >= moment,
          () => torn.said(),
          180,
        )
      torn.signal('SIGKILL')
      await torn.ended
      // What the simulator had begun it may still answer, to nobody.
      await until(() => front.stats().running + front.stats().waiting === 0)

      const answered = await finished(name, 'answer', 'screened')
      const sampled = await finished(name, 'sample', 'answered')
      const emitted = (await messagesOf(workshop, name, 'answered')).map(({ key }) => key)
      const unfinished = chat().answered - answered.length - SAMPLES * sampled.length
      assert.ok(
        unfinished <= CALLS_AT_WORK + CALLS_UNCOMMITTED,
        `${unfinished} answered calls were of records that nobody had called finished`,
      )
      // What was sent and not committed is sent again, and the stages behind work on it again.
      const screened = await finished(name, 'screen', 'problems')
      const refusals = await recordsOf(workshop, name, 'rejections', 'Rejection')
      const passed = (await messagesOf(workshop, name, 'screened')).length
      const screenedAgain = passed + refusals.filter(({ stage }) => stage === 'screen').length - screened.length
      const answeredAgain = emitted.length - answered.length
      chatBound += unfinished + (1 + SAMPLES) * Math.max(0, screenedAgain) + SAMPLES * Math.max(0, answeredAgain)
      const problems = await messagesOf(workshop, name, 'problems')
      questionBound += questions().answered - new Set(problems.map(({ key }) => key)).size / 4
    }
    const last = run(name, front)
    assert.equal((await last.ended).code, 0, last.said())

    assert.deepEqual(await outcome(name), wanted)
    assert.ok(chat().repeated <= chatBound, `${chat().repeated} repeated, ${chatBound} under way`)
    assert.ok(chatBound < chat().calls / 2, `${chatBound} of ${chat().calls} calls were under way`)
    assert.ok(questions().repeated <= questionBound)
  })
})
