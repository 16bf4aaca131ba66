// Where a partition's journal begins that is still of use, carried by the partition's commit before the set of finished
// offsets: `j` and the offset in base 36, then a dot. Promise: with it any set of finished offsets still fits a commit.

const MARK = /^j([0-9a-z]{1,11})\./

/** The metadata with the mark; without one for null. */
export function withJournalMark(metadata: string, from: number | null): string {
  return from === null ? metadata : `j${from.toString(36)}.${metadata}`
}

/** Takes metadata apart; from is null where it has no mark. */
export function splitJournalMark(metadata: string): { readonly from: number | null; readonly rest: string } {
  const found = MARK.exec(metadata)
  if (found === null) return { from: null, rest: metadata }
  return { from: Number.parseInt(found[1]!, 36), rest: metadata.slice(found[0].length) }
}
