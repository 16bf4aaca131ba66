// All rows of an export in the order of their ids, some MB at a time. Ids are hashes, so a share of all rows lies in the
// same share of the space of ids: a page asks for such a share, by the key that the tables are sorted by. Promises: each
// row once, whatever the pages; a page that is too large for the database is asked for in smaller ones.

import { Failure } from '../../schemas/failure.ts'
import type { Columns } from '../../sinks/clickhouse/read-rows.ts'
import { ID_SPACE, idAt } from '../report/ranges.ts'
import type { PageBounds } from './query.ts'

/** Text of a page, about, and rows at most. */
const PAGE_BYTES = 8 * 2 ** 20
const MOST_ROWS = 5000
/** Rows of the first page, before it is known how large they are. */
const FIRST_ROWS = 64

/** Too many rows or bytes for an answer; not enough memory: fewer rows may do. */
const TOO_LARGE = new Set(['clickhouse-396', 'clickhouse-241'])

/** Rows as JSONEachRow text. */
export type AskPage = (bounds: PageBounds) => Promise<string>

/** Reads all pages, the next one while the last is worked on. total: rows there are, about. */
export async function* readPages(ask: AskPage, total: number): AsyncGenerator<Columns[]> {
  let wanted = FIRST_ROWS
  let position = 0
  let after = ''
  const following = async (): Promise<{ rows: Columns[]; isLast: boolean }> => {
    for (;;) {
      const to = position + Math.ceil((ID_SPACE * wanted) / Math.max(1, total))
      const isToEnd = to >= ID_SPACE
      const limit = wanted * 2
      let text: string
      try {
        text = await ask({ after, from: idAt(position), before: isToEnd ? '' : idAt(to), rows: limit })
      } catch (error) {
        if (!(error instanceof Failure) || !TOO_LARGE.has(error.code) || wanted === 1) throw error
        wanted = Math.ceil(wanted / 4)
        continue
      }
      const rows = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Columns]))
      const last = rows.at(-1)
      if (last !== undefined) {
        after = last['id'] as string
        wanted = Math.max(1, Math.min(MOST_ROWS, Math.round(PAGE_BYTES / (text.length / rows.length))))
      }
      // A full page may have been cut: the rest of its share comes next.
      const isCut = rows.length === limit
      if (!isCut) position = to
      if (rows.length > 0 || isToEnd) return { rows, isLast: isToEnd && !isCut }
    }
  }
  let next = following()
  for (;;) {
    const { rows, isLast } = await next
    if (!isLast) {
      next = following()
      // Whoever stops reading does not hear of it.
      next.catch(() => undefined)
    }
    if (rows.length > 0) yield rows
    if (isLast) return
  }
}
