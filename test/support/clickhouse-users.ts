// The users of docs/clickhouse.md, as the page makes them, for a real server in tests.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { statementsOf } from '../../sinks/clickhouse/tokens.ts'
import type { ServerUser } from './clickhouse-server.ts'

/** All SQL statements of the page, in order. */
export async function statementsOfPage(): Promise<string[]> {
  const page = await readFile(join(import.meta.dirname, '../../docs/clickhouse.md'), 'utf8')
  return [...page.matchAll(/```sql\n([^]*?)```/g)].flatMap(([, block]) => statementsOf(block!))
}

/** The one that the sink writes by, and the one for people who ask; passwords: `the-writers`, `the-readers`. */
export async function usersOfPage(): Promise<{ writer: ServerUser; reader: ServerUser }> {
  const statements = await statementsOfPage()
  const of = (name: string, password: string): ServerUser => {
    const made = statements.find((each) => each.startsWith(`CREATE USER ${name} `)) ?? ''
    const [, setting = '', value = ''] = / SETTINGS (\w+) = (\d+)$/.exec(made) ?? []
    const grants = statements.flatMap((each) => new RegExp(`^(GRANT [^]*) TO ${name}$`).exec(each)?.[1] ?? [])
    return { name, password, grants, settings: { [setting]: value } }
  }
  return { writer: of('magpie_writer', 'the-writers'), reader: of('magpie_reader', 'the-readers') }
}
