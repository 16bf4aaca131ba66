// Which known name was meant: the one hint that saves a person a look into the manual.

/** Edits (insert, delete, replace, swap of neighbours) between two short words. */
export function editDistance(left: string, right: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: right.length + 1 }, (_, column) => column)
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1]
      let cost = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1))
      const swapped =
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
      if (swapped) cost = Math.min(cost, beforeLast[column - 2]! + 1)
      current.push(cost)
    }
    beforeLast = last
    last = current
  }
  return last[right.length]!
}

/** Lower case without separators, so that max_tokens, max-tokens and MaxTokens are one word. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '')
}

/** The known name nearest to `name`, or null when none is near (more than a third of it would have to change). */
export function nearest(name: string, known: Iterable<string>): string | null {
  const wanted = plain(name)
  let best: { candidate: string; distance: number; edits: number } | null = null
  for (const candidate of known) {
    const given = plain(candidate)
    const inside = wanted.length >= 4 && given.length >= 4 && (given.includes(wanted) || wanted.includes(given))
    const edits = editDistance(wanted, given)
    const distance = inside ? Math.min(1, edits) : edits
    if (best === null || distance < best.distance || (distance === best.distance && edits < best.edits))
      best = { candidate, distance, edits }
  }
  const limit = Math.max(1, Math.floor(wanted.length / 3))
  return best !== null && best.distance <= limit ? best.candidate : null
}
