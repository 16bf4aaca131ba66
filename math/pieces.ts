// Pieces of the number line and their algebra: union, intersection, complement, equality up to rounding.

export interface Piece {
  readonly lower: number
  readonly upper: number
  readonly lowerOpen: boolean
  readonly upperOpen: boolean
}
/** In order, apart from each other. */
export type RealSet = readonly Piece[]

/** All real numbers. */
export const line: RealSet = [{ lower: -Infinity, upper: Infinity, lowerOpen: true, upperOpen: true }]

function alike(left: number, right: number): boolean {
  if (left === right) return true
  if (!Number.isFinite(left) || !Number.isFinite(right)) return false
  return Math.abs(left - right) <= 1e-9 * Math.max(1, Math.abs(left), Math.abs(right))
}

/** Joins what overlaps or touches. */
export function unite(pieces: readonly Piece[]): RealSet {
  const sorted = [...pieces].sort((a, b) =>
    alike(a.lower, b.lower) ? Number(a.lowerOpen) - Number(b.lowerOpen) : a.lower - b.lower,
  )
  const joined: Piece[] = []
  for (const piece of sorted) {
    const last = joined.at(-1)
    const touches =
      last !== undefined &&
      (alike(last.upper, piece.lower) ? !(last.upperOpen && piece.lowerOpen) : piece.lower < last.upper)
    if (last === undefined || !touches) {
      joined.push(piece)
      continue
    }
    const further = alike(last.upper, piece.upper)
      ? { upper: last.upper, upperOpen: last.upperOpen && piece.upperOpen }
      : last.upper > piece.upper
        ? { upper: last.upper, upperOpen: last.upperOpen }
        : { upper: piece.upper, upperOpen: piece.upperOpen }
    joined[joined.length - 1] = { ...last, ...further }
  }
  return joined
}

export function intersect(left: RealSet, right: RealSet): RealSet {
  return complement(unite([...complement(left), ...complement(right)]))
}

export function complement(set: RealSet): RealSet {
  const gaps: Piece[] = []
  let lower = -Infinity
  let lowerOpen = true
  for (const piece of set) {
    const gap = { lower, upper: piece.lower, lowerOpen, upperOpen: !piece.lowerOpen }
    if (gap.lower < gap.upper || (gap.lower === gap.upper && !gap.lowerOpen && !gap.upperOpen)) gaps.push(gap)
    lower = piece.upper
    lowerOpen = !piece.upperOpen
  }
  if (lower < Infinity) gaps.push({ lower, upper: Infinity, lowerOpen, upperOpen: true })
  return gaps
}

export function sameSet(left: RealSet, right: RealSet): boolean {
  return (
    left.length === right.length &&
    left.every((piece, index) => {
      const other = right[index]
      return (
        other !== undefined &&
        alike(piece.lower, other.lower) &&
        alike(piece.upper, other.upper) &&
        piece.lowerOpen === other.lowerOpen &&
        piece.upperOpen === other.upperOpen
      )
    })
  )
}

/** One number as a piece. */
export function point(value: number): Piece {
  return { lower: value, upper: value, lowerOpen: false, upperOpen: false }
}
