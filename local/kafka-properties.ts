// The broker's settings: one node that is its own controller, on the loopback, for records of up to 16 MiB.
// Promises: it keeps everything (messages and the groups' offsets) unless a topic's own setting says otherwise.
import { MAX_RECORD_BYTES } from '../schemas/topics.ts'

// A batch is a little larger than the record in it.
const BATCH_BYTES = MAX_RECORD_BYTES + 1024 * 1024

/** The text of server.properties. */
export function brokerProperties(place: { port: number; controllerPort: number; dataFolder: string }): string {
  const broker = `PLAINTEXT://127.0.0.1:${place.port}`
  const controller = `CONTROLLER://127.0.0.1:${place.controllerPort}`
  const settings: Record<string, string | number> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.bootstrap.servers': `127.0.0.1:${place.controllerPort}`,
    listeners: `${broker},${controller}`,
    'advertised.listeners': `${broker},${controller}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'log.dirs': place.dataFolder.replaceAll('\\', '\\\\'),
    'auto.create.topics.enable': 'false',
    // One node has one copy of everything.
    'default.replication.factor': 1,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 8,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 8,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 8,
    // Kept for ever: a run that was stopped for weeks goes on where it was (the default forgets offsets after 7 days).
    'log.retention.ms': -1,
    // One machine has one clock, which may be set while messages of the time before are on their way.
    'log.message.timestamp.after.max.ms': '9223372036854775807',
    'offsets.retention.minutes': 2_147_483_647,
    'message.max.bytes': BATCH_BYTES,
    'replica.fetch.max.bytes': BATCH_BYTES,
    'compression.type': 'producer',
    // Members join at once: there is nobody else to wait for.
    'group.initial.rebalance.delay.ms': 0,
    'controlled.shutdown.enable': 'true',
    'num.network.threads': 2,
    'num.io.threads': 4,
    'num.recovery.threads.per.data.dir': 2,
    'log.cleaner.dedupe.buffer.size': 16 * 1024 * 1024,
  }
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}
