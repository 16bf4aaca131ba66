// The list of all scenarios, in the order of the table.

import type { Scenario } from './scenario.ts'
import { clickhouseServer } from './scenarios/clickhouse-server.ts'
import { clockJumps } from './scenarios/clock-jumps.ts'
import { comingAndGoing } from './scenarios/coming-and-going.ts'
import { cutFiles } from './scenarios/cut-files.ts'
import { fullDisk } from './scenarios/full-disk.ts'
import { fullKafka } from './scenarios/full-kafka.ts'
import { killBroker } from './scenarios/kill-broker.ts'
import { killWorker, killWorkerShort } from './scenarios/kill-worker.ts'
import { manySamples } from './scenarios/many-samples.ts'
import { modelsDown } from './scenarios/models-down.ts'
import { poison } from './scenarios/poison.ts'
import { powerCut } from './scenarios/power-cut.ts'
import { signals } from './scenarios/signals.ts'
import { stoppedWorker } from './scenarios/stopped-worker.ts'
import { twoRuns } from './scenarios/two-runs.ts'
import { vanishedStores } from './scenarios/vanished-stores.ts'

/** By the names that the suite's command line takes. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'kill-worker': killWorker,
  'kill-worker-short': killWorkerShort,
  'many-samples': manySamples,
  'kill-broker': killBroker,
  'power-cut': powerCut,
  'stopped-worker': stoppedWorker,
  'coming-and-going': comingAndGoing,
  poison,
  signals,
  'two-runs': twoRuns,
  'clickhouse-server': clickhouseServer,
  'full-disk': fullDisk,
  'cut-files': cutFiles,
  'full-kafka': fullKafka,
  'models-down': modelsDown,
  'vanished-stores': vanishedStores,
  'clock-jumps': clockJumps,
}
