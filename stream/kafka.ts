// The connection to Kafka that everything in stream/ shares: client, one admin client, kafkajs's log lines.
// Connects lazily: making it needs no broker.

import kafkajs, { type Admin, type Cluster, type Kafka, type LogEntry, type SASLOptions } from 'kafkajs'
import { setTimeout as wait } from 'node:timers/promises'
import { Failure, permanent, UsageFault } from '../schemas/failure.ts'
import type { Logger } from '../schemas/logger.ts'
import { backOffDelay, BROKER_BACK_OFF } from './back-off.ts'
import { clientIdOfProcess } from './client-id.ts'
import type { KafkaAddress } from './config.ts'
import { kafkaErrorType, toFailure } from './kafka-failure.ts'
import { createSilence } from './kafka-silence.ts'
import type { OnSilence } from './kafka-silence.ts'
import { patchKafkajs } from './kafkajs-patches.ts'

export interface KafkaConnection {
  /** The library's client; only stream/ may touch it. */
  readonly client: Kafka
  readonly brokers: readonly string[]
  readonly log: Logger
  /** Asks through the shared admin client. Throws Failure; `doing` begins its message, as "listing topics". */
  ask<Answer>(doing: string, question: (admin: Admin) => Promise<Answer>): Promise<Answer>
  /** The shared view on brokers and partitions for reading without a group and for commits of idle groups. */
  readonly cluster: () => Promise<Cluster>
  /** Closes what is shared (the next use connects again); consumers and senders are closed by their owners. */
  close(): Promise<void>
  /** Closes it for good: whoever asks later, because he was under way, gets permanent `kafka-closed`. */
  end(): Promise<void>
}

/** kafkajs's own retries: short, because everything here waits and tries again itself, where it can be seen. */
export const CLIENT_RETRY = { initialRetryTime: 150, factor: 0.2, multiplier: 2, maxRetryTime: 2000, retries: 4 }

/**
 * A topic that was just made has no leader for a while (a slow disk: ten seconds), a broker that was just started no
 * place for groups, and kafkajs does not wait long enough.
 */
const EARLY: ReadonlySet<string> = new Set([
  'NOT_LEADER_FOR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
])
/** About half a minute in all. */
const EARLY_TRIES = 8

/** Makes a connection. `address` comes from resolveKafka; onSilence: told when no broker answers for some seconds. */
export function connectKafka(
  address: Partial<KafkaAddress> &
    Pick<KafkaAddress, 'brokers'> & { readonly log: Logger; readonly onSilence?: OnSilence | undefined },
): KafkaConnection {
  patchKafkajs()
  const { brokers, ssl = false, sasl = null } = address
  const silence = createSilence({ brokers, ssl, sasl }, address.onSilence)
  const log = address.log.child({ part: 'kafka' })
  const client = new kafkajs.Kafka({
    brokers: [...brokers],
    clientId: clientIdOfProcess(address.clientId ?? 'magpie'),
    ssl,
    ...(sasl === null ? {} : { sasl: sasl as SASLOptions }),
    connectionTimeout: 5000,
    authenticationTimeout: 10_000,
    requestTimeout: 30_000,
    retry: CLIENT_RETRY,
    logLevel: kafkajs.logLevel.WARN,
    logCreator: () => (entry) => {
      writeLine(log, entry)
    },
  })
  /** Once they have let us in, what comes later is an outage and is waited for. */
  let isLetIn = false
  let isEnded = false
  const enter = async (connect: () => Promise<void>): Promise<void> => {
    if (isEnded) throw permanent('kafka-closed', 'the connection to Kafka was closed')
    if (isLetIn) {
      await silence.untilBack()
      await connect()
      return
    }
    await silence.untilOpen()
    try {
      await connect()
    } catch (error) {
      const failure = toFailure(error, 'logging in to Kafka')
      if (failure.code === 'kafka-refused' && sasl !== null)
        throw new UsageFault(
          `kafka.sasl: ${brokers.join(',')} refuses the login by ${sasl.mechanism}; look at the user, the password and the mechanism (${failure.message})`,
        )
      throw error
    }
    isLetIn = true
  }
  const admin = shared(async () => {
    const each = client.admin()
    await enter(() => each.connect())
    return each
  })
  const cluster = shared(async () => {
    const each = clusterOf(client)
    await enter(() => each.connect())
    return each
  })
  const close = async () => {
    await Promise.all([admin.close(), cluster.close()])
  }
  return {
    client,
    brokers,
    log,
    async ask(doing, question) {
      for (let tries = 1; ; tries += 1) {
        try {
          return await silence.whileOpen(admin.get().then(question))
        } catch (error) {
          if (error instanceof UsageFault) throw error
          const type = kafkaErrorType(error)
          // A kafkajs client asks for every topic that it ever knew, so one that was deleted spoils all answers.
          const isForgetful = type === 'UNKNOWN_TOPIC_OR_PARTITION' && tries === 1
          const isEarly = type !== null && EARLY.has(type) && tries < EARLY_TRIES
          if (!isForgetful && !isEarly) {
            if (type === null && !(error instanceof Failure)) await silence.assertOpen()
            throw toFailure(error, doing)
          }
          if (isEarly) await wait(backOffDelay(tries, BROKER_BACK_OFF))
          // The metadata may be old as well (a leader that has moved), and kafkajs keeps it for minutes.
          if (isForgetful || tries > 2) await close()
        }
      }
    },
    cluster: cluster.get,
    close,
    async end() {
      isEnded = true
      await close()
    },
  }
}

interface Shared<Client> {
  readonly get: () => Promise<Client>
  readonly close: () => Promise<void>
}

/** Connects at the first use, again after a failed connect. */
function shared<Client extends { disconnect(): Promise<void> }>(connect: () => Promise<Client>): Shared<Client> {
  let client: Promise<Client> | null = null
  return {
    async get() {
      client ??= connect()
      const mine = client
      try {
        return await mine
      } catch (error) {
        if (client === mine) client = null
        throw error instanceof UsageFault ? error : toFailure(error, 'connecting to Kafka')
      }
    },
    async close() {
      const mine = client
      client = null
      const connected = await mine?.catch(() => null)
      await connected?.disconnect()
    },
  }
}

/** kafkajs hands its cluster object, whose fetch needs no group, to partition assigners when a consumer is made. */
function clusterOf(client: Kafka): Cluster {
  let found: Cluster | undefined
  client.consumer({
    groupId: 'magpie-never-joined',
    allowAutoTopicCreation: false,
    partitionAssigners: [
      (options) => {
        found = options.cluster
        return kafkajs.PartitionAssigners.roundRobin(options)
      },
    ],
  })
  if (found === undefined) throw new Error('kafkajs made a consumer without asking for its assigner')
  return found
}

/**
 * Everything that matters is seen and said by stream/ itself (state and its own lines), so kafkajs's lines, which
 * repeat at every try, go to debug; what is left over as an error of no known kind is a warning.
 */
function writeLine(log: Logger, { namespace, level, log: { message, error } }: LogEntry): void {
  const fields = { namespace, said: message, error: error as unknown }
  const isExpected = level !== kafkajs.logLevel.ERROR || EXPECTED.test(`${message} ${String(error ?? '')}`)
  if (isExpected) log.debug(fields, 'kafkajs')
  else log.warn(fields, 'kafkajs')
}

const EXPECTED =
  /coordinator|rebalanc|connect|timed? ?out|retries|not available|leader|does not host|no broker|crash|loading|generation|idempotent|another member/i
