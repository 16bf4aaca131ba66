// What the owner of the embedded database writes for others: rows of a guest (another run or replay of this state
// folder), and the rows of a revision that is dropped, taken away. Both ends: whoever asks gets the owner's Failure.

import type { ServerResponse } from 'node:http'
import { z } from 'zod'
import { Failure, permanent, transient } from '../../schemas/failure.ts'
import type { Database } from './contract.ts'
import { insertParts, rowsOf } from './json-lines.ts'
import type { OwnerNote } from './owner-file.ts'
import type { RunName } from './refills.ts'
import { removeRevisionRows } from './revision-rows.ts'

const INSERT = '/magpie-insert'
const FORGET = '/magpie-forget'

/** main is the run itself: nothing takes that away. */
const forgetting = z.strictObject({
  runId: z.string().min(1),
  revision: z
    .string()
    .min(1)
    .refine((name) => name !== 'main'),
})

/** An owner's refusal, as it comes over its port. */
const refusal = z.object({ retry: z.enum(['transient', 'permanent']), code: z.string(), message: z.string() })

/** Longest wait for the owner's answer, milliseconds: a large table, or a batch that is looked at, takes its time. */
const ANSWER_MS = 300_000

/** Rows of one request. */
const PART_LIMITS = { rows: 5000, bytes: 4 * 2 ** 20 }

/** Is it a request to write? */
export function isWrite(path: string): boolean {
  return path === INSERT || path === FORGET
}

/** Writes what a request asks for; what goes wrong is answered as the Failure that it is. */
export async function takeWrite(database: Database, url: URL, body: string, response: ServerResponse): Promise<void> {
  try {
    if (url.pathname === INSERT) await takeRows(database, url.searchParams.get('table') ?? '', body)
    else await removeRevisionRows(database, forgetting.parse(JSON.parse(body)))
    response.writeHead(204).end()
  } catch (error) {
    const failure = error instanceof Failure ? error : permanent('unexpected', String(error))
    const { retry, code, message } = failure
    response.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify({ retry, code, message }))
  }
}

async function takeRows(database: Database, table: string, body: string): Promise<void> {
  if (!/^[a-z_]+$/.test(table)) throw permanent('wrong-request', 'no rows for a table')
  const [columns, ...rows] = rowsOf<readonly unknown[]>(body)
  if (columns === undefined) return
  const named = rows.map((row) => Object.fromEntries(row.map((value, index) => [String(columns[index]), value])))
  await database.insert(table, named)
}

/** Hands rows to the owner; resolves when they are in its table. Throws the owner's Failure. */
export async function insertAt(owner: OwnerNote, table: string, rows: readonly object[]): Promise<void> {
  for await (const { columns, lines } of insertParts(rows, PART_LIMITS))
    await askOwner(
      owner,
      `${INSERT}?table=${encodeURIComponent(table)}`,
      `${JSON.stringify(columns)}\n${String(lines)}`,
    )
}

/** Has the owner take a revision's rows away; resolves when they are gone. Throws the owner's Failure. */
export async function forgetAt(owner: OwnerNote, of: RunName): Promise<void> {
  await askOwner(owner, FORGET, JSON.stringify(of))
}

async function askOwner({ url, token, pid }: OwnerNote, path: string, body: string): Promise<void> {
  const authorization = `Basic ${Buffer.from(`magpie:${token}`).toString('base64')}`
  const owner = `process ${pid}, which owns the database at ${url},`
  let answer: Response
  try {
    const signal = AbortSignal.timeout(ANSWER_MS)
    answer = await fetch(new URL(path, url), { method: 'POST', headers: { authorization }, body, signal })
    if (answer.status === 204) return
  } catch (error) {
    throw transient('clickhouse-unreachable', `${owner} does not answer`, { cause: error })
  }
  const said = refusal.safeParse(await answer.json().catch(() => null))
  if (!said.success) throw transient('clickhouse-unreachable', `${owner} answers ${answer.status}`)
  throw new Failure(said.data.retry, said.data.code, said.data.message)
}
