// What the rest of the program knows of the database.

export interface QueryOptions {
  /** ClickHouse format of the result, unless the SQL names one; TabSeparatedWithNames when left out. */
  readonly format?: string
  /** Values of `{name:Type}` in the SQL. */
  readonly parameters?: Readonly<Record<string, unknown>>
  /** For SQL of strangers: one reading statement, time, memory and result size bounded; see read-only.ts. */
  readonly readOnly?: boolean
  /** The tables as they were then, milliseconds since 1970 UTC; see as-of.ts. */
  readonly asOf?: number
  /** Stops the query where it runs. */
  readonly signal?: AbortSignal
}

/**
 * Errors are Failures: transient `clickhouse-unreachable` and ClickHouse's passing states (too many parts, memory,
 * disk), permanent `clickhouse-<code>` for the rest, permanent `sql-refused` from the read-only lane.
 */
export interface Database {
  /** What is open, for people: a URL without credentials, or a folder. */
  readonly where: string
  /** Adds rows (keys are columns). Returned = in the table. Large lists go in parts: 4 MB to a server, 32 MB to the embedded one. */
  readonly insert: (table: string, rows: readonly object[]) => Promise<void>
  /** Runs one statement of our own that returns nothing. */
  readonly command: (sql: string) => Promise<void>
  /** The result as ClickHouse formats it. */
  readonly query: (sql: string, options?: QueryOptions) => Promise<string>
  /** The same as bytes, for formats that are no text (Parquet, Avro). */
  readonly bytes: (sql: string, options?: QueryOptions) => Promise<Buffer>
  /** Rows of a SELECT of our own, one object each; 64-bit integers as numbers, times as text. */
  readonly rows: <Row>(
    sql: string,
    parameters?: Readonly<Record<string, unknown>>,
    options?: Omit<QueryOptions, 'format' | 'parameters'>,
  ) => Promise<Row[]>
  /** An owner's: resolves when the tables are there and up to date. Throws transient Failure while they cannot be. */
  readonly ready?: () => Promise<void>
  /** Stops running reads, ends inserts, lets go of the directory. May be called twice. */
  readonly close: () => Promise<void>
}
