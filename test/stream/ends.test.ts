// A record has one end, whatever happens to the process that works on it and however different a second answer would
// be: kill -9 at every moment of sending, and a process that is stopped beyond its session and goes on.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { groupPosition } from '../../stream/groups-admin.ts'
import { FROM_HEADER, PART_HEADER, STAGE_HEADER } from '../../stream/outgoing.ts'
import type { Given } from '../support/fickle-process.ts'
import { type Bench, openBench, problemMessages, until } from '../support/stream.ts'

describe('the end of a record', () => {
  let bench: Bench
  const children: ChildProcess[] = []
  before(async () => {
    bench = await openBench()
  })
  after(async () => {
    for (const child of children) child.kill('SIGKILL')
    await bench.close()
  })

  /** Topics with so many problems in them, and a stage that answers differently each time. */
  async function setUp(first: number) {
    let count = 0
    const runId = bench.name('run')
    const revision = bench.name('r')
    const from = await bench.topic(4, 'from')
    // More partitions than the input has, and fewer.
    const to = await bench.topic(8, 'to')
    const second = await bench.topic(2, 'second')
    const rejections = `rejections.${revision}`
    await bench.createTopics({ [rejections]: 4, 'dead-letters': 4 })
    const group = bench.name('group')
    const feed = async (more: number) => {
      await bench.sender.send(problemMessages(bench.codec, from, runId, more, count))
      count += more
    }
    await feed(first)
    const run = (more: Pick<Given, 'milliseconds' | 'sessionTimeoutMs' | 'die'>) => {
      const brokers = bench.connection.brokers.join(',')
      const given: Given = { brokers, runId, revision, from, to, second, group, ...more }
      const child = spawn(
        process.execPath,
        [join(import.meta.dirname, '../support/fickle-process.ts'), JSON.stringify(given)],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )
      const lines: string[] = []
      child.stdout.setEncoding('utf8').on('data', (text: string) => lines.push(...text.trimEnd().split('\n')))
      children.push(child)
      return { child, lines, closed: once(child, 'close') }
    }
    const lag = async () =>
      (await groupPosition(bench.connection, group, [from])).reduce((sum, each) => sum + each.lag, 0)
    /** All messages by what they came of; of a record with two, both parts are one end if they say the same. */
    const ends = async () => {
      const found = new Map<string, string[]>()
      for (const topic of [to, second, rejections, 'dead-letters']) {
        for (const { headers, value } of await bench.read(topic)) {
          if (headers['magpie.run'] !== runId || headers[STAGE_HEADER] !== 'fickle') continue
          const text = topic === to || topic === second ? bench.codec.decode('Problem', value).text : topic
          const place = headers[FROM_HEADER]!
          found.set(place, [...(found.get(place) ?? []), `${headers[PART_HEADER] ?? '1/1'} ${text}`])
        }
      }
      return found
    }
    const assertOneEnd = async () => {
      const found = await ends()
      assert.equal(found.size, count, 'every record has an end')
      const doubled = [...found].filter(([, messages]) => {
        const [whole] = messages
        if (messages.length === 1) return !whole!.startsWith('1/1 ')
        return messages.length !== 2 || messages.toSorted()[1] !== whole!.replace(/^./, '2')
      })
      assert.deepEqual(doubled, [], 'no record has two')
    }
    return { run, feed, lag, assertOneEnd }
  }

  it('is the only one after kill -9 while outputs are sent, and between sending and committing', async () => {
    // More than the rounds can end: in each at most 35 sendings until the kill, and what is in flight beside them.
    const { run, lag, assertOneEnd } = await setUp(450)
    let sent = 0
    for (let round = 0; round < 8; round += 1) {
      const when = round % 2 === 0 ? 'acknowledged' : 'sending'
      const { lines, closed } = run({ milliseconds: 5, die: { when, count: 1 + randomInt(35) } })
      await closed
      sent += lines.filter((line) => line.startsWith('sent')).length
    }
    assert.ok(sent < 450, 'killed before the end')
    const { child, closed } = run({ milliseconds: 5 })
    await until(async () => (await lag()) === 0, undefined, 180)
    child.kill('SIGKILL')
    await closed
    await assertOneEnd()
  })

  it('is the only one while members come and go', async () => {
    const { run, feed, lag, assertOneEnd } = await setUp(200)
    const steady = run({ milliseconds: 60 })
    await until(() => steady.lines.some((line) => line.startsWith('sent')))
    for (let round = 0; round < 3; round += 1) {
      const guest = run({ milliseconds: 60 })
      const isAtWork = async () => {
        // Enough for both, however long the guest takes to come.
        if ((await lag()) < 200) await feed(200)
        return guest.lines.filter((line) => line.startsWith('sent')).length > 20
      }
      await until(isAtWork, undefined, 180)
      guest.child.kill('SIGTERM')
      await guest.closed
    }
    await until(async () => (await lag()) === 0, undefined, 180)
    steady.child.kill('SIGKILL')
    await steady.closed
    await assertOneEnd()
  })

  it('is the only one when a process is stopped, another takes over, and the first goes on', async () => {
    const { run, lag, assertOneEnd } = await setUp(300)
    const session = { milliseconds: 400, sessionTimeoutMs: 6000 }
    const first = run(session)
    await until(() => first.lines.filter((line) => line.startsWith('sent')).length > 40, undefined, 180)
    const working = () => first.lines.filter((line) => line.startsWith('at work')).length
    const before = working()
    await until(() => working() > before)
    first.child.kill('SIGSTOP')
    const second = run({ ...session, milliseconds: 20 })
    const taken = () => second.lines.filter((line) => line.startsWith('sent')).length
    await until(() => taken() > 100, undefined, 180)
    first.child.kill('SIGCONT')
    await until(async () => (await lag()) === 0, undefined, 180)
    for (const { child, closed } of [first, second]) {
      child.kill('SIGKILL')
      await closed
    }
    await assertOneEnd()
  })
})
