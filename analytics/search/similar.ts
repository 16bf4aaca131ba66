// Problems like another one: by the angle between their vectors where screening has made some (stages.screen.embeddings),
// else by the groups of three letters that their texts share. Every vector or text is compared: exact, and seconds for a
// million.

import { UsageFault } from '../../schemas/failure.ts'
import type { Database } from '../../sinks/clickhouse/contract.ts'

export type Likeness = 'vectors' | 'letters'

export interface Similar {
  readonly id: string
  readonly run: string
  /** 1: the same; of vectors the cosine, of letters the share of groups in common. */
  readonly likeness: number
  readonly text: string
}

export interface SimilarOptions {
  /** Id of a problem, or else a text. */
  readonly id?: string | undefined
  readonly text?: string | undefined
  /** Vectors where the problem has one, when left out. */
  readonly by?: Likeness | undefined
  readonly run?: string | undefined
  readonly revision: string
  readonly limit: number
}

export interface Likes {
  readonly by: Likeness
  readonly of: string
  readonly found: readonly Similar[]
}

type Reads = Pick<Database, 'rows'>

/** Throws UsageFault where there is no such problem, or vectors are asked for where it has none. */
export async function findSimilar(database: Reads, options: SimilarOptions): Promise<Likes> {
  const { id, revision, run, limit } = options
  const source =
    id === undefined ? { text: options.text ?? '', version: null } : await problemOf(database, id, revision)
  const by = options.by ?? (source.version === null ? 'letters' : 'vectors')
  if (by === 'vectors' && source.version === null)
    throw new UsageFault(
      id === undefined
        ? '--text has no vector here: give the id of a problem, or --by letters'
        : `problem ${id} has no vector: its run had stages.screen.embeddings switched off; --by letters compares the texts`,
    )
  const likeness =
    by === 'vectors'
      ? `1 - cosineDistance(embedding, (SELECT any(embedding) FROM problems FINAL WHERE id = {id:String} AND revision = {revision:String}))`
      : '1 - ngramDistanceCaseInsensitiveUTF8(words, {text:String})'
  const found = await database.rows<Similar>(
    `SELECT id, run_id AS run, ${likeness} AS likeness, ifNull(instruction, text) AS words, words AS text
     FROM problems FINAL
     WHERE revision = {revision:String} AND id != {id:String} ${run === undefined ? '' : 'AND run_id = {run:String}'}
       ${by === 'vectors' ? 'AND embedding_version = {version:String}' : ''}
     ORDER BY likeness DESC, id LIMIT {limit:UInt32}`,
    { id: id ?? '', revision, run, limit, text: source.text, version: source.version ?? '' },
    { readOnly: true },
  )
  return {
    by,
    of: source.text,
    found: found.map((row) => ({ id: row.id, run: row.run, likeness: row.likeness, text: row.text })),
  }
}

async function problemOf(
  database: Reads,
  id: string,
  revision: string,
): Promise<{ text: string; version: string | null }> {
  const [row] = await database.rows<{ text: string; version: string | null }>(
    `SELECT ifNull(instruction, text) AS text, if(empty(embedding), NULL, embedding_version) AS version
     FROM problems FINAL WHERE id = {id:String} AND revision = {revision:String}`,
    { id, revision },
    { readOnly: true },
  )
  if (row === undefined)
    throw new UsageFault(`there is no problem ${id} in revision ${revision}: ./magpie search finds ids by words`)
  return row
}
