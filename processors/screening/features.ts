// What two problems are compared by: an exact hash, a MinHash signature of their words, and a fingerprint of
// everything that decides the answer (numbers, operators, functions, words such as least or odd). Two problems
// with other numbers are two problems, however alike their words are.

import { contrastsOf, tokensOf } from './tokens.ts'

/** 20 bands of 5 rows: texts of likeness 0.75 meet in a band with 99.6 %, texts of 0.4 with 19 %. */
export const BANDS = 20
export const ROWS = 5
export const SIGNATURE_LENGTH = BANDS * ROWS

export interface Features {
  /** 64 bits of the normalised text, as two unsigned halves. */
  readonly exact: readonly [number, number]
  /** 32 bits of what decides the answer; 0 where that is not looked at. */
  readonly fingerprint: number
  /** The low 16 bits of each minimum. */
  readonly signature: Uint16Array
}

/** numbersMatter: problems that differ in numbers alone are different problems. */
export function featuresOf(text: string, { numbersMatter }: { numbersMatter: boolean }): Features {
  const tokens = tokensOf(text)
  const words = tokens.filter((token) => !/^[()|]$/.test(token))
  const contrasts = numbersMatter ? contrastsOf(tokens).sort().join(' ') : ''
  return {
    exact: [hash(tokens.join(' '), 0x9747b28c), hash(tokens.join(' '), 0x3c6ef372)],
    fingerprint: contrasts === '' ? 0 : hash(contrasts, 0x51ed270b),
    signature: signatureOf(shinglesOf(numbersMatter ? words : words.map((word) => (/^\d/.test(word) ? '#' : word)))),
  }
}

/** Hashes of single words and of pairs of neighbours: one changed word in ten leaves a likeness of about 0.75. */
export function shinglesOf(words: readonly string[]): Set<number> {
  const hashes = words.map((word) => hash(word, 0))
  const shingles = new Set(hashes)
  for (let at = 1; at < hashes.length; at += 1)
    shingles.add(mixed(Math.imul(hashes[at - 1]!, 0x2c1b3c6d) ^ hashes[at]!))
  return shingles
}

/**
 * MinHash: the minimum of each of SIGNATURE_LENGTH hash functions over the set. Two signatures agree in a place with
 * the chance of the sets' Jaccard likeness (Broder 1997); of each minimum 16 bits are kept (b-bit MinHash, Li and
 * König 2010).
 */
export function signatureOf(shingles: ReadonlySet<number>): Uint16Array {
  const minima = new Uint32Array(SIGNATURE_LENGTH).fill(0xffffffff)
  for (const shingle of shingles) {
    for (let at = 0; at < SIGNATURE_LENGTH; at += 1) {
      const value = mixed(shingle ^ SEEDS[at]!)
      if (value < minima[at]!) minima[at] = value
    }
  }
  return Uint16Array.from(minima, (minimum) => mixed(minimum) & 0xffff)
}

/** Share of places in which two signatures agree: estimates the Jaccard likeness, standard error about 0.043 at 0.75. */
export function likeness(left: ArrayLike<number>, right: ArrayLike<number>, leftAt = 0, rightAt = 0): number {
  let same = 0
  for (let at = 0; at < SIGNATURE_LENGTH; at += 1) if (left[leftAt + at] === right[rightAt + at]) same += 1
  return same / SIGNATURE_LENGTH
}

/** Bucket key of one band of a signature that stands at `from` in a larger array. */
export function bandKey(signatures: ArrayLike<number>, from: number, band: number, fingerprint: number): number {
  let key = mixed(fingerprint + band)
  for (let row = band * ROWS; row < (band + 1) * ROWS; row += 1)
    key = mixed(key ^ Math.imul(signatures[from + row]! + 1, 0x9e3779b1))
  return key
}

/** Spreads 32 bits over 32 bits without loss (finaliser of MurmurHash3, Appleby); unsigned. */
function mixed(value: number): number {
  let bits = value
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}

/** FNV-1a over UTF-16 units, then spread; unsigned 32 bits. */
function hash(text: string, seed: number): number {
  let bits = 0x811c9dc5 ^ seed
  for (let at = 0; at < text.length; at += 1) bits = Math.imul(bits ^ text.charCodeAt(at), 0x01000193)
  return mixed(bits)
}

const SEEDS = Uint32Array.from({ length: SIGNATURE_LENGTH }, (_, index) => mixed(Math.imul(index + 1, 0x9e3779b1)))
