// The keys under which a vector is kept and looked for: TABLES keys of BITS bits, each bit the side of a random
// hyperplane on which the vector lies (Charikar 2002). Two vectors at an angle a agree in a bit with the chance 1 - a/π.
// Planes go through the middle of the vectors rather than through zero: many models put all texts into one narrow cone,
// where planes through zero part nothing.

import { createRotation } from './rotation.ts'

export const TABLES = 16
export const BITS = 16
/** Of a key as many bits are looked up both ways: those whose planes are nearest to the vector (multi-probe, Lv et al. 2007). */
const UNSURE = 4
export const PROBES = 2 ** UNSURE

export interface Keys {
  /** One key a table. */
  readonly keys: Uint16Array
  /** Of each table PROBES keys to look under, its own key first. */
  readonly probes: Uint16Array
}

/** Makes the keys of vectors of this dimension. What it returns is overwritten by the next call. */
export function createKeyMaker(dimension: number): (vector: Int8Array, scale: number, middle: Float32Array) => Keys {
  const width = 2 ** Math.ceil(Math.log2(Math.max(dimension, TABLES * BITS)))
  const rotate = createRotation(width)
  const sides = new Float32Array(width)
  const keys = new Uint16Array(TABLES)
  const probes = new Uint16Array(TABLES * PROBES)
  const unsure = new Uint16Array(UNSURE)

  /** The bits of a table whose planes are nearest, as masks. */
  const findUnsure = (from: number): void => {
    let taken = 0
    for (let place = 0; place < UNSURE; place += 1) {
      let nearest = -1
      for (let bit = 0; bit < BITS; bit += 1) {
        if ((taken & (1 << bit)) !== 0) continue
        if (nearest < 0 || Math.abs(sides[from + bit]!) < Math.abs(sides[from + nearest]!)) nearest = bit
      }
      taken |= 1 << nearest
      unsure[place] = 1 << nearest
    }
  }

  return (vector, scale, middle) => {
    for (let at = 0; at < width; at += 1) sides[at] = at < dimension ? vector[at]! * scale - middle[at]! : 0
    rotate(sides)
    for (let table = 0; table < TABLES; table += 1) {
      const from = table * BITS
      let key = 0
      for (let bit = 0; bit < BITS; bit += 1) if (sides[from + bit]! > 0) key |= 1 << bit
      keys[table] = key
      findUnsure(from)
      for (let probe = 0; probe < PROBES; probe += 1) {
        let flipped = key
        for (let place = 0; place < UNSURE; place += 1) if ((probe & (1 << place)) !== 0) flipped ^= unsure[place]!
        probes[table * PROBES + probe] = flipped
      }
    }
    return { keys, probes }
  }
}
