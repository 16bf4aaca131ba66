// The config's `kafka:` section: where the broker is, how to log in, how topics are kept.
// No secret stands in it: user name and password are named by their environment variables.

import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { UsageFault } from '../schemas/failure.ts'
import { TOPIC_NAMES } from '../schemas/topics.ts'

const topicConfig = z.strictObject({
  partitions: z.int().positive().optional().describe('Partitions of a new topic; an existing one keeps its own.'),
  retentionMs: z.int().min(-1).default(-1).describe('How long records are kept, milliseconds; -1: for ever.'),
})

const sslConfig = z.union([
  z.boolean(),
  z.strictObject({
    ca: z.string().optional().describe('File with the certificate authority (PEM).'),
    cert: z.string().optional().describe('File with the client certificate (PEM).'),
    key: z.string().optional().describe('File with the client key (PEM).'),
    rejectUnauthorized: z.boolean().default(true),
  }),
])

const saslConfig = z.strictObject({
  mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
  usernameEnv: z.string().describe('NAME of the environment variable that holds the user.'),
  passwordEnv: z.string().describe('NAME of the environment variable that holds the password.'),
})

export const kafkaConfig = z.strictObject({
  brokers: z
    .array(z.string().regex(/^[^\s/]+:\d+$/, 'must be host:port'))
    .min(1)
    .optional()
    .describe('host:port of some brokers; else KAFKA_BROKERS, else a local Kafka is started.'),
  clientId: z.string().min(1).default('magpie'),
  ssl: sslConfig.default(false),
  sasl: saslConfig.optional(),
  replicationFactor: z.int().min(-1).default(-1).describe("Copies of a new topic; -1: the broker's default."),
  topics: z.partialRecord(z.enum(TOPIC_NAMES), topicConfig).default({}),
})

export type KafkaConfig = z.infer<typeof kafkaConfig>

/** How a client reaches the brokers; what connectKafka takes. Holds secrets: never logged. */
export interface KafkaAddress {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly ssl: boolean | { ca?: string; cert?: string; key?: string; rejectUnauthorized: boolean }
  readonly sasl: { mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; username: string; password: string } | null
}

/**
 * Reads environment variables and certificate files. brokers: those of KAFKA_BROKERS (comma-separated), else the
 * config's, else null: the caller starts a local Kafka. Throws UsageFault with every fault found.
 */
export function resolveKafka(
  config: KafkaConfig,
  environment: Readonly<Record<string, string | undefined>>,
): Omit<KafkaAddress, 'brokers'> & { readonly brokers: readonly string[] | null } {
  const faults: string[] = []
  const variable = (field: string, name: string): string => {
    const value = environment[name]
    if (value === undefined || value === '') {
      faults.push(`kafka.sasl.${field}: the environment variable ${name} is not set; set it, or name another one.`)
    }
    return value ?? ''
  }
  const file = (field: string, path: string): string => {
    try {
      return readFileSync(path, 'utf8')
    } catch (error) {
      faults.push(`kafka.ssl.${field}: ${path} cannot be read (${(error as Error).message}).`)
      return ''
    }
  }
  const given = environment.KAFKA_BROKERS?.split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
  for (const each of given ?? []) {
    if (!/^[^\s/]+:\d+$/.test(each)) faults.push(`KAFKA_BROKERS: "${each}" must be host:port.`)
  }
  const ssl =
    typeof config.ssl === 'boolean'
      ? config.ssl
      : {
          ...(config.ssl.ca === undefined ? {} : { ca: file('ca', config.ssl.ca) }),
          ...(config.ssl.cert === undefined ? {} : { cert: file('cert', config.ssl.cert) }),
          ...(config.ssl.key === undefined ? {} : { key: file('key', config.ssl.key) }),
          rejectUnauthorized: config.ssl.rejectUnauthorized,
        }
  const sasl =
    config.sasl === undefined
      ? null
      : {
          mechanism: config.sasl.mechanism,
          username: variable('usernameEnv', config.sasl.usernameEnv),
          password: variable('passwordEnv', config.sasl.passwordEnv),
        }
  if (faults.length > 0) throw new UsageFault(faults)
  const brokers = given !== undefined && given.length > 0 ? given : (config.brokers ?? null)
  return { brokers, clientId: config.clientId, ssl, sasl }
}
