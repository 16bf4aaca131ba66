// Takes a revision's rows out of the database, wherever it is: a server, the embedded one in the state folder, or that
// of a process which is at work. That one is asked over its port: nobody else may open its folder.

import { existsSync } from 'node:fs'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { permanent, transient } from '../../schemas/failure.ts'
import { resolveServer } from './address.ts'
import { embeddedFolder, openDatabase } from './database.ts'
import type { OpenOptions } from './database.ts'
import { FORGET_PATH } from './owner.ts'
import { liveOwner } from './owner-file.ts'
import type { OwnerNote } from './owner-file.ts'
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
    await askOwner(owner, of)
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

/** The longest that a large table takes, milliseconds. */
const PATIENCE_MS = 300_000

async function askOwner({ url, token, pid }: OwnerNote, of: RunName): Promise<void> {
  const [status, said] = await new Promise<readonly [number, string]>((resolve, reject) => {
    const asked = request(new URL(FORGET_PATH, url), {
      method: 'POST',
      auth: `magpie:${token}`,
      agent: false,
      timeout: PATIENCE_MS,
    })
    asked.on('response', (response) => {
      text(response).then((body) => {
        resolve([response.statusCode ?? 0, body])
      }, reject)
    })
    asked.on('timeout', () => asked.destroy(new Error(`no answer in ${PATIENCE_MS / 1000} s`)))
    asked.on('error', reject)
    asked.end(JSON.stringify(of))
  }).catch((error: unknown) => {
    throw transient(
      'clickhouse-unreachable',
      `process ${pid}, which owns the database, did not take the rows away: ${String(error)}; ask again`,
      { cause: error },
    )
  })
  if (status === 204) return
  throw status === 503
    ? transient('clickhouse-unreachable', `process ${pid}, which owns the database: ${said.trim()}; ask again`)
    : permanent(
        'owner-refuses',
        `process ${pid} owns the database and cannot take rows away (${said.trim()}): stop it, and ask again`,
      )
}
