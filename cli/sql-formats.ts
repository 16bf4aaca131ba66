// In which form `magpie sql` gives a result: short names of formats, what a file's ending stands for, which are no text.

import { extname } from 'node:path'
import { UsageFault } from '../schemas/failure.ts'

/** A table for people, drawn here; every other form is ClickHouse's own. */
export const TABLE = 'table'

/** Short names, and the ClickHouse formats that they stand for. */
const NAMES: Readonly<Record<string, string>> = {
  table: TABLE,
  vertical: 'Vertical',
  json: 'JSON',
  jsonl: 'JSONEachRow',
  csv: 'CSVWithNames',
  tsv: 'TSVWithNames',
  parquet: 'Parquet',
  avro: 'Avro',
  arrow: 'Arrow',
  markdown: 'Markdown',
}

const ENDINGS: Readonly<Record<string, string>> = { '.ndjson': 'jsonl', '.md': 'markdown' }

const NO_TEXT = /^(Parquet|Avro|Arrow|ArrowStream|ORC|Native|RowBinary.*|MsgPack|Npy|BSONEachRow|Buffers)$/

/**
 * The form of a result: what was asked for, else what the file is called, else a table on a terminal and
 * TSVWithNames elsewhere. Throws UsageFault for a form that is none, or that a terminal cannot show.
 */
export function formatFor(asked: string | undefined, out: string | undefined, isTerminal: boolean): string {
  const format = formatOf(asked, out, isTerminal)
  if (!/^[A-Za-z0-9]+$/.test(format))
    throw new UsageFault(
      `--format ${format} is no format; there are ${Object.keys(NAMES).join(', ')}, and all of ClickHouse's`,
    )
  if (out === undefined && isTerminal && NO_TEXT.test(format))
    throw new UsageFault(
      `--format ${format} is no text for a terminal: give --out FILE, or send it into a file or a pipe`,
    )
  return format
}

function formatOf(asked: string | undefined, out: string | undefined, isTerminal: boolean): string {
  if (asked !== undefined) return NAMES[asked.toLowerCase()] ?? asked
  if (out === undefined) return isTerminal ? TABLE : 'TSVWithNames'
  const ending = extname(out).toLowerCase()
  const format = NAMES[ENDINGS[ending] ?? ending.slice(1)]
  if (format === undefined)
    throw new UsageFault(
      `--out ${out}: nothing says in which format; let it end in .json, .jsonl, .csv, .tsv, .parquet, .avro, .arrow or .md, or give --format`,
    )
  return format
}
