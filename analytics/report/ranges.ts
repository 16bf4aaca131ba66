// Counts that need the rows of a problem side by side, asked by ranges of problem ids. An id of a problem is a hash, and
// every table but the short one of dead letters is sorted by it or by an id that begins with it: a range of ids is a known
// share of the problems, and a part of each table. Promise: what the database holds at once is that of a range, however many problems there are.

/** Ids begin with eight hexadecimal digits. */
export const ID_SPACE = 2 ** 32

/** Problems of a range, about: what is grouped by them stays within some tens of MB. */
const RANGE_PROBLEMS = 65_536

/** The condition that a column lies in a range; the column has ids of problems, or ids that begin with these. */
export type Within = (key: string) => string

/** Where the ids begin that have this share of the space below them. position: below ID_SPACE; '' is below all. */
export function idAt(position: number): string {
  return position === 0 ? '' : position.toString(16).padStart(8, '0')
}

/** Ranges that hold every id once, whatever it looks like; one where there are few problems. */
export function rangesOf(problems: number): Within[] {
  const count = Math.max(1, Math.ceil(problems / RANGE_PROBLEMS))
  const border = (place: number): string => idAt(Math.floor((place * ID_SPACE) / count))
  return Array.from({ length: count }, (_, place): Within => {
    const from = (key: string): string => (place === 0 ? 'true' : `${key} >= '${border(place)}'`)
    return (key) => (place === count - 1 ? from(key) : `${from(key)} AND ${key} < '${border(place + 1)}'`)
  })
}

/** What all ranges say together: rows of the same texts are one row, their numbers are added up. */
export async function sumOver<Row extends object>(
  ranges: readonly Within[],
  ask: (within: Within) => Promise<Row[]>,
): Promise<Row[]> {
  const sums = new Map<string, Row>()
  for (const range of ranges) {
    for (const row of await ask(range)) {
      const key = JSON.stringify(Object.values(row).filter((value) => typeof value === 'string'))
      const sum = sums.get(key)
      sums.set(key, sum === undefined ? row : added(sum, row))
    }
  }
  return [...sums.values()]
}

function added<Row extends object>(sum: Row, row: Row): Row {
  const others = new Map<string, unknown>(Object.entries(row))
  const cells = Object.entries(sum).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'number' ? value + (others.get(name) as number) : value,
  ])
  return Object.fromEntries(cells) as Row
}
