// A real Kafka for tests: the one of MAGPIE_TEST_KAFKA (see global-setup.ts) or one of this process alone.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startKafka } from '../../local/kafka.ts'
import { silentLogger } from '../../schemas/logger.ts'

export interface TestKafka {
  /** host:port. */
  readonly brokers: string
  /** Stops the broker if it is this process's own. */
  readonly stop: () => Promise<void>
}

/** A broker to test against. Call stop() after the last test. */
export async function startTestKafka(): Promise<TestKafka> {
  const brokers = process.env.MAGPIE_TEST_KAFKA
  if (brokers !== undefined) return { brokers, stop: () => Promise.resolve() }
  return await startOwnKafka()
}

/** A broker that nobody else uses. */
export interface OwnKafka extends TestKafka {
  /** State folder that it lives in, for `--state`. */
  readonly stateDir: string
}

/** A broker in a folder of its own, removed by stop(). */
export async function startOwnKafka(): Promise<OwnKafka> {
  const stateDir = await mkdtemp(join(tmpdir(), 'magpie-kafka-'))
  const kafka = await startKafka({ stateDir, log: silentLogger, heapMegabytes: 512 })
  return {
    brokers: kafka.brokers,
    stateDir,
    async stop() {
      await kafka.stop()
      await rm(stateDir, { recursive: true, force: true })
    },
  }
}
