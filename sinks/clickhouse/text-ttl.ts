// How long the tables keep what models wrote: a time to live of columns, never of rows. Promises: every row stays, with
// its id, place in the log, verdicts, scores, tokens and money, so that the audit, reports and refills count as before;
// what is asked for is what the tables have afterwards, and a time that somebody set on other columns stays.
// docs/decisions/0022-texts-expire-rows-stay.md.

import type { Logger } from '../../schemas/logger.ts'
import type { Database } from './contract.ts'

/** Texts that take the room. Those of problems and of the data sets stay. */
const TEXTS: Readonly<Record<string, readonly string[]>> = {
  responses: ['text', 'reasoning', 'solution', 'judge_reason'],
  follow_ups: ['question', 'answer', 'reasoning', 'question_text', 'answer_text'],
}

type Tables = Pick<Database, 'command' | 'rows'>

/**
 * Has texts of records that were made more than so many days ago emptied; null: keeps them from now on. Returns at once:
 * ClickHouse empties them in the background, as it merges. Call after migrate(). Throws what the database throws.
 */
export async function expireTexts(database: Tables, days: number | null, log: Logger): Promise<void> {
  for (const table of Object.keys(TEXTS)) {
    const change = await changeOf(database, table, days)
    if (change === null) continue
    try {
      await database.command(change)
    } catch (error) {
      // Another process that starts may have been quicker.
      if ((await changeOf(database, table, days)) !== null) throw error
    }
    if (days === null) log.warn({ table }, 'texts of the table had a time to live, which no config says now: they stay')
    else log.info({ table, days }, 'texts of the table expire')
  }
}

/** The statement that is missing; null: none. */
async function changeOf(database: Tables, table: string, days: number | null): Promise<string | null> {
  const [found] = await database.rows<{ sql: string }>(
    'SELECT create_table_query AS sql FROM system.tables WHERE database = currentDatabase() AND name = {table:String}',
    { table },
  )
  const sql = found?.sql ?? ''
  const wrong = TEXTS[table]!.filter((column) => daysOf(sql, column) !== days)
  if (wrong.length === 0) return null
  const time = days === null ? 'REMOVE TTL' : `TTL toDateTime(created_at) + toIntervalDay(${days})`
  return `ALTER TABLE ${table} ${wrong.map((column) => `MODIFY COLUMN ${column} ${time}`).join(', ')}`
}

/** Days that the column's values live by the table's definition; null: for good; NaN: by a rule that is not ours. */
function daysOf(sql: string, column: string): number | null {
  const definition = new RegExp(`\`${column}\` ([^\`]*?)(?:, (?:\`|[A-Z]+ )|\\) ENGINE )`).exec(sql)?.[1] ?? ''
  const rule = / TTL (.*)/.exec(definition)?.[1]
  return rule === undefined ? null : Number(/toIntervalDay\((\d+)\)/.exec(rule)?.[1])
}
