// The only door to avsc. (Interface first; implementation below.)
import type { RecordName, Records } from './records.ts'

/** Turns records into framed bytes (0, schema id as big-endian int32, Avro binary) and back. */
export interface Codec {
  /** Returns a buffer of its own (never a view that later calls overwrite). Throws Failure permanent `record-invalid` naming the field, or `record-too-large` over MAX_RECORD_BYTES. */
  encode<Name extends RecordName>(name: Name, record: Records[Name]): Buffer
  /** Reads any released version of the record. Throws Failure permanent `undecodable` (bad framing, unknown schema id, other record, truncated). Strings and bytes are copies. */
  decode<Name extends RecordName>(name: Name, value: Buffer): Records[Name]
}

/** Codec with ids from schemas/registry.json, or from a Confluent registry when a URL is given. */
export declare function createCodec(options?: { registryUrl?: string }): Promise<Codec>
