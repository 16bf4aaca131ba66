// The audit of a replay that adds to rows of main: what it did not write is found, also where main had labels or a reward
// of that name before; what a later addition has put in its place is not.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { additionOf } from '../../../analytics/audit/addition.ts'
import { auditRun } from '../../../analytics/audit/audit.ts'
import type { Replay } from '../../../configs/replay.ts'
import { loadConfig } from '../../../configs/load.ts'
import { configSchema } from '../../../configs/schema.ts'
import { versionOf } from '../../../processors/reward.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import type { RewardScore, RunRecord } from '../../../schemas/records.ts'
import { topicFor } from '../../../schemas/topics.ts'
import type { Database } from '../../../sinks/clickhouse/contract.ts'
import { openDatabase } from '../../../sinks/clickhouse/database.ts'
import { topicEnds } from '../../../stream/positions.ts'
import { ensureTopics } from '../../../stream/topics-admin.ts'
import { simulatedConfig } from '../../support/end-to-end.ts'
import { openBench } from '../../support/stream.ts'
import type { Bench } from '../../support/stream.ts'
import { fillStores, inventRun, onLog, sayRun } from './invented-run.ts'
import type { Message } from './invented-run.ts'

describe('the audit of an addition', () => {
  let bench: Bench
  let database: Database
  let folder = ''
  /** Of the rewards that the runs' config names. */
  let versions: Readonly<Record<string, string>> = {}
  before(async () => {
    bench = await openBench()
    await ensureTopics(bench.connection, { revision: 'main' })
    folder = await mkdtemp(join(tmpdir(), 'magpie-audit-addition-'))
    const work = { producer: 'none' as const, stages: [] }
    const { config } = await loadConfig({ file: simulatedConfig, environment: { SIMULATOR_PORT: '1' }, work })
    versions = Object.fromEntries(config.stages.reward.rewards.map((reward) => [reward.name, versionOf(reward)]))
    database = await openDatabase({ url: '', stateDir: folder, role: 'owner', log: silentLogger })
  })
  after(async () => {
    await database.close()
    await bench.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** The record of a `conversed` message with scores of all its responses. */
  function scored(message: Message, versions: Readonly<Record<string, string>>): Message {
    if (message.topic !== 'conversed') return message
    const record = bench.codec.decode('Conversed', message.value)
    const rewards = [record.answer!, ...record.samples].flatMap(({ id: responseId }) =>
      Object.entries(versions).map(([name, version]): RewardScore => ({
        ...{ responseId, name, value: 1, version, steps: [], model: 'm', tokens: 1, error: null, detail: null },
        ...{ keptFrom: null, endpoint: null, milliseconds: 1, attempts: 1, usd: null },
      })),
    )
    return { ...message, value: bench.codec.encode('Conversed', { ...record, rewards }) }
  }

  /** Main with labels and old scores, an addition to it of which `lost` slots are missing, and what its audit finds. */
  async function faultsOf(
    stage: 'reward' | 'tag',
    lost: { readonly rows?: readonly number[]; readonly records?: readonly number[] },
  ): Promise<{ faults: string[]; id: (slot: number) => string }> {
    const [run, revision] = [bench.name('added'), bench.name('more')]
    const { connection, codec, sender } = bench
    await ensureTopics(connection, { revision })
    const main = inventRun(codec, run)
    const isLost = ({ key }: Message, slots: readonly number[] = []): boolean =>
      slots.some((slot) => main.id(slot) === key)
    const offsets = async (): Promise<Record<string, number>> =>
      Object.fromEntries((await topicEnds(connection, 'conversed')).map(({ partition, high }) => [partition, high]))
    const old = { rm: 'rm@old', agreement: 'agreement@old' }
    const messages = main.messages.map((message) => scored(message, old))
    const begin = await offsets()
    await sender.send(onLog(main, messages))
    const replay: Replay = {
      ...{ of: 'main', from: 'conversed', stages: [stage], begin, end: await offsets() },
      ...{ selection: null, keep: [], into: 'main' },
    }
    const more = {
      ...inventRun(codec, run, { revision, from: 'conversed' }),
      nameOf: (topic: Message['topic']) => topicFor(topic, revision),
    }
    const added = messages
      .filter(({ topic }) => topic === 'conversed')
      .map(({ key }) => scored(more.at('conversed', key, 0), stage === 'reward' ? versions : old))
    await sender.send(
      onLog(
        more,
        added.filter((message) => !isLost(message, lost.records)),
      ),
    )
    const out = join(folder, run)
    await sayRun(sender, codec, run, { out })
    await sayRun(sender, codec, run, { out, revision, replay })
    await fillStores(codec, database, { ...main, messages }, out)
    const written = added.filter((message) => !isLost(message, lost.rows) && !isLost(message, lost.records))
    await fillStores(codec, database, { ...more, messages: written }, out, { addition: { into: 'main', stage } })
    const { faults } = await auditRun({ connection, codec, database, run, revision })
    const named = faults.flatMap(({ kind, at, first }) => first.map(({ id }) => `${kind} ${at} ${id}`)).sort()
    return { faults: named, id: main.id }
  }

  for (const [stage, table] of [
    ['reward', 'responses'],
    ['tag', 'problems'],
  ] as const) {
    it(`of stage ${stage} passes where all rows have what it adds`, async () => {
      assert.deepEqual((await faultsOf(stage, {})).faults, [])
    })

    it(`of stage ${stage} finds rows and records that were not written, also where there was such a thing before`, async () => {
      const { faults, id } = await faultsOf(stage, { rows: [5, 6], records: [7] })
      assert.deepEqual(
        faults,
        [`missing ${stage} ${id(7)}`, ...[5, 6].map((slot) => `missing table ${table} ${id(slot)}`)].sort(),
      )
    })
  }
})

describe('the scores that rows may have', () => {
  const into: Replay = {
    ...{ of: 'main', from: 'conversed', stages: ['reward'], begin: {}, end: null },
    ...{ selection: null, keep: [], into: 'main' },
  }
  const configOf = (model: string, replay: Replay | null) =>
    configSchema.parse({
      name: 'a',
      replay,
      stages: { reward: { rewards: [{ name: 'rm', kind: 'token-rm', model, endpoints: [{ url: 'http://a' }] }] } },
    })
  const state = (revision: string, model: string, startedAt: number, over: Partial<RunRecord> = {}): RunRecord => ({
    ...{ id: `a/${revision}`, runId: 'a', revision, createdAt: startedAt + 5, state: 'finished', startedAt },
    ...{ config: JSON.stringify(configOf(model, revision === 'main' ? null : into)), configHash: 'x' },
    ...{ finishedAt: null, host: 'here', pid: 1, version: '0', endedBy: null, ...over },
  })
  const version = (model: string): string => versionOf(configOf(model, null).stages.reward.rewards[0]!)
  const allowed = (own: RunRecord, others: readonly RunRecord[]): readonly string[] | undefined =>
    additionOf(own, configSchema.parse(JSON.parse(own.config)), [own, ...others])?.rewards.get('rm')

  it('are its own and those of additions since, not those of additions before, other runs or other revisions', () => {
    const main = state('main', 'one', 0)
    const [first, second] = [state('first', 'two', 10), state('second', 'three', 20)]
    const elsewhere = state('second', 'four', 30, { runId: 'b' })
    const strict = JSON.stringify(configOf('five', { ...into, into: 'strict' }))
    const others = [main, elsewhere, state('third', 'five', 30, { config: strict })]
    assert.deepEqual(allowed(first, [...others, second]), [version('two'), version('three')])
    assert.deepEqual(allowed(second, [...others, first]), [version('three')])
    // It went on after the second had begun.
    assert.deepEqual(allowed(second, [main, { ...first, createdAt: 21 }]), [version('three'), version('two')])
  })

  it('are those of any addition where its own were there before, which it does not write again', () => {
    const [first, second] = [state('first', 'two', 10), state('second', 'one', 20)]
    assert.deepEqual(allowed(second, [state('main', 'one', 0), first]), [version('one'), version('two')])
  })
})
