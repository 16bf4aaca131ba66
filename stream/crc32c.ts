// CRC-32C (Castagnoli), the checksum of Kafka's record batches, eight bytes a step where kafkajs takes
// one: every byte that is sent goes through it.

/** Reversed polynomial. */
const POLYNOMIAL = 0x82f63b78

/** TABLES[n * 256 + byte]: what a byte with n bytes behind it adds. */
const TABLES = new Int32Array(8 * 256)
for (let byte = 0; byte < 256; byte += 1) {
  let crc = byte
  for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  TABLES[byte] = crc
}
for (let index = 256; index < TABLES.length; index += 1) {
  const before = TABLES[index - 256]!
  TABLES[index] = (before >>> 8) ^ TABLES[before & 255]!
}

/** Unsigned checksum of all bytes. */
export function crc32c(bytes: Uint8Array): number {
  let crc = -1
  let at = 0
  for (const last = bytes.length - 7; at < last; at += 8) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    crc =
      TABLES[0x700 | (crc & 255)]! ^
      TABLES[0x600 | ((crc >>> 8) & 255)]! ^
      TABLES[0x500 | ((crc >>> 16) & 255)]! ^
      TABLES[0x400 | (crc >>> 24)]! ^
      TABLES[0x300 | bytes[at + 4]!]! ^
      TABLES[0x200 | bytes[at + 5]!]! ^
      TABLES[0x100 | bytes[at + 6]!]! ^
      TABLES[bytes[at + 7]!]!
  }
  for (; at < bytes.length; at += 1) crc = (crc >>> 8) ^ TABLES[(crc ^ bytes[at]!) & 255]!
  return ~crc >>> 0
}
