// The two forms of a database for suites that hold both to the same: the embedded one, and a real server.

import { join } from 'node:path'
import { silentLogger } from '../../schemas/logger.ts'
import type { Database } from '../../sinks/clickhouse/contract.ts'
import { openDatabase } from '../../sinks/clickhouse/database.ts'
import { someServer } from './clickhouse-server.ts'

export const DATABASE_KINDS = ['embedded', 'server'] as const
export type DatabaseKind = (typeof DATABASE_KINDS)[number]

/** Opens an empty one with all tables; close() ends its server too. folder: where an embedded one lies. */
export async function openTestDatabase(kind: DatabaseKind, folder: string): Promise<Database> {
  const server = kind === 'server' ? await someServer() : null
  const where = { url: server?.url ?? '', stateDir: join(folder, 'state'), role: 'owner' } as const
  const database = await openDatabase({ ...where, log: silentLogger })
  return {
    ...database,
    close: async () => {
      await database.close()
      await server?.close()
    },
  }
}
