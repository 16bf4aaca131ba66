import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createEmbeddingIndex } from '../../../processors/screening/embedding-index.ts'
import { packedNumbers, packVector } from '../../../processors/screening/packed-vector.ts'
import { createRotation } from '../../../processors/screening/rotation.ts'
import { Failure } from '../../../schemas/failure.ts'
import { problemId } from '../../../schemas/ids.ts'

const DIMENSIONS = 128
const id = (slot: number): string => problemId('vectors', slot, 0)
const pack = (vector: Float32Array): Int8Array => packedNumbers(packVector(vector))

/** Normal numbers from a seed. */
function normals(seed: number): () => number {
  let state = seed
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
}

function unit(numbers: Float32Array): Float32Array {
  const length = Math.hypot(...numbers)
  return numbers.map((value) => value / length)
}

/** Makes vectors in a cone: `shared` is the cosine that two of them have. */
function vectorsFrom(seed: number, shared: number) {
  const normal = normals(seed)
  const any = (): Float32Array => unit(Float32Array.from({ length: DIMENSIONS }, normal))
  const axis = any()
  const mix = (left: Float32Array, right: Float32Array, share: number): Float32Array =>
    unit(left.map((value, at) => Math.sqrt(1 - share) * value + Math.sqrt(share) * right[at]!))
  return {
    fresh: () => mix(any(), axis, shared),
    /** A vector at this cosine to the other one. */
    near: (vector: Float32Array, cosine: number): Float32Array => {
      const other = any()
      const along = other.reduce((sum, value, at) => sum + value * vector[at]!, 0)
      const across = unit(other.map((value, at) => value - along * vector[at]!))
      return unit(vector.map((value, at) => cosine * value + Math.sqrt(1 - cosine * cosine) * across[at]!))
    },
  }
}

describe('index of vectors', () => {
  for (const shared of [0, 0.35, 0.7]) {
    it(`finds planted vectors, and nothing else, where all share a cosine of ${shared}`, () => {
      const { fresh, near } = vectorsFrom(7, shared)
      const index = createEmbeddingIndex(0.9)
      const kept = Array.from({ length: 3000 }, fresh)
      for (const [slot, vector] of kept.entries()) index.add(id(slot), pack(vector), 0)
      let found = 0
      let below = 0
      let strangers = 0
      for (let slot = 0; slot < 3000; slot += 10) {
        const likest = index.find(pack(near(kept[slot]!, 0.93)), 0)
        if (likest?.id === id(slot)) {
          found += 1
          assert.ok(Math.abs(likest.likeness - 0.93) < 0.005, `says ${likest.likeness}`)
        }
        if (index.find(pack(near(kept[slot]!, 0.87)), 0) !== null) below += 1
        if (index.find(pack(fresh()), 0) !== null) strangers += 1
      }
      assert.ok(found >= 0.95 * 300, `${found} of 300`)
      assert.deepEqual([below, strangers], [0, 0])
    })
  }

  it('compares only what has the same fingerprint, and of equally like ones names the smallest id', () => {
    const { fresh } = vectorsFrom(3, 0)
    const vector = pack(fresh())
    const index = createEmbeddingIndex(0.9)
    const ids = [id(1), id(2), id(3)]
    for (const each of ids) index.add(each, vector, 5)
    assert.equal(index.find(vector, 6), null)
    assert.equal(index.find(vector, 5)?.id, ids.sort()[0])
  })

  it('takes an id in once, and refuses vectors of another dimension', () => {
    const index = createEmbeddingIndex(0.9)
    index.add(id(1), Int8Array.of(127, 0), 0)
    index.add(id(1), Int8Array.of(0, 127), 0)
    assert.equal(index.size, 1)
    assert.equal(index.find(Int8Array.of(0, 127), 0), null)
    assert.equal(index.takes(Int8Array.of(1, 2, 3)), false)
    const isShape = (error: unknown): boolean => error instanceof Failure && error.code === 'embedding-shape'
    assert.throws(() => index.find(Int8Array.of(1, 2, 3), 0), isShape)
    assert.throws(() => {
      index.add(id(2), Int8Array.of(1, 2, 3), 0)
    }, isShape)
  })

  it('packs vectors so that their cosine stays', () => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: -0.99, max: 0.99, noNaN: true }), (seed, cosine) => {
        const { fresh, near } = vectorsFrom(seed, 0)
        const vector = fresh()
        const [left, right] = [pack(vector), pack(near(vector, cosine))]
        const dot = left.reduce((sum, value, at) => sum + value * right[at]!, 0)
        assert.ok(Math.abs(dot / Math.hypot(...left) / Math.hypot(...right) - cosine) < 0.005)
      }),
    )
  })

  it('rotates without changing angles', () => {
    const rotate = createRotation(64)
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 64, maxLength: 64 }), (given) => {
        const numbers = Float32Array.from(given)
        const before = Math.hypot(...numbers)
        rotate(numbers)
        assert.ok(Math.abs(Math.hypot(...numbers) / 64 ** 1.5 - before) < 1e-4 * (1 + before))
      }),
    )
  })
})
