// Which parts of a replay a process takes that joins it: never a sink that its leader has alone.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { joinedParts } from '../../cli/joined-parts.ts'
import { configSchema } from '../../configs/schema.ts'
import { soleSinks } from '../../pipeline/sole-sinks.ts'

const config = (clickhouse: object, json = true) =>
  configSchema.parse({ name: 'a', sinks: { clickhouse, json: { enabled: json } } })
const SERVER = { server: { url: 'http://a:8123/magpie' } }

describe('the sinks that one process has alone', () => {
  it('are the files, and ClickHouse unless it is a server', () => {
    delete process.env['CLICKHOUSE_URL']
    assert.deepEqual(soleSinks(config({})), ['clickhouse', 'json'])
    assert.deepEqual(soleSinks(config(SERVER)), ['json'])
    assert.deepEqual(soleSinks(config({}), 'http://a:8123'), ['json'])
    assert.deepEqual(soleSinks(config({ enabled: false }, false), 'no URL'), [])
    assert.throws(() => soleSinks(config({}), 'no URL'), /CLICKHOUSE_URL is not an http/)
  })
})

describe('the parts of a replay that a process joins', () => {
  const replay = {
    ...{ revision: 'strict', own: ['verify', 'curate', 'clickhouse', 'json'] as const },
    ...{ sole: ['clickhouse', 'json'] as const, leader: { pid: 7, host: 'here' } },
  }

  it('are all that can be shared, or those of them that are named', () => {
    assert.deepEqual([...joinedParts([], replay)], ['verify', 'curate'])
    assert.deepEqual([...joinedParts([], { ...replay, sole: ['json'] })], ['verify', 'curate', 'clickhouse'])
    assert.deepEqual(
      [...joinedParts(['clickhouse', 'verify'], { ...replay, sole: ['json'] })],
      ['verify', 'clickhouse'],
    )
  })

  it('are refused with every fault at once where the replay does not have or share them', () => {
    assert.throws(() => joinedParts(['json', 'curate', 'judge', 'clickhouse'], replay), {
      faults: [
        '--stages: json belongs to one process, and process 7 on here has it: rows that this one took would be missing in its files; leave json out',
        '--stages: revision strict has no part judge; it has verify, curate, clickhouse, json',
        '--stages: the embedded clickhouse belongs to one process, and process 7 on here has it: rows that this one took would be missing in its database; leave clickhouse out, or share a server by CLICKHOUSE_URL (sinks.clickhouse.server.url)',
      ],
    })
  })
})
