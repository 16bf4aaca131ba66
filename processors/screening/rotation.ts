// Random directions for hashing vectors, without a matrix: signs flipped at random, then a Walsh-Hadamard transform,
// three times over (Andoni, Indyk, Laarhoven, Razenshteyn, Schmidt 2015: "Practical and Optimal LSH for Angular
// Distance"). Costs 3 n log n additions where a matrix of random hyperplanes costs n² products. Deterministic.

const ROUNDS = 3

/** Returns a function that rotates `width` numbers in place (and scales them all alike). width: a power of two. */
export function createRotation(width: number): (numbers: Float32Array) => void {
  const signs = Array.from({ length: ROUNDS }, (_, round) =>
    Float32Array.from({ length: width }, (_, at) => (bitOf(round * width + at) ? 1 : -1)),
  )
  return (numbers) => {
    for (const flips of signs) {
      for (let at = 0; at < width; at += 1) numbers[at] = numbers[at]! * flips[at]!
      transform(numbers)
    }
  }
}

/** Fast Walsh-Hadamard transform, in place. */
function transform(numbers: Float32Array): void {
  for (let half = 1; half < numbers.length; half *= 2) {
    for (let start = 0; start < numbers.length; start += 2 * half) {
      for (let at = start; at < start + half; at += 1) {
        const left = numbers[at]!
        const right = numbers[at + half]!
        numbers[at] = left + right
        numbers[at + half] = left - right
      }
    }
  }
}

/** One of a fixed sequence of random bits (finaliser of MurmurHash3, Appleby). */
function bitOf(index: number): boolean {
  let bits = Math.imul(index + 1, 0x9e3779b1)
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return ((bits ^ (bits >>> 16)) & 1) === 1
}
