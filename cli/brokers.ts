// Where the log is, for commands that only look at it: the brokers of the config or of KAFKA_BROKERS, else the local
// Kafka of the state folder, which must be running.

import { loadConfig } from '../configs/load.ts'
import type { Config } from '../configs/schema.ts'
import { findKafka } from '../local/kafka.ts'
import { UsageFault } from '../schemas/failure.ts'
import { silentLogger } from '../schemas/logger.ts'
import { harmless } from '../schemas/terminal-text.ts'
import type { KafkaAddress, KafkaConfig } from '../stream/config.ts'
import { kafkaConfig, resolveKafka } from '../stream/config.ts'
import { connectKafka } from '../stream/kafka.ts'
import type { KafkaConnection } from '../stream/kafka.ts'
import { messagesIn } from './messages/choose.ts'
import { stateFolder } from './options.ts'

/** Throws UsageFault where there is no broker. */
export async function runningKafka(
  stateDir: string,
  config: KafkaConfig = kafkaConfig.parse({}),
): Promise<KafkaAddress> {
  const address = resolveKafka(config, process.env)
  return { ...address, brokers: address.brokers ?? (await localBrokers(stateDir)) }
}

/** Connects; while nobody answers there, a line on standard error says so. */
export function connectTelling(address: KafkaAddress): KafkaConnection {
  const onSilence = (where: string, why: string): void => {
    process.stderr.write(`${harmless(messagesIn('en').kafkaSilent(where, why))}\n`)
  }
  return connectKafka({ ...address, log: silentLogger, onSilence })
}

/** The same where the config of the run says where Kafka is: it is handed on, for what else it says. */
export async function withConfiguredKafka<Result>(
  options: { readonly state: string; readonly config?: string },
  ask: (connection: KafkaConnection, config: Config | null) => Promise<Result>,
): Promise<Result> {
  const { config: file } = options
  const work = { producer: 'none', stages: [] } as const
  const config = file === undefined ? null : (await loadConfig({ file, environment: process.env, work })).config
  const connection = connectTelling(await runningKafka(stateFolder(options), config?.kafka))
  try {
    return await ask(connection, config)
  } finally {
    await connection.close()
  }
}

/** Connects there, asks, and closes. Throws UsageFault where there is no broker, Failure where it does not answer. */
export async function withKafka<Result>(
  options: { readonly state: string },
  ask: (connection: KafkaConnection) => Promise<Result>,
): Promise<Result> {
  const connection = connectTelling(await runningKafka(stateFolder(options)))
  try {
    return await ask(connection)
  } finally {
    await connection.close()
  }
}

async function localBrokers(stateDir: string): Promise<string[]> {
  const found = await findKafka(stateDir)
  if (found?.port == null) {
    throw new UsageFault(
      `no Kafka runs in ${stateDir}: start it with ./magpie services up, give another --state DIR, or set KAFKA_BROKERS`,
    )
  }
  return [`127.0.0.1:${found.port}`]
}
