// Holds pipeline/one-database.ts on a real log, with databases that are lists in memory: processes that write the rows of a
// run into two databases find out before a row is taken, whatever the addresses say; a run that is moved is read again.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { shareDatabase } from '../../pipeline/one-database.ts'
import type { Sharing } from '../../pipeline/one-database.ts'
import { openRun } from '../../pipeline/open-run.ts'
import type { OpenRun } from '../../pipeline/open-run.ts'
import { publishRunRecord, SILENT_MS } from '../../pipeline/run-records.ts'
import { readStarts } from '../../pipeline/run-starts.ts'
import { silentLogger } from '../../schemas/logger.ts'
import type { RunStart } from '../../schemas/records.ts'
import type { Database } from '../../sinks/clickhouse/contract.ts'
import { noteOpening, readOpenings } from '../../sinks/clickhouse/openings.ts'
import { stamp } from '../../stream/outgoing.ts'
import { ensureTopics } from '../../stream/topics-admin.ts'
import { NOW, openRunBench } from './run-bench.ts'
import type { RunBench } from './run-bench.ts'

const SIGNAL = new AbortController().signal
const [A, B] = ['http://a:8123/magpie', 'http://b:8123/magpie']

/** A database with the tables that are asked here; reads of the first `late` looks see nothing, as on a slow replica. */
function memoryDatabase(late = 0): Pick<Database, 'insert' | 'rows'> {
  const tables = { openings: [], refills: [], damages: [] } as Record<string, Record<string, unknown>[]>
  let looks = 0
  return {
    insert: (table, rows) => {
      tables[table]!.push(...(rows as Record<string, unknown>[]))
      return Promise.resolve()
    },
    rows: <Row>(sql: string, parameters: Readonly<Record<string, unknown>> = {}) => {
      const [, column = '', table = ''] = /SELECT (?:DISTINCT )?(\w+)(?: AS id)? FROM (\w+)/.exec(sql)!
      if (table === 'openings' && ++looks <= late) return Promise.resolve([])
      const isOfRun = (row: Record<string, unknown>) => table === 'damages' || row['run_id'] === parameters['run']
      return Promise.resolve(tables[table]!.filter(isOfRun).map((row) => ({ id: row[column] })) as Row[])
    },
  }
}

describe('the one database of a run', () => {
  let bench: RunBench
  before(async () => {
    bench = await openRunBench()
    await ensureTopics(bench.connection, { revision: bench.revision, names: ['runs', 'starts'] })
  })
  after(async () => {
    await bench.close()
  })

  /** A process on another machine that says where it writes. */
  const saysElsewhere = async (runId: string, clickhouse: string | null, over: Partial<RunStart> = {}) => {
    const { codec, sender, revision } = bench
    const of = { runId, revision, id: `${runId}/${revision}/elsewhere`, host: 'elsewhere', pid: 7 }
    const said = { configHash: 'ab12', config: '{}', version: '1.2.3', createdAt: NOW, parts: ['clickhouse'] }
    const record = { ...of, ...said, clickhouse, ...over }
    await sender.send([stamp({ topic: 'starts', key: record.id, value: codec.encode('RunStart', record) }, of)])
    return record.id
  }

  /** Starts of one run, one after another, each for as long as it takes to share its database; tells what each was told. */
  const starts = (runId: string) => {
    let now = NOW
    let isResumed = false
    return async (
      database: Sharing['database'],
      where: string,
      over: Partial<Sharing> & { readonly saying?: (run: OpenRun) => OpenRun['sayClickhouse'] } = {},
    ) => {
      now += 1
      const told: string[] = []
      const run = await openRun(bench.parts(runId, { now: () => now, clickhouseUrl: A }), SIGNAL)
      const reader = run.readers.find(({ part }) => part === 'clickhouse')!
      try {
        await shareDatabase({
          ...{ database, where, now: () => now, mayMove: false, into: null, signal: SIGNAL, looks: 2 },
          run: { ...run, sayClickhouse: over.saying?.(run) ?? ((said) => run.sayClickhouse(said)) },
          onMove: (from) => told.push(`moved from ${from}`),
          refill: { run, reader, isResumed, log: silentLogger, onRefill: () => told.push('read again') },
          ...over,
        })
      } finally {
        isResumed = true
        await run.publish('stopped')
        await run.close()
      }
      return { told, id: run.processId }
    }
  }
  const wordOf = async (id: string) =>
    (await readStarts(bench.connection, bench.codec, SIGNAL)).find((each) => each.id === id)?.clickhouse

  it('is theirs who find each other there, by whatever names they reach it', async () => {
    const database = memoryDatabase()
    await noteOpening(database, { runId: 'names', revision: bench.revision }, await saysElsewhere('names', B))
    const { told, id } = await starts('names')(database, A)
    assert.deepEqual(told, [])
    assert.equal(await wordOf(id), A)
    assert.ok((await readOpenings(database, { runId: 'names', revision: bench.revision })).has(id))
  })

  it('does not ask for one whose host and number another start has taken over', async () => {
    const database = memoryDatabase()
    const of = { runId: 'again', revision: bench.revision }
    await saysElsewhere('again', B)
    await noteOpening(
      database,
      of,
      await saysElsewhere('again', A, { id: `again/${bench.revision}/later`, createdAt: NOW + 1 }),
    )
    assert.deepEqual((await starts('again')(database, A)).told, [])
  })

  it('has the rows of the revision that is added to, or none are added', async () => {
    const of = { runId: 'added', revision: 'base' }
    const writer = await saysElsewhere('added', A, { ...of, id: 'added/base/elsewhere' })
    const word = { ...of, id: 'added/base', state: 'finished' as const, endedBy: null, createdAt: NOW, finishedAt: NOW }
    const config = { config: '{}', configHash: 'ab12', version: '1.2.3' }
    const record = { ...word, ...config, startedAt: NOW, host: 'elsewhere', pid: 7 }
    await publishRunRecord(bench.sender, bench.codec, record)
    const start = starts('added')
    await assert.rejects(start(memoryDatabase(), B, { into: 'base' }), {
      name: 'UsageFault',
      message: new RegExp(`the rows of run added \\(base\\) are in ${A}, and this process would add to them in ${B}`),
    })
    const database = memoryDatabase()
    await noteOpening(database, of, writer)
    assert.deepEqual((await start(database, B, { into: 'base' })).told, ['read again'])
  })

  it('is refused to one that would write to another beside them, even under the same name', async () => {
    const start = starts('split')
    await saysElsewhere('split', A)
    for (const [where, told] of [
      [B, `and this one would write to ${B}`],
      [A, 'which does not know it'],
    ] as const)
      await assert.rejects(start(memoryDatabase(), where, { mayMove: true }), (error: Error) => {
        assert.equal(error.name, 'UsageFault')
        const ends = `process 7 on elsewhere writes the rows of run split to ${A}, ${told}`
        assert.ok(error.message.includes(ends), error.message)
        return true
      })
    const found = await readStarts(bench.connection, bench.codec, SIGNAL)
    const said = found.filter(({ runId, clickhouse }) => runId === 'split' && clickhouse !== null)
    assert.deepEqual(
      said.map(({ host }) => host),
      ['elsewhere'],
    )
  })

  it('is waited for where a replica may not have the name yet', async () => {
    const database = memoryDatabase(1)
    await noteOpening(database, { runId: 'slow', revision: bench.revision }, await saysElsewhere('slow', A))
    assert.deepEqual((await starts('slow')(database, A)).told, [])
  })

  it('is that of whose word comes first, of two that begin at the same moment', async () => {
    const beside = (runId: string, isFirst: boolean) => ({
      saying: (run: OpenRun) => async (where: string | null) => {
        if (isFirst && where !== null) await saysElsewhere(runId, B)
        await run.sayClickhouse(where)
        if (!isFirst) await saysElsewhere(runId, B)
      },
    })
    // The other one has started before, and says where it writes later.
    await saysElsewhere('race', null)
    const { id } = await starts('race')(memoryDatabase(), A, beside('race', false))
    assert.equal(await wordOf(id), A)
    const late = starts('late-race')
    await assert.rejects(late(memoryDatabase(), A, beside('late-race', true)), /another database/)
    const own = (await readStarts(bench.connection, bench.codec, SIGNAL)).filter(({ runId }) => runId === 'late-race')
    assert.deepEqual(
      own.map(({ clickhouse }) => clickhouse),
      [null, B],
    )
  })

  it('stays that of a run that goes on, unless the run is moved: then all is read again, there and back', async () => {
    const start = starts('moved')
    const [first, second] = [memoryDatabase(), memoryDatabase()]
    assert.deepEqual((await start(first, A)).told, [])
    assert.deepEqual((await start(first, 'http://a.local:8123/magpie')).told, [])
    await assert.rejects(start(second, B), (error: Error) => {
      assert.equal(error.name, 'UsageFault')
      assert.match(
        error.message,
        /are in http:\/\/a\.local:8123\/magpie .*would write to http:\/\/b:8123.*--move-click/,
      )
      return true
    })
    const moved = ['read again', 'moved from http://a.local:8123/magpie']
    assert.deepEqual((await start(second, B, { mayMove: true })).told, moved)
    assert.deepEqual((await start(second, B)).told, [])
    assert.deepEqual((await start(first, A, { mayMove: true })).told, ['read again', `moved from ${B}`])
  })

  it('is filled again without a word where it was emptied, or was embedded', async () => {
    const start = starts('emptied')
    await start(memoryDatabase(), 'here:/x/clickhouse')
    assert.deepEqual((await start(memoryDatabase(), 'there:/y/clickhouse')).told, [
      'read again',
      'moved from here:/x/clickhouse',
    ])
    assert.deepEqual((await start(memoryDatabase(), A)).told, ['read again', 'moved from there:/y/clickhouse'])
    assert.deepEqual((await start(memoryDatabase(), A)).told, ['read again'])
  })

  it('is asked for no process that has been silent for long', async () => {
    await saysElsewhere('silent', B, { createdAt: NOW - SILENT_MS })
    const { told } = await starts('silent')(memoryDatabase(), A, { mayMove: true })
    assert.deepEqual(told, ['read again', `moved from ${B}`])
  })
})
