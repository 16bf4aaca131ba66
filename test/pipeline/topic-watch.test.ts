// Holds pipeline/topic-watch.ts: topics that are gone or wider are told from those that a broker does not show for a
// moment, and a run that was begun by an older version of the program may lack what a newer one keeps.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ReadingPart } from '../../pipeline/standing.ts'
import { missingAtStart, topicFault, watchTopics } from '../../pipeline/topic-watch.ts'
import { permanent, transient } from '../../schemas/failure.ts'

const readers: readonly ReadingPart[] = [
  { part: 'screen', topics: ['problems'], writes: ['screened', 'rejections', 'dead-letters'] },
  { part: 'tag', topics: ['screened'], writes: ['tagged', 'rejections', 'dead-letters'] },
  { part: 'clickhouse', topics: ['runs', 'spending', 'rejections'] },
]
const WHOLE: readonly (readonly [string, number])[] = [
  ...(['problems.r', 'runs', 'starts', 'spending.r'] as const).map((name) => [name, 1] as const),
  ...(['screened.r', 'tagged.r', 'rejections.r', 'dead-letters', 'calls', 'sft'] as const).map(
    (name) => [name, 12] as const,
  ),
]
const counts = (changed: Readonly<Record<string, number | null>> = {}): Map<string, number> =>
  new Map(
    WHOLE.flatMap(([name, count]) => {
      const now = changed[name] === undefined ? count : changed[name]
      return now === null ? [] : [[name, now] as const]
    }),
  )
const run = { runId: 'one', revision: 'r', readers, topics: counts() }

describe('the topics of a run at work', () => {
  it('may stay as they are, and others may come and go', () => {
    assert.equal(topicFault(run, counts()), null)
    assert.equal(topicFault(run, counts({ sft: null })), null)
  })

  it('are named when they are gone, with what to do', () => {
    const fault = topicFault(run, counts({ 'screened.r': null, runs: null }))
    assert.deepEqual([fault?.code, fault?.retry], ['topic-gone', 'permanent'])
    assert.match(
      fault!.message,
      /topics screened\.r, runs of run one were deleted .*magpie audit --run one, .*--run NAME/,
    )
  })

  it('are gone when they were made anew with fewer partitions', () => {
    assert.match(topicFault(run, counts({ 'tagged.r': 1 }))!.message, /topic tagged\.r of run one was deleted/)
  })

  it('are read anew when one that is read has more partitions, and are let be when none reads them', () => {
    const fault = topicFault(run, counts({ 'screened.r': 20 }))
    assert.deepEqual([fault?.code, fault?.retry], ['partitions-added', 'permanent'])
    assert.match(fault!.message, /screened\.r \(12 before, 20 now\).*start run one again/)
    assert.equal(topicFault(run, counts({ 'tagged.r': 20, calls: 20, 'dead-letters': 20 })), null)
  })
})

describe('the topics of a known run that starts', () => {
  it('must be there where they hold its records', () => {
    assert.equal(missingAtStart(run, counts()), null)
    assert.match(missingAtStart(run, counts({ 'rejections.r': null }))!.message, /topic rejections\.r of run one/)
  })

  it('may lack the books of the program, which a newer version adds to', () => {
    assert.equal(missingAtStart(run, counts({ calls: null, 'spending.r': null, starts: null })), null)
  })
})

describe('the watch over topics', () => {
  /** Watches with these answers in turn and no waits; stops when they are used up. */
  async function watch(answers: readonly (Map<string, number> | Error)[]) {
    const halt = new AbortController()
    let looks = 0
    const look = async () => {
      await Promise.resolve()
      const answer = answers[looks++]!
      if (answer instanceof Error) throw answer
      return answer
    }
    const stopped = Promise.withResolvers<null>()
    const pause = async () => {
      await Promise.resolve()
      if (looks === answers.length) {
        halt.abort(transient('stopped', 'the run was stopped'))
        stopped.resolve(null)
      }
      return !halt.signal.aborted
    }
    const failed = watchTopics(run, look, halt.signal, pause).catch((error: unknown) => error)
    return { fault: (await Promise.race([failed, stopped.promise])) as { code?: string } | null, looks }
  }
  const gone = counts({ 'screened.r': null })

  it('fails the run when a topic is gone in three looks in a row', async () => {
    const { fault, looks } = await watch([counts(), gone, gone, gone, gone])
    assert.deepEqual([fault?.code, looks], ['topic-gone', 4])
  })

  it('lets a topic come back that a broker did not show', async () => {
    assert.equal((await watch([gone, gone, counts(), gone, gone, counts()])).fault, null)
  })

  it('says nothing when the run has ended meanwhile', async () => {
    const halt = new AbortController()
    const look = () => {
      halt.abort(transient('stopped', 'the run was stopped'))
      return Promise.reject(transient('kafka-unavailable', 'down'))
    }
    const watched = watchTopics(run, look, halt.signal, () => Promise.resolve(!halt.signal.aborted))
    const later = new Promise((resolve) => setImmediate(resolve, 'later'))
    assert.equal(await Promise.race([watched, later]), 'later')
  })

  it('waits out a broker that is gone, and throws what no waiting mends', async () => {
    assert.equal((await watch([transient('kafka-unavailable', 'down'), counts()])).fault, null)
    assert.equal((await watch([permanent('kafka-refused', 'not allowed')])).fault?.code, 'kafka-refused')
  })
})
