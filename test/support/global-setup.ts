// For `node --test --test-global-setup=test/support/global-setup.ts`: one Kafka for the whole suite, handed to
// the test processes in the variable MAGPIE_TEST_KAFKA, stopped after the last of them.

import { startOwnKafka } from './kafka.ts'

let stop: (() => Promise<void>) | null = null

export async function globalSetup(): Promise<void> {
  if (process.env.MAGPIE_TEST_KAFKA !== undefined) return
  const kafka = await startOwnKafka()
  process.env.MAGPIE_TEST_KAFKA = kafka.brokers
  stop = kafka.stop
}

export async function globalTeardown(): Promise<void> {
  await stop?.()
}
