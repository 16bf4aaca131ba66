// Looks at a broker's door before kafkajs knocks: TLS or not, whose certificate, a login or none. kafkajs waits and tries
// again at what no waiting mends (a TLS port that is spoken to in plain text costs it minutes). Promises: what the config
// can mend is a UsageFault; a broker that is away, or slow, is no fault, and the answer says how it is away.

import { connect as connectPlain } from 'node:net'
import type { Socket } from 'node:net'
import { isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { UsageFault } from '../schemas/failure.ts'
import { tlsAdvice } from '../schemas/tls.ts'
import type { KafkaAddress } from './config.ts'

/** Longest wait for a connection, and for each answer. */
const PATIENCE_MS = 5_000

const API_VERSIONS = 18
const METADATA = 3
const CLIENT = 'magpie'

/**
 * Resolves with null as soon as a broker answers as it should; with why none does, where all of them are away. Throws
 * UsageFault where a broker would never let us in this way. All are asked at once.
 */
export async function greetKafka(
  address: Pick<KafkaAddress, 'brokers' | 'ssl' | 'sasl'>,
  patienceMs = PATIENCE_MS,
): Promise<string | null> {
  const greetings = address.brokers.map(async (broker) => {
    const found = await greet(broker, address, patienceMs)
    if ('away' in found) throw new Error(found.away)
    return found.fault
  })
  const fault = await Promise.any(greetings).catch((error: unknown) => error as AggregateError)
  if (fault instanceof AggregateError) return (fault.errors as Error[]).map(({ message }) => message).join('; ')
  if (fault !== null) throw new UsageFault(fault)
  return null
}

/** away: nothing was learned, and why. fault: what is wrong, as a full sentence; null: it answers as it should. */
type Found = { readonly away: string } | { readonly fault: string | null }

async function greet(
  broker: string,
  { ssl, sasl }: Pick<KafkaAddress, 'ssl' | 'sasl'>,
  patienceMs: number,
): Promise<Found> {
  const [host, port] = placeOf(broker)
  const opened = await open(host, port, ssl, patienceMs)
  if (opened instanceof Error) {
    const advice = tlsAdvice(opened)
    if (advice !== null) return { fault: `kafka.ssl: ${broker}: ${advice}` }
    if (ssl === false || !(await speaksPlain(host, port, patienceMs))) return { away: opened.message }
    return {
      fault: `kafka.ssl: ${broker} speaks no TLS; set kafka.ssl: false (and unset KAFKA_SSL…), or give the port of its TLS listener`,
    }
  }
  try {
    const answer = await exchange(opened, request(API_VERSIONS, 0, Buffer.alloc(0)), patienceMs)
    if (answer instanceof Error) {
      const advice = tlsAdvice(answer)
      return advice === null ? { away: answer.message } : { fault: `kafka.ssl: ${broker}: ${advice}` }
    }
    if (answer === 'silent') return { away: 'it takes the connection and says nothing' }
    if (!isAnswer(answer)) {
      if (ssl === false && (await speaksTls(host, port, patienceMs)))
        return {
          fault: `kafka.ssl: ${broker} speaks TLS, and the config does not; set kafka.ssl: true, or give the file of its authority as kafka.ssl.ca`,
        }
      return { away: answer === 'closed' ? 'it closes the connection' : 'it does not speak as Kafka does' }
    }
    if (sasl !== null) return { fault: null } // what becomes of the login, kafkajs hears from the broker
    // An empty list of topics: brokers only. One who has to log in first is shown the door.
    const brokers = await exchange(opened, request(METADATA, 1, Buffer.alloc(4)), patienceMs)
    return {
      fault:
        brokers === 'closed'
          ? `kafka.sasl: ${broker} closes the connection of one who has not logged in; give mechanism, usernameEnv and passwordEnv`
          : null,
    }
  } finally {
    opened.destroy()
  }
}

function placeOf(broker: string): [host: string, port: number] {
  const at = broker.lastIndexOf(':')
  return [broker.slice(0, at).replace(/^\[(.*)\]$/, '$1'), Number(broker.slice(at + 1))]
}

/** A connection that may be written to, or why there is none. */
async function open(host: string, port: number, ssl: KafkaAddress['ssl'], patienceMs: number): Promise<Socket | Error> {
  return await new Promise((resolve) => {
    const material = ssl === true ? {} : ssl
    const socket =
      material === false
        ? connectPlain({ host, port })
        : connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...material })
    const end = (fault: Error): void => {
      clearTimeout(late)
      socket.destroy()
      resolve(fault)
    }
    const late = setTimeout(end, patienceMs, new Error('no connection in time'))
    // It stays: an error after the connection is that of an exchange, which listens too.
    socket.on('error', end)
    socket.once(material === false ? 'connect' : 'secureConnect', () => {
      clearTimeout(late)
      resolve(socket)
    })
  })
}

/** Sends a request and resolves with the first bytes that come, with how the connection ended, or with silence. */
async function exchange(
  socket: Socket,
  bytes: Buffer,
  patienceMs: number,
): Promise<Buffer | 'closed' | 'silent' | Error> {
  return await new Promise((resolve) => {
    const end = (found: Buffer | 'closed' | 'silent' | Error): void => {
      clearTimeout(late)
      socket.off('data', end).off('error', end).off('close', onClose)
      resolve(found)
    }
    const onClose = (): void => {
      end('closed')
    }
    const late = setTimeout(end, patienceMs, 'silent')
    socket.once('data', end).once('error', end).once('close', onClose)
    socket.write(bytes)
  })
}

async function speaksPlain(host: string, port: number, patienceMs: number): Promise<boolean> {
  const opened = await open(host, port, false, patienceMs)
  if (opened instanceof Error) return false
  const answer = await exchange(opened, request(API_VERSIONS, 0, Buffer.alloc(0)), patienceMs)
  opened.destroy()
  return !(answer instanceof Error) && isAnswer(answer)
}

async function speaksTls(host: string, port: number, patienceMs: number): Promise<boolean> {
  const opened = await open(host, port, { rejectUnauthorized: false }, patienceMs)
  if (opened instanceof Error) return false
  opened.destroy()
  return true
}

/** Size, api key, version, correlation id 1, client id, body. */
function request(apiKey: number, version: number, body: Buffer): Buffer {
  const head = Buffer.alloc(4 + 2 + 2 + 4 + 2)
  head.writeInt32BE(head.length - 4 + CLIENT.length + body.length, 0)
  head.writeInt16BE(apiKey, 4)
  head.writeInt16BE(version, 6)
  head.writeInt32BE(1, 8)
  head.writeInt16BE(CLIENT.length, 12)
  return Buffer.concat([head, Buffer.from(CLIENT), body])
}

/** Whether bytes begin as an answer to `request`; the alert of a TLS port does not. */
function isAnswer(found: Buffer | 'closed' | 'silent'): boolean {
  return typeof found !== 'string' && found.length >= 8 && found.readInt32BE(0) < 2 ** 20 && found.readInt32BE(4) === 1
}
