// Questions of an export to the database: in the read-only lane, as of its moment, given up by its signal.

import { UsageFault } from '../../schemas/failure.ts'
import type { Database, QueryOptions } from '../../sinks/clickhouse/contract.ts'
import { rowsOf } from '../../sinks/clickhouse/json-lines.ts'
import { statementFault } from '../../sinks/clickhouse/statement-faults.ts'
import type { Reads } from '../report/find-run.ts'
import type { Query } from './query.ts'

export interface Ask extends Reads {
  /** The rows as JSONEachRow text. */
  text(query: Query): Promise<string>
}

/** asOf: milliseconds since 1970 UTC. */
export function createAsk(
  database: Pick<Database, 'query' | 'where'>,
  { asOf, signal }: { readonly asOf: number | null; readonly signal: AbortSignal },
): Ask {
  const options: QueryOptions = { readOnly: true, signal, ...(asOf === null ? {} : { asOf }) }
  const text: Ask['text'] = ({ sql, parameters }) =>
    database.query(sql, { ...options, format: 'JSONEachRow', parameters })
  return {
    where: database.where,
    text,
    rows: async <Row>(sql: string, parameters: Query['parameters'] = {}) =>
      rowsOf<Row>(await text({ sql, parameters })),
  }
}

/** What ClickHouse says of a condition that it does not understand is the fault of the one who gave it. */
export function faultOfCondition(error: unknown, where: string | null): unknown {
  const fault = statementFault(error)
  return where === null || fault === null ? error : new UsageFault(`--where ${where}: ${fault}`)
}
