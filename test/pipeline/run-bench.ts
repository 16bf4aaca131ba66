// What the tests of pipeline/ share: a real log with topics of their own (a revision that no other test has), the
// parts that a run is opened with, and messages of a run in a topic.

import { configSchema } from '../../configs/schema.ts'
import type { Config } from '../../configs/schema.ts'
import type { RunParts } from '../../pipeline/run-contract.ts'
import type { PartName } from '../../pipeline.ts'
import { PART_NAMES } from '../../pipeline.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { topicFor, TOPIC_NAMES } from '../../schemas/topics.ts'
import type { TopicName } from '../../schemas/topics.ts'
import { stamp } from '../../stream/outgoing.ts'
import { openBench, problemOf } from '../support/stream.ts'
import type { Bench } from '../support/stream.ts'

export const NOW = 1_800_000_000_000

/** Topics of one partition are made faster, and tests do not need more. */
const topics = Object.fromEntries(TOPIC_NAMES.map((name) => [name, { partitions: 1 }]))

export const CONFIG: Config = configSchema.parse({ name: 'a-run', kafka: { topics } })

export interface RunBench extends Bench {
  readonly revision: string
  /** Puts problems of a run into one of the revision's topics; the keys are those of the problems unless given. */
  fill(topic: TopicName, runId: string, numbers: readonly number[]): Promise<void>
  parts(runId: string, over?: Partial<RunParts>): RunParts
}

export async function openRunBench(): Promise<RunBench> {
  const bench = await openBench()
  const revision = bench.name('r')
  return {
    ...bench,
    revision,
    async fill(topic, runId, numbers) {
      const messages = numbers.map((number) => {
        const problem = { ...problemOf(number, runId), revision }
        const value = bench.codec.encode('Problem', problem)
        return stamp({ topic: topicFor(topic, revision), key: problem.id, value }, { runId, revision })
      })
      await bench.sender.send(messages)
    },
    parts: (runId, over = {}) => ({
      loaded: { config: CONFIG, file: 'a.yaml', hash: 'ab12', json: JSON.stringify(CONFIG) },
      runId,
      revision,
      source: { kind: 'magpie' },
      parts: new Set<PartName>(PART_NAMES),
      kafka: { brokers: bench.connection.brokers, clientId: 'magpie', ssl: false, sasl: null },
      registryUrl: undefined,
      clickhouseUrl: undefined,
      stateDir: '/nowhere',
      version: '1.2.3',
      log: silentLogger,
      now: () => NOW,
      ...over,
    }),
  }
}
