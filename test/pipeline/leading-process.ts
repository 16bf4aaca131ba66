// A process that leads a run until it is killed. Arguments: brokers, run, revision, its config as JSON, its parts (the last
// two may be left out).

import { configSchema } from '../../configs/schema.ts'
import { openRun } from '../../pipeline/open-run.ts'
import { PART_NAMES } from '../../pipeline.ts'
import type { PartName } from '../../pipeline.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { CONFIG, NOW } from './run-bench.ts'

const [brokers = '', runId = '', revision = '', json = '{}', parts = PART_NAMES.join()] = process.argv.slice(2)
const config = json === '{}' ? CONFIG : configSchema.parse(JSON.parse(json))
const run = await openRun(
  {
    loaded: { config, file: 'a.yaml', hash: 'ab12', json },
    runId,
    revision,
    source: { kind: 'magpie' },
    parts: new Set(parts.split(',') as PartName[]),
    kafka: { brokers: brokers.split(','), clientId: 'magpie', ssl: false, sasl: null },
    registryUrl: undefined,
    clickhouseUrl: undefined,
    stateDir: '/nowhere',
    version: '1.2.3',
    log: silentLogger,
    now: () => NOW,
  },
  new AbortController().signal,
)
await run.publish('running')
process.stdout.write('leads\n')
setInterval(() => undefined, 60_000)
