// Holds pipeline/open-run.ts on a real log: one process leads a run at a time, a new run begins at the ends, a
// worker waits for its leader.

import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { configSchema } from '../../configs/schema.ts'
import type { PartName } from '../../pipeline.ts'
import { openRun } from '../../pipeline/open-run.ts'
import type { OpenRun } from '../../pipeline/open-run.ts'
import type { RunParts } from '../../pipeline/run-contract.ts'
import { lagOf, throughCheck } from '../../pipeline/standing.ts'
import { publishRunRecord, readRunRecords, SILENT_MS } from '../../pipeline/run-records.ts'
import { readStarts } from '../../pipeline/run-starts.ts'
import { assertSoleSinks } from '../../pipeline/sole-sinks.ts'
import { UsageFault } from '../../schemas/failure.ts'
import type { RunRecord, RunState } from '../../schemas/records.ts'
import { TOPIC_NAMES, topicFor } from '../../schemas/topics.ts'
import { stamp } from '../../stream/outgoing.ts'
import { deleteTopics, topicNames } from '../../stream/topics-admin.ts'
import { until } from '../support/stream.ts'
import { NOW, openRunBench } from './run-bench.ts'
import type { RunBench } from './run-bench.ts'

const SIGNAL = new AbortController().signal
const HERE = import.meta.dirname

let bench: RunBench
before(async () => {
  bench = await openRunBench()
})
after(async () => {
  await bench.close()
})

/** Opens a run for as long as the test looks at it. */
async function opened<Result>(parts: RunParts, look: (run: OpenRun) => Promise<Result>): Promise<Result> {
  const run = await openRun(parts, SIGNAL)
  try {
    return await look(run)
  } finally {
    await run.close()
  }
}

/** Another process that leads the run until it is killed. */
async function leader(runId: string, ...parts: string[]) {
  const { connection, revision } = bench
  const child = spawn(
    process.execPath,
    [join(HERE, 'leading-process.ts'), connection.brokers.join(','), runId, revision, '{}', ...parts],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const [text] = (await once(child.stdout, 'data')) as [Buffer]
  assert.equal(text.toString(), 'leads\n')
  return {
    pid: child.pid!,
    async kill() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

/** A time of the run; when it is asked for first, behind all looks and before the claim, something happens. */
function firstAsked(happens: () => void): () => number {
  let isAsked = false
  return () => {
    if (!isAsked) happens()
    isAsked = true
    return NOW
  }
}

/** Another process that drops, while this one stands still: it says so, or takes the topics too and says that it is done. */
function dropElsewhere(runId: string, revision: string, way: 'begins' | 'ends' = 'begins'): void {
  const words = [join(HERE, 'dropping-process.ts'), bench.connection.brokers.join(','), runId, revision, way]
  execFileSync(process.execPath, words, { stdio: 'inherit', timeout: 180_000 })
}

describe('a run that is opened', () => {
  it('has its topics, and stands at their ends', async () => {
    await opened(bench.parts('older'), async () => {
      await bench.fill('problems', 'older', [0, 1, 2])
      await bench.fill('sft', 'older', [0])
    })
    const names = await topicNames(bench.connection)
    for (const name of TOPIC_NAMES) assert.ok(names.includes(topicFor(name, bench.revision)), name)
    await opened(bench.parts('new'), async (run) => {
      assert.equal(run.previous, null)
      assert.equal(run.startedAt, NOW)
      // The topic `runs` is shared with other tests, which may be writing to it.
      const readers = run.readers.filter(({ part }) => part !== 'clickhouse')
      assert.equal(readers.length, run.planned.length + 1)
      assert.equal(await throughCheck(run, readers)(), true)
      await bench.fill('problems', 'new', [7])
      assert.equal(await lagOf(run, readers[0]!), 1)
    })
  })

  it('goes on where it stood, with its first start, when it is opened again', async () => {
    await opened(bench.parts('again'), async (run) => {
      await run.publish('running')
      await bench.fill('problems', 'again', [0, 1])
      await run.publish('stopped')
    })
    await opened(bench.parts('again', { now: () => NOW + 60_000 }), async (run) => {
      assert.equal(run.previous?.state, 'stopped')
      assert.deepEqual([run.startedAt, run.previous.configHash, run.previous.version], [NOW, 'ab12', '1.2.3'])
      assert.equal(await lagOf(run, run.readers[0]!), 2)
      await run.publish('finished')
      const state = await run.readState(SIGNAL)
      assert.deepEqual([state?.state, state?.startedAt, state?.finishedAt], ['finished', NOW, NOW + 60_000])
    })
  })

  it('refuses a second leader by process and host, and lets one in when the first was killed', async () => {
    const first = await leader('claimed')
    try {
      await assert.rejects(openRun(bench.parts('claimed'), SIGNAL), (error) => {
        assert.ok(error instanceof UsageFault, String(error))
        assert.match(error.message, new RegExp(`run claimed .*process ${first.pid} on ${hostname()}.*--revision`))
        return true
      })
      await opened(bench.parts('other-name'), (run) => {
        assert.equal(run.previous, null)
        return Promise.resolve()
      })
    } finally {
      await first.kill()
    }
    await opened(bench.parts('claimed'), (run) => {
      assert.equal(run.previous?.pid, first.pid)
      assert.equal(run.previous.state, 'running')
      return Promise.resolve()
    })
  })

  it('lets one of two lead that claim it at the same moment, and the other leaves no trace', async () => {
    const { connection, revision } = bench
    const folder = await mkdtemp(join(tmpdir(), 'magpie-claims-'))
    const said = join(folder, 'said')
    const out = openSync(said, 'w')
    const words = [join(HERE, 'leading-process.ts'), connection.brokers.join(','), 'raced', revision]
    let other: ChildProcess | null = null
    // openRun asks for the time when it has seen that nobody holds the run and has not claimed it yet: right then,
    // with this process standing still, the other one claims it.
    const now = (): number => {
      if (other === null) {
        other = spawn(process.execPath, words, { stdio: ['ignore', out, 'inherit'] })
        for (let looks = 0; statSync(said).size === 0; looks += 1) {
          assert.ok(looks < 3000, 'the other process leads within 150 s')
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
        }
      }
      return NOW
    }
    const refusal = (error: unknown): boolean => {
      assert.ok(error instanceof UsageFault, String(error))
      assert.match(error.message, new RegExp(`run raced .*process ${other?.pid} on`))
      return true
    }
    try {
      await assert.rejects(openRun(bench.parts('raced', { now }), SIGNAL), refusal)
      assert.equal(readFileSync(said, 'utf8'), 'leads\n')
      // The claim that lost does not hide who leads.
      await assert.rejects(openRun(bench.parts('raced'), SIGNAL), refusal)
    } finally {
      const child = other as ChildProcess | null
      if (child !== null) {
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
      closeSync(out)
      await rm(folder, { recursive: true })
    }
  })

  it('writes nothing any more when it was stopped and another process leads, and says so', async () => {
    let slept = 0
    const moment = () => ({ wall: NOW + slept, steady: slept })
    await opened(bench.parts('slept', { now: () => NOW - 100_000, moment }), async (run) => {
      await run.publish('running')
      const second = await leader('slept')
      try {
        slept = 60_000
        const lost = { code: 'lead-lost', retry: 'permanent', message: new RegExp(`led by process ${second.pid} on`) }
        await assert.rejects(run.publish('running'), lost)
        await assert.rejects(run.lead.send([]), lost)
        assert.equal((await run.readState(SIGNAL))?.pid, second.pid)
      } finally {
        await second.kill()
      }
    })
  })

  it('leaves the end of the run as it is when another process has finished it meanwhile', async () => {
    let slept = 0
    const moment = () => ({ wall: NOW + slept, steady: slept })
    await opened(bench.parts('ended', { now: () => NOW - 100_000, moment }), async (run) => {
      const word = (state: RunState, createdAt: number): RunRecord => ({
        ...{ id: `ended/${bench.revision}`, runId: 'ended', revision: bench.revision, createdAt, state },
        ...{ config: '{}', configHash: '', startedAt: NOW, finishedAt: null, version: '', endedBy: null },
        ...{ host: 'elsewhere', pid: 7 },
      })
      for (const [index, state] of (['running', 'running', 'finished'] as const).entries())
        await publishRunRecord(bench.sender, bench.codec, word(state, NOW + index))
      slept = 60_000
      await assert.rejects(run.publish('running'), { code: 'lead-lost' })
      await assert.rejects(run.publish('failed'), { code: 'lead-lost' })
      const state = await run.readState(SIGNAL)
      assert.deepEqual([state?.state, state?.createdAt, state?.pid], ['finished', NOW + 2, 7])
    })
  })

  it('goes on when it was stopped and nobody has taken the lead', async () => {
    let slept = 0
    const moment = () => ({ wall: NOW, steady: slept })
    await opened(bench.parts('alone', { moment }), async (run) => {
      slept = 60_000
      await run.publish('running')
      await run.publish('finished')
      assert.equal((await run.readState(SIGNAL))?.state, 'finished')
    })
  })

  it('is refused where it is being dropped or was dropped with records left, and begins anew where nothing is left', async () => {
    const said = await opened(bench.parts('dropped'), async (run) => {
      await run.publish('finished')
      return (await run.readState(SIGNAL))!
    })
    const say = (state: RunState): Promise<void> =>
      publishRunRecord(bench.sender, bench.codec, { ...said, state, createdAt: NOW + 1 })
    await say('dropping')
    await assert.rejects(openRun(bench.parts('dropped'), SIGNAL), /is being dropped: end that with .*revisions drop/)
    await say('dropped')
    await assert.rejects(
      openRun(bench.parts('dropped'), SIGNAL),
      /was dropped, and topics that it shares, or tables that it was left in, .*another name/,
    )
    const starts = (await readStarts(bench.connection, bench.codec, SIGNAL)).filter(({ runId }) => runId === 'dropped')
    const gone = [
      { topic: 'runs', key: said.id, value: null },
      ...starts.map(({ id }) => ({ topic: 'starts', key: id, value: null })),
    ]
    await bench.sender.send(gone)
    assert.deepEqual(
      (await readStarts(bench.connection, bench.codec, SIGNAL)).filter(({ runId }) => runId === 'dropped'),
      [],
    )
    await bench.fill('problems', 'dropped', [0, 1])
    await opened(bench.parts('dropped', { now: () => NOW + 2 }), async (run) => {
      assert.deepEqual([run.previous, run.startedAt], [null, NOW + 2])
      const screen = run.readers.find(({ part }) => part === 'screen')!
      assert.equal(await lagOf({ ...bench, runId: 'dropped' }, screen), 0)
    })
  })

  it('is refused where a drop spoke first at the same moment, and the drop stays the last word', async () => {
    const revision = bench.name('going')
    await opened(bench.parts('going', { revision }), (run) => run.publish('finished'))
    const now = firstAsked(() => {
      dropElsewhere('going', revision)
    })
    await assert.rejects(openRun(bench.parts('going', { revision, now }), SIGNAL), /of run going is being dropped: end/)
    await assert.rejects(openRun(bench.parts('going', { revision }), SIGNAL), /of run going is being dropped: end/)
  })

  it('is not begun, and leaves no word, while a revision of its name is dropped in another run', async () => {
    const revision = bench.name('shared')
    const now = firstAsked(() => {
      dropElsewhere('other-run', revision)
    })
    await assert.rejects(
      openRun(bench.parts('begun', { revision, now }), SIGNAL),
      /of run other-run is being dropped, and topics of this name go with it/,
    )
    const words = await readRunRecords(bench.connection, bench.codec, revision, SIGNAL)
    assert.deepEqual([...words.keys()], ['other-run'])
    await assert.rejects(openRun(bench.parts('begun', { revision }), SIGNAL), /of run other-run is being dropped/)
  })

  it('has its topics where a drop took them in the same moment', async () => {
    const revision = bench.name('taken')
    const now = firstAsked(() => {
      dropElsewhere('other-run', revision, 'ends')
    })
    await opened(bench.parts('begun', { revision, now }), async () => {
      const names = await topicNames(bench.connection)
      for (const name of TOPIC_NAMES) assert.ok(names.includes(topicFor(name, revision)), name)
    })
  })

  it('goes on behind a drop that came too late and has taken its word back', async () => {
    const said = await opened(bench.parts('kept'), async (run) => {
      await run.publish('stopped')
      return (await run.readState(SIGNAL))!
    })
    const dropping: RunRecord = { ...said, state: 'dropping', host: 'elsewhere', pid: 7 }
    for (const word of [dropping, said]) await publishRunRecord(bench.sender, bench.codec, word)
    await opened(bench.parts('kept'), async (run) => {
      await run.publish('running')
      assert.equal((await run.readState(SIGNAL))?.state, 'running')
    })
  })

  it('refuses to go on with other stages, sinks or another folder, naming both', async () => {
    await opened(bench.parts('same'), (run) => run.publish('stopped'))
    const { loaded } = bench.parts('same')
    const changed = (over: object): RunParts => {
      const config = configSchema.parse({ ...loaded.config, ...over })
      return bench.parts('same', { loaded: { ...loaded, config, json: JSON.stringify(config) } })
    }
    const refusal =
      (...messages: RegExp[]) =>
      (error: unknown): boolean => {
        assert.ok(error instanceof UsageFault, String(error))
        for (const message of messages) assert.match(error.message, message)
        assert.equal(error.message.split('\n').length, messages.length, error.message)
        return true
      }
    const stages = { ...loaded.config.stages, reward: { ...loaded.config.stages.reward, enabled: false } }
    const { clickhouse, json } = loaded.config.sinks
    const sinks = { clickhouse, json: { ...json, enabled: false } }
    const otherStages = /run same began with stages .*verify, reward, curate, not stages .*verify, curate: .*--revision/
    const otherSinks = /run same began with sinks clickhouse, json, not sinks clickhouse: .*--revision/
    const otherFolder = /run same began with out data, not out elsewhere: .*--revision/
    await assert.rejects(openRun(changed({ stages }), SIGNAL), refusal(otherStages))
    await assert.rejects(openRun(changed({ sinks }), SIGNAL), refusal(otherSinks))
    await assert.rejects(
      openRun(changed({ stages, sinks, out: 'elsewhere' }), SIGNAL),
      refusal(otherStages, otherSinks, otherFolder),
    )
    // What does not change the pipeline may change.
    await opened(changed({ total: 5 }), (run) => {
      assert.equal(run.previous?.state, 'stopped')
      return Promise.resolve()
    })
  })
})

/** Deletes topics, and waits until the broker has heard of it: a busy one learns it seconds after its controller. */
async function takeAway(topics: readonly string[]): Promise<void> {
  await deleteTopics(bench.connection, topics)
  await until(async () => {
    const names = await topicNames(bench.connection)
    return topics.every((topic) => !names.includes(topic))
  })
}

describe('the topics of a run that is opened', () => {
  it('are not made anew where they held its records, time after time, while a new run gets them', async () => {
    const revision = bench.name('gone')
    await opened(bench.parts('known', { revision }), (run) => run.publish('stopped'))
    await takeAway([topicFor('answered', revision), topicFor('spending', revision)])
    const gone = { code: 'topic-gone', retry: 'permanent', message: /topic answered\.\S+ of run known was deleted/ }
    for (const over of [{}, {}, { parts: new Set(['verify'] as const) }])
      await assert.rejects(openRun(bench.parts('known', { revision, ...over }), SIGNAL), gone)
    await opened(bench.parts('next', { revision }), (run) => {
      assert.equal(run.topics.get(topicFor('answered', revision)), 1)
      return Promise.resolve()
    })
  })

  it('are made where only the books of the program are missing, as after an update', async () => {
    const revision = bench.name('books')
    await opened(bench.parts('updated', { revision }), (run) => run.publish('stopped'))
    await takeAway([topicFor('spending', revision)])
    await opened(bench.parts('updated', { revision }), (run) => {
      assert.equal(run.topics.get(topicFor('spending', revision)), 1)
      return Promise.resolve()
    })
  })

  it('are refused where problems lie in more than one partition', async () => {
    const revision = bench.name('wide')
    await opened(bench.parts('before', { revision }), (run) => run.publish('stopped'))
    await bench.connection.ask('adding a partition', async (admin) =>
      admin.createPartitions({ topicPartitions: [{ topic: topicFor('problems', revision), count: 3 }] }),
    )
    await assert.rejects(openRun(bench.parts('before', { revision }), SIGNAL), (error) => {
      assert.ok(error instanceof UsageFault, String(error))
      assert.match(error.message, /topic problems\.\S+ has 3 partitions, .*--run NAME/)
      return true
    })
  })
})

describe('a worker', () => {
  const worker = { parts: new Set(['verify'] as const) }

  it('joins a run that another process leads, and does not write its state', async () => {
    const first = await leader('shared')
    try {
      await opened(bench.parts('shared', worker), async (run) => {
        assert.equal(run.previous?.pid, first.pid)
        await run.publish('finished')
        assert.equal((await run.readState(SIGNAL))?.state, 'running')
      })
    } finally {
      await first.kill()
    }
  })

  it('says that it waits until the run is started, and then joins it', async () => {
    const waiting = Promise.withResolvers<undefined>()
    const opening = openRun(
      bench.parts('late', {
        ...worker,
        onWaiting: () => {
          waiting.resolve(undefined)
        },
      }),
      SIGNAL,
    )
    await waiting.promise
    await opened(bench.parts('late'), (run) => run.publish('running'))
    const run = await opening
    assert.equal(run.previous?.runId, 'late')
    await run.close()
  })

  it('is refused a sink that the leader has alone, and may have a server', async () => {
    const first = await leader('sinks')
    const [clickhouse, json] = ['clickhouse', 'json'].map((sink) => ({
      parts: new Set(['verify', sink] as PartName[]),
    }))
    try {
      for (const over of [clickhouse, json])
        await assert.rejects(openRun(bench.parts('sinks', over), SIGNAL), (error) => {
          assert.ok(error instanceof UsageFault, String(error))
          assert.match(error.message, new RegExp(`process ${first.pid} on .* has it: .*leave (clickhouse|json) out`))
          return true
        })
      await opened(bench.parts('sinks', { ...clickhouse, clickhouseUrl: 'http://a:1' }), () => Promise.resolve())
    } finally {
      await first.kill()
    }
    // When that leader goes on it has them again.
    await assert.rejects(openRun(bench.parts('sinks', json), SIGNAL), /json belongs to one process/)
  })

  it('keeps a sink that it has before a leader goes on with it, and before a worker that starts after it', async () => {
    const { codec, sender, revision } = bench
    const of = { runId: 'kept', revision, host: 'elsewhere', pid: 7 }
    const said = { configHash: 'ab12', config: '{}', version: '1.2.3', createdAt: NOW, clickhouse: null }
    const startElsewhere = async (id: string): Promise<void> => {
      const value = codec.encode('RunStart', { ...of, ...said, id, parts: ['json'] })
      await sender.send([stamp({ topic: 'starts', key: id, value }, of)])
    }
    await opened(bench.parts('kept', { parts: new Set(['produce', 'screen']) }), (run) => run.publish('stopped'))
    await startElsewhere('kept/worker')
    const refused = (text: RegExp) => (error: unknown) => {
      assert.ok(error instanceof UsageFault, String(error))
      assert.match(error.message, text)
      return true
    }
    const leads = bench.parts('kept', { now: () => NOW + 1 })
    await assert.rejects(openRun(leads, SIGNAL), refused(/process 7 on elsewhere has it: .*, or stop that one; if it/))
    // What was refused has left nothing that others would take for a process at work.
    const isOfRun = (record: { runId: string }) => record.runId === 'kept'
    const ids = (await readStarts(bench.connection, codec, SIGNAL)).filter(isOfRun).map(({ parts }) => parts.join())
    assert.deepEqual(ids, ['produce,screen', 'json'])
    const state = (await readRunRecords(bench.connection, codec, revision, SIGNAL)).get('kept')
    assert.equal(state?.state, 'stopped')
    const worker = bench.parts('kept', { parts: new Set(['json']), now: () => NOW + 2 })
    await assert.rejects(openRun(worker, SIGNAL), refused(/process 7 on elsewhere has it/))
    // One that starts after this worker yields to it.
    await sender.send([stamp({ topic: 'starts', key: 'kept/worker', value: null }, of)])
    await opened(worker, async () => {
      await startElsewhere('kept/late')
      const log = { connection: bench.connection, codec, signal: SIGNAL }
      const [own] = (await readStarts(bench.connection, codec, SIGNAL)).filter(
        (start) => isOfRun(start) && start.host !== 'elsewhere' && start.parts.includes('json'),
      )
      await assertSoleSinks(worker, log, own!.id)
      await assert.rejects(assertSoleSinks(worker, log, 'kept/none'), refused(/process 7 on elsewhere has it/))
    })
  })

  it('may have the sinks that the leader leaves to it, unless another worker has them', async () => {
    const { codec, sender, revision } = bench
    const sinks = { parts: new Set(['clickhouse', 'json'] as const) }
    const waiting = Promise.withResolvers<undefined>()
    const onWaiting = (): void => {
      waiting.resolve(undefined)
    }
    const opening = openRun(bench.parts('left', { ...sinks, onWaiting }), SIGNAL)
    await waiting.promise
    const first = await leader('left', 'produce,screen')
    try {
      await (await opening).close()
      const other = { runId: 'left', revision, id: `left/${revision}/elsewhere`, host: 'elsewhere', pid: 7 }
      const said = { configHash: 'ab12', config: '{}', version: '1.2.3', createdAt: NOW, clickhouse: null }
      const value = codec.encode('RunStart', { ...other, ...said, parts: ['json'] })
      await sender.send([stamp({ topic: 'starts', key: other.id, value }, other)])
    } finally {
      await first.kill()
    }
    const again = { ...sinks, now: () => NOW + 1 }
    await assert.rejects(openRun(bench.parts('left', again), SIGNAL), (error) => {
      assert.ok(error instanceof UsageFault, String(error))
      assert.match(error.message, /^--stages: json .*process 7 on elsewhere has it: .*start this one again in \d+ s$/)
      return true
    })
    await opened(bench.parts('left', { parts: new Set(['clickhouse'] as const) }), () => Promise.resolve())
    const later = { ...sinks, now: () => NOW + SILENT_MS }
    await opened(bench.parts('left', later), () => Promise.resolve())
  })

  it('stops waiting when it is told to', async () => {
    const halt = new AbortController()
    const onWaiting = () => {
      halt.abort(new Error('enough'))
    }
    await assert.rejects(openRun(bench.parts('never', { ...worker, onWaiting }), halt.signal), /enough/)
  })
})
