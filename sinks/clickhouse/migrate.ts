// Brings the tables and views of a database up to date: the numbered .sql files of this folder, each once, in order.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { permanent } from '../../schemas/failure.ts'
import type { Logger } from '../../schemas/logger.ts'
import type { Database } from './contract.ts'
import { statementsOf } from './tokens.ts'

export interface Migration {
  readonly number: number
  readonly name: string
  readonly statements: readonly string[]
}

/** The migrations that lie beside this file, by number. */
export function readMigrations(folder = import.meta.dirname): Migration[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => ({
      number: Number(file.slice(0, 3)),
      name: file,
      statements: statementsOf(readFileSync(join(folder, file), 'utf8')),
    }))
}

/**
 * Applies what is missing. Every statement may run twice (IF NOT EXISTS, OR REPLACE), so that two processes that
 * start at once, or a crash in the middle, do no harm.
 * Throws permanent `database-newer` when the database was made by a newer version of this program.
 */
export async function migrate(database: Database, log: Logger, migrations = readMigrations()): Promise<void> {
  await database.command(
    `CREATE TABLE IF NOT EXISTS schema_migrations (number UInt32, name String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
     ENGINE = ReplacingMergeTree ORDER BY number`,
  )
  const applied = await database.rows<{ number: number }>('SELECT number FROM schema_migrations FINAL ORDER BY number')
  const done = new Set(applied.map((row) => row.number))
  const newest = migrations.at(-1)?.number ?? 0
  const ahead = Math.max(0, ...done)
  if (ahead > newest) {
    throw permanent(
      'database-newer',
      `the database at ${database.where} is of schema ${ahead}, this program knows ${newest}: use the newer program, or another database`,
    )
  }
  for (const migration of migrations.filter(({ number }) => !done.has(number))) {
    for (const statement of migration.statements) await database.command(statement)
    await database.insert('schema_migrations', [{ number: migration.number, name: migration.name }])
    log.info({ migration: migration.name, database: database.where }, 'schema brought up to date')
  }
}
