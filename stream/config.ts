// The config's `kafka:` section: where the broker is, how to log in, how topics are kept.
// No secret stands in it: user name and password are named by their environment variables.

import { z } from 'zod'
import { UsageFault } from '../schemas/failure.ts'
import { readTls, tlsConfig, variableName } from '../schemas/tls.ts'
import type { Environment, TlsMaterial } from '../schemas/tls.ts'
import { TOPIC_NAMES } from '../schemas/topics.ts'
import type { TopicName } from '../schemas/topics.ts'
import { cleanupFault, topicConfig } from './keeping.ts'

const saslConfig = z.strictObject({
  mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
  usernameEnv: variableName.describe('NAME of the environment variable that holds the user.'),
  passwordEnv: variableName.describe('NAME of the environment variable that holds the password.'),
})

/** host:port, without a name or password before the host: it would be logged. */
function isBroker(text: string): boolean {
  const port = Number(/^[^\s/@]+:(\d+)$/.exec(text)?.[1])
  return port > 0 && port <= 65_535
}

export const kafkaConfig = z.strictObject({
  brokers: z
    .array(z.string().refine(isBroker, 'must be host:port, with a port from 1 to 65535'))
    .min(1)
    .optional()
    .describe('host:port of some brokers; else KAFKA_BROKERS, else a local Kafka is started.'),
  clientId: z.string().min(1).default('magpie'),
  ssl: z.union([z.boolean(), tlsConfig]).default(false).describe('true, or the files of a TLS connection.'),
  sasl: saslConfig.optional(),
  replicationFactor: z.int().min(-1).default(-1).describe("Copies of a new topic; -1: the broker's default."),
  journal: z
    .boolean()
    .default(true)
    .describe('Keep finished model calls of records that are not done, so that a crash does not pay for them again.'),
  topics: z
    .partialRecord(z.enum(TOPIC_NAMES), topicConfig)
    .default({})
    .superRefine((topics, context) => {
      for (const [name, { cleanup }] of Object.entries(topics)) {
        const message = cleanupFault(name as TopicName, cleanup)
        if (message !== null) context.addIssue({ code: 'custom', path: [name, 'cleanup'], message })
      }
    }),
})

export type KafkaConfig = z.infer<typeof kafkaConfig>

/** How a client reaches the brokers; what connectKafka takes. Holds secrets: never logged. */
export interface KafkaAddress {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly ssl: boolean | TlsMaterial
  readonly sasl: { mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; username: string; password: string } | null
}

/** Stand for `ssl` and `sasl` where the config has none, so that every command reaches the brokers of KAFKA_BROKERS. */
const FROM_ENVIRONMENT = {
  ssl: { ca: 'KAFKA_SSL_CA', cert: 'KAFKA_SSL_CERT', key: 'KAFKA_SSL_KEY' },
  sasl: { mechanism: 'KAFKA_SASL_MECHANISM', usernameEnv: 'KAFKA_SASL_USERNAME', passwordEnv: 'KAFKA_SASL_PASSWORD' },
} as const

/**
 * Reads environment variables and certificate files. brokers: those of KAFKA_BROKERS (comma-separated), else the
 * config's, else null: the caller starts a local Kafka. Throws UsageFault with every fault found.
 */
export function resolveKafka(
  config: KafkaConfig,
  environment: Environment,
): Omit<KafkaAddress, 'brokers'> & { readonly brokers: readonly string[] | null } {
  const faults: string[] = []
  const given = environment.KAFKA_BROKERS?.split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
  for (const each of given ?? []) {
    const shown = each.includes('@') ? 'name or password before the host' : `"${each}"`
    if (!isBroker(each))
      faults.push(
        `KAFKA_BROKERS: ${shown}: must be host:port, with a port from 1 to 65535; a login goes into kafka.sasl.`,
      )
  }
  const ssl = resolveSsl(config, environment, faults)
  const sasl = resolveSasl(config, environment, faults)
  if (faults.length > 0) throw new UsageFault(faults)
  const brokers = given !== undefined && given.length > 0 ? given : (config.brokers ?? null)
  return { brokers, clientId: config.clientId, ssl, sasl }
}

function resolveSsl({ ssl }: KafkaConfig, environment: Environment, faults: string[]): KafkaAddress['ssl'] {
  const named = Object.entries(FROM_ENVIRONMENT.ssl).flatMap(([field, name]) => {
    const value = environment[name]
    return value === undefined || value === '' ? [] : [[field, value] as const]
  })
  if (ssl === false && named.length === 0) return environment['KAFKA_SSL'] === 'true'
  const isFromConfig = typeof ssl === 'object'
  if (!isFromConfig && named.length === 0) return ssl
  const read = readTls(isFromConfig ? ssl : Object.fromEntries(named), environment)
  for (const { field, text } of read.faults) {
    const name = isFromConfig ? `kafka.ssl.${field}` : FROM_ENVIRONMENT.ssl[field as 'ca' | 'cert' | 'key']
    faults.push(`${name}: ${text}.`)
  }
  return read.material
}

function resolveSasl(config: KafkaConfig, environment: Environment, faults: string[]): KafkaAddress['sasl'] {
  const names = FROM_ENVIRONMENT.sasl
  const given = environment[names.mechanism]?.toLowerCase()
  if (config.sasl === undefined && (given === undefined || given === '')) return null
  const read = saslConfig.safeParse(config.sasl ?? { ...names, mechanism: given })
  if (!read.success) {
    faults.push(`${names.mechanism}: must be one of ${saslConfig.shape.mechanism.options.join(', ')}.`)
    return null
  }
  const variable = (field: 'usernameEnv' | 'passwordEnv'): string => {
    const name = read.data[field]
    const value = environment[name]
    if (value !== undefined && value !== '') return value
    faults.push(`kafka.sasl.${field}: the environment variable ${name} is not set; set it, or name another one.`)
    return ''
  }
  return { mechanism: read.data.mechanism, username: variable('usernameEnv'), password: variable('passwordEnv') }
}
