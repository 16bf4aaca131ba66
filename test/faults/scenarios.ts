// The list of all scenarios, in the order of the table.

import type { Scenario } from './scenario.ts'
import { killBroker } from './scenarios/kill-broker.ts'
import { killWorker, killWorkerShort } from './scenarios/kill-worker.ts'

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'kill-worker': killWorker,
  'kill-worker-short': killWorkerShort,
  'kill-broker': killBroker,
}
