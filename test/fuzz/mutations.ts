// Bytes and texts as a broken disk, a cut connection or a hostile sender makes them: a valid beginning, changed.

import fc from 'fast-check'

/** One change to a text or to bytes, by fractions of their length, so that it fits every length. */
interface Change {
  readonly kind: 'replace' | 'insert' | 'remove' | 'repeat' | 'cut'
  readonly at: number
  readonly length: number
  readonly with: Buffer
  readonly times: number
}

const HOSTILE_BYTES = [
  '00',
  'ff',
  'ffffffffffffffffff01',
  '8080808080808080807f',
  'feffffff0f',
  'efbbbf',
  'c328',
  'eda080',
]

const change = (tokens: readonly string[]): fc.Arbitrary<Change> =>
  fc.record({
    kind: fc.constantFrom('replace', 'insert', 'remove', 'repeat', 'cut'),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.oneof(fc.nat(4), fc.nat(200)),
    with: fc.oneof(
      fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom(...HOSTILE_BYTES).map((hex) => Buffer.from(hex, 'hex')),
      fc.constantFrom('', ...tokens).map((token) => Buffer.from(token)),
    ),
    times: fc.oneof(fc.nat(3), fc.nat(3000)),
  })

function changed(bytes: Buffer, { kind, at, length, with: other, times }: Change): Buffer {
  const from = Math.floor(at * bytes.length)
  const to = Math.min(bytes.length, from + length)
  const before = bytes.subarray(0, from)
  const after = bytes.subarray(to)
  const piece = bytes.subarray(from, to)
  switch (kind) {
    case 'replace':
      return Buffer.concat([before, other, after])
    case 'insert':
      return Buffer.concat([before, other, bytes.subarray(from)])
    case 'remove':
      return Buffer.concat([before, after])
    case 'repeat':
      return Buffer.concat([before, ...Array.from({ length: times }, () => (other.length > 0 ? other : piece)), after])
    case 'cut':
      return Buffer.from(before)
  }
}

/** One of the valid bytes, changed up to six times; `tokens` are what the format has a meaning for. */
export function mutated(valid: readonly Buffer[], tokens: readonly string[] = []): fc.Arbitrary<Buffer> {
  return fc
    .tuple(fc.constantFrom(...valid), fc.array(change(tokens), { maxLength: 6 }))
    .map(([bytes, changes]) => changes.reduce(changed, bytes))
}

/** The same for texts. */
export function mutatedText(valid: readonly string[], tokens: readonly string[] = []): fc.Arbitrary<string> {
  return mutated(
    valid.map((text) => Buffer.from(text)),
    tokens,
  ).map((bytes) => bytes.toString('utf8'))
}
