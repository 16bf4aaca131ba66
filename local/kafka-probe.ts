// Asks a Kafka port who it is, with one Metadata request written by hand: kafkajs lives in stream/ only, and
// a listening port alone does not say that a broker is behind it, is ready, or is ours.
import { connect } from 'node:net'

export interface KafkaIdentity {
  clusterId: string | null
  /** host:port of every broker that has joined the cluster. Empty while the broker is still starting. */
  brokers: string[]
}

const METADATA = 3
const VERSION = 2 // the first with the cluster's id
const CLIENT = 'magpie-probe'

/** The cluster behind 127.0.0.1:port, or null if nothing there speaks Kafka within the time. */
export async function probeKafka(port: number, timeoutMs = 2000): Promise<KafkaIdentity | null> {
  const answer = await new Promise<Buffer | null>((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    let received = Buffer.alloc(0)
    const end = (value: Buffer | null): void => {
      socket.destroy()
      resolve(value)
    }
    socket.setTimeout(timeoutMs, () => {
      end(null)
    })
    socket.once('error', () => {
      end(null)
    })
    socket.once('close', () => {
      end(null)
    })
    socket.once('connect', () => socket.write(metadataRequest()))
    socket.on('data', (piece: Buffer) => {
      received = Buffer.concat([received, piece])
      if (received.length < 4) return
      const size = received.readInt32BE(0)
      if (size < 8 || size > 1024 * 1024) end(null)
      else if (received.length >= size + 4) end(received.subarray(4, size + 4))
    })
  })
  if (answer === null) return null
  try {
    return readMetadata(answer)
  } catch (error) {
    if (error instanceof RangeError) return null // something else than Kafka answered
    throw error
  }
}

// Size, api key, version, correlation id, client id, and an empty array of topics: brokers only.
function metadataRequest(): Buffer {
  const bytes = Buffer.alloc(4 + 2 + 2 + 4 + 2 + CLIENT.length + 4)
  bytes.writeInt32BE(bytes.length - 4, 0)
  bytes.writeInt16BE(METADATA, 4)
  bytes.writeInt16BE(VERSION, 6)
  bytes.writeInt32BE(1, 8)
  bytes.writeInt16BE(CLIENT.length, 12)
  bytes.write(CLIENT, 14)
  return bytes
}

// Correlation id, then brokers (node id, host, port, rack), then the cluster's id.
function readMetadata(bytes: Buffer): KafkaIdentity | null {
  if (bytes.readInt32BE(0) !== 1) return null
  let at = 4
  const readString = (): string | null => {
    const length = bytes.readInt16BE(at)
    at += 2 + Math.max(length, 0)
    return length < 0 ? null : bytes.toString('utf8', at - length, at)
  }
  const brokers: string[] = []
  const count = bytes.readInt32BE(at)
  at += 4
  for (let index = 0; index < count; index += 1) {
    at += 4
    const host = readString()
    const port = bytes.readInt32BE(at)
    at += 4
    readString()
    brokers.push(`${host ?? ''}:${port}`)
  }
  return { clusterId: readString(), brokers }
}
