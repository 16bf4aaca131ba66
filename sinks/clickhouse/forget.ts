// Takes a revision's rows out of the database, wherever it is: a server, the embedded one in the state folder, or that
// of a process which is at work. That one is asked over its port: nobody else may open its folder.

import { existsSync } from 'node:fs'
import { resolveServer } from './address.ts'
import { embeddedFolder, openDatabase } from './database.ts'
import type { OpenOptions } from './database.ts'
import { liveOwner } from './owner-file.ts'
import { forgetAt } from './owner-writes.ts'
import type { RunName } from './refills.ts'
import { countRevisionRows, removeRevisionRows } from './revision-rows.ts'
import type { TableRows } from './revision-rows.ts'

export type ForgetOptions = Omit<OpenOptions, 'role'>

/** Rows that would go; null where there is no database. Throws what openDatabase and the database throw. */
export async function countRows(options: ForgetOptions, of: RunName): Promise<TableRows[] | null> {
  if (isMissing(options)) return null
  const database = await openDatabase({ ...options, role: 'reader' })
  try {
    return await countRevisionRows(database, of)
  } finally {
    await database.close()
  }
}

/** Throws UsageFault, transient Failure where the database is in use or does not answer. */
export async function forgetRows(options: ForgetOptions, of: RunName): Promise<void> {
  const owner = isEmbedded(options) ? await liveOwner(embeddedFolder(options.stateDir)) : null
  if (owner !== null) {
    await forgetAt(owner, of)
    return
  }
  const database = await openDatabase({ ...options, role: isEmbedded(options) ? 'owner' : 'reader' })
  try {
    await removeRevisionRows(database, of)
  } finally {
    await database.close()
  }
}

function isEmbedded({ url, server }: ForgetOptions): boolean {
  return resolveServer(server, { ...process.env, ...(url === undefined ? {} : { CLICKHOUSE_URL: url }) }) === null
}

function isMissing(options: ForgetOptions): boolean {
  const folder = embeddedFolder(options.stateDir)
  return isEmbedded(options) && !existsSync(`${folder}/store`) && !existsSync(`${folder}/data`)
}
