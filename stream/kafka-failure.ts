// Translates kafkajs's errors into Failures: may this be tried again?

import { Failure, permanent, transient } from '../schemas/failure.ts'

/** Kafka's error types that no repetition mends. Everything else of the broker's may pass. */
const PERMANENT: Readonly<Record<string, string>> = {
  MESSAGE_TOO_LARGE: 'record-too-large',
  RECORD_LIST_TOO_LARGE: 'record-too-large',
  INVALID_TOPIC_EXCEPTION: 'kafka-refused',
  INVALID_RECORD: 'kafka-refused',
  TOPIC_AUTHORIZATION_FAILED: 'kafka-refused',
  GROUP_AUTHORIZATION_FAILED: 'kafka-refused',
  CLUSTER_AUTHORIZATION_FAILED: 'kafka-refused',
  SASL_AUTHENTICATION_FAILED: 'kafka-refused',
  UNSUPPORTED_SASL_MECHANISM: 'kafka-refused',
  ILLEGAL_SASL_STATE: 'kafka-refused',
  INCONSISTENT_GROUP_PROTOCOL: 'kafka-refused',
  INVALID_GROUP_ID: 'kafka-refused',
  INVALID_SESSION_TIMEOUT: 'kafka-refused',
  INVALID_PARTITIONS: 'kafka-refused',
  INVALID_REPLICATION_FACTOR: 'kafka-refused',
  INVALID_CONFIG: 'kafka-refused',
  POLICY_VIOLATION: 'kafka-refused',
  UNSUPPORTED_VERSION: 'kafka-refused',
  UNSUPPORTED_COMPRESSION_TYPE: 'kafka-refused',
  NON_EMPTY_GROUP: 'group-in-use',
}

/** Names of errors that mean our bytes, our login or our code, not the broker's health. */
const PERMANENT_NAMES: ReadonlySet<string> = new Set([
  'KafkaJSSASLAuthenticationError',
  'KafkaJSNotImplemented',
  'KafkaJSServerDoesNotSupportApiKey',
  'KafkaJSUnsupportedMagicByteInMessageSet',
])

/** Errors of code, not of Kafka. */
const BUG_NAMES: ReadonlySet<string> = new Set(['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError'])

/**
 * Returns a Failure for whatever kafkajs threw: permanent `record-too-large`, `kafka-refused`, `group-in-use`,
 * `kafka-bug`; transient `kafka-unavailable`, `kafka-clock`. `doing` begins the message, as "sending to the broker".
 */
export function toFailure(error: unknown, doing: string): Failure {
  if (error instanceof Failure) return error
  const chain = causes(error)
  for (const each of chain) {
    const code = typeOf(each) === null ? undefined : PERMANENT[typeOf(each)!]
    if (code !== undefined) return permanent(code, `${doing}: ${each.message}`, { cause: error })
    if (PERMANENT_NAMES.has(each.name)) return permanent('kafka-refused', `${doing}: ${each.message}`, { cause: error })
    if (BUG_NAMES.has(each.name))
      return permanent('kafka-bug', `${doing}: ${each.name}: ${each.message}`, { cause: error })
  }
  const last = chain.at(-1)
  if (kafkaErrorType(error) === 'INVALID_TIMESTAMP') {
    const advice =
      "this machine's clock is more than an hour ahead of the broker's: set one of them right and start again"
    return transient('kafka-clock', `${doing}: ${last?.message}; ${advice}`, { cause: error })
  }
  return transient('kafka-unavailable', `${doing}: ${last?.message ?? String(error)}`, { cause: error })
}

/** Kafka's name of a protocol error anywhere in the chain of causes, as OFFSET_METADATA_TOO_LARGE; else null. */
export function kafkaErrorType(error: unknown): string | null {
  for (const each of causes(error)) {
    const type = typeOf(each)
    if (type !== null) return type
  }
  return null
}

/** The error and its causes, outermost first; the errors of an aggregate follow it. */
function causes(error: unknown): Error[] {
  const chain: Error[] = []
  const waiting: unknown[] = [error]
  while (waiting.length > 0 && chain.length < 20) {
    const each = waiting.shift()
    if (!(each instanceof Error) || chain.includes(each)) continue
    chain.push(each)
    waiting.push(each.cause)
    if ('errors' in each && Array.isArray(each.errors)) waiting.push(...(each.errors as unknown[]))
  }
  return chain
}

function typeOf(error: Error): string | null {
  return 'type' in error && typeof error.type === 'string' ? error.type : null
}
