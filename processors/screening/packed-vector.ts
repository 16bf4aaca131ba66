// Vectors as bytes: each number of a unit vector in eight bits, scaled by the largest of them. Promise: the cosine of two
// packed vectors is that of the vectors to about 0.001 (384 dimensions); the scale falls out of it and is not kept.

/** Bytes of the vector's numbers, each a signed 8-bit integer. */
export function packVector(vector: Float32Array): Buffer {
  const largest = vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const packed = Int8Array.from(vector, (value) => Math.round((value / largest) * 127))
  return Buffer.from(packed.buffer)
}

/** The numbers of packed bytes. */
export function packedNumbers(bytes: Buffer): Int8Array {
  return new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** Sum of the products of two vectors' numbers, the left one standing at leftAt of a larger array. */
export function dotOfPacked(left: Int8Array, leftAt: number, right: Int8Array): number {
  let sum = 0
  for (let at = 0; at < right.length; at += 1) sum += left[leftAt + at]! * right[at]!
  return sum
}
