// The problems that a replay takes where it does not take all. They are chosen once, by SQL, and then lie on the topic
// `selections`: so a resume, other processes and the audit see the same problems, whatever the tables hold by then.

import { createHash } from 'node:crypto'
import type { Replay } from '../../configs/replay.ts'
import type { Codec } from '../../schemas/codec.ts'
import { permanent, UsageFault } from '../../schemas/failure.ts'
import { createIdMap, isUuid } from '../../schemas/id-map.ts'
import { topicFor } from '../../schemas/topics.ts'
import { assertCondition } from '../../sinks/clickhouse/condition.ts'
import type { Database } from '../../sinks/clickhouse/contract.ts'
import { statementFault } from '../../sinks/clickhouse/statement-faults.ts'
import type { KafkaConnection } from '../../stream/kafka.ts'
import { stamp } from '../../stream/outgoing.ts'
import { readTopic } from '../../stream/read-topic.ts'
import type { Sender } from '../../stream/sender.ts'
import { readable } from '../read-records.ts'

/** Whose selection it is. */
export interface SelectionOf {
  readonly runId: string
  /** The revision that takes these problems. */
  readonly revision: string
}

export interface Chosen {
  readonly selection: NonNullable<Replay['selection']>
  /** 16 bytes each, in order. */
  readonly ids: Buffer
}

/** Ids that one query brings; the read-only lane allows a million rows. */
const PAGE = 500_000
/** Ids in one message of the topic: 800 kB. */
const PART = 50_000
const ID_BYTES = 16

/**
 * Chooses problems by a condition on the table `problems` (of that run and revision), or by a whole SELECT with one
 * column of their ids. Throws UsageFault where the SQL is wrong or chooses nothing, Failure where there is no answer.
 */
export async function chooseProblems(
  database: Pick<Database, 'query'>,
  text: string,
  source: { readonly runId: string; readonly revision: string },
  signal: AbortSignal,
): Promise<Chosen> {
  const ask = async (sql: string, more: Readonly<Record<string, string>> = {}): Promise<string[]> => {
    const parameters = { run: source.runId, revision: source.revision, ...more }
    try {
      const text = await database.query(sql, { format: 'TabSeparated', readOnly: true, parameters, signal })
      return text.split('\n').filter((line) => line !== '')
    } catch (error) {
      const fault = statementFault(error)
      throw fault === null ? error : new UsageFault(`--where: ${fault}`)
    }
  }
  const where = text.replace(/;\s*$/, '')
  assertCondition(where)
  const isQuery = /^[\s(]*(?:select|with|from)\b/i.test(where)
  // A line of its own, so that a comment at the end of the condition ends there.
  const inner = isQuery
    ? where
    : `SELECT id FROM problems WHERE run_id = {run:String} AND revision = {revision:String} AND (${where}\n)`
  const columns = await ask(`DESCRIBE TABLE (${inner}\n)`)
  if (columns.length !== 1)
    throw new UsageFault(`--where: the SELECT must have one column, the ids of problems, and has ${columns.length}`)
  const column = `\`${columns[0]!.split('\t')[0]!.replaceAll('`', '\\`')}\``
  const hash = createHash('sha256')
  const pages: Buffer[] = []
  let problems = 0
  for (let after = '', page: string[] = []; problems === 0 || page.length === PAGE; after = page.at(-1)!) {
    page = await ask(
      `SELECT DISTINCT toString(${column}) AS chosen_id FROM (${inner}\n) WHERE chosen_id > {after:String} ORDER BY chosen_id LIMIT ${PAGE}`,
      { after },
    )
    const stranger = page.find((id) => !isUuid(id))
    if (stranger !== undefined)
      throw new UsageFault(`--where: must give ids of problems, and gives ${JSON.stringify(stranger.slice(0, 60))}`)
    if (page.length === 0) break
    pages.push(Buffer.from(page.join('').replaceAll('-', ''), 'hex'))
    for (const id of page) hash.update(`${id}\n`)
    problems += page.length
  }
  if (problems === 0)
    throw new UsageFault(
      `--where: chooses no problem of run ${source.runId} (revision ${source.revision}): ${where.trim().slice(0, 200)}`,
    )
  return { selection: { sql: where.trim(), problems, sha256: hash.digest('hex') }, ids: Buffer.concat(pages) }
}

const keyOf = ({ runId, revision }: SelectionOf, sha256: string): string => `${runId}/${revision}/${sha256}/`

/** Puts the ids on the log; resolves when the broker has them. To be called before the config that names them is there. */
export async function publishSelection(
  sender: Pick<Sender, 'send'>,
  codec: Codec,
  of: SelectionOf,
  { selection: { sha256 }, ids }: Chosen,
  now: number,
): Promise<void> {
  const parts = Math.ceil(ids.length / (PART * ID_BYTES))
  for (let part = 0; part < parts; part += 1) {
    const id = `${keyOf(of, sha256)}${part}`
    const slice = ids.subarray(part * PART * ID_BYTES, (part + 1) * PART * ID_BYTES)
    const record = { ...of, id, createdAt: now, sha256, part, parts, ids: slice }
    const value = codec.encode('Selection', record)
    await sender.send([stamp({ topic: topicFor('selections', of.revision), key: id, value }, of)])
  }
}

/** A set of ids, about 40 bytes each. */
export interface ChosenIds {
  readonly size: number
  /** False also for what is no id of a problem. */
  has(id: string): boolean
}

/** Reads a selection from the log. Throws permanent `selection-gone` where it is not all there, Failure. */
export async function readSelection(
  { connection, codec }: { readonly connection: KafkaConnection; readonly codec: Codec },
  of: SelectionOf,
  { sha256, problems }: NonNullable<Replay['selection']>,
  signal: AbortSignal,
): Promise<ChosenIds> {
  const ids = createIdMap()
  for await (const message of readTopic(connection, { topic: topicFor('selections', of.revision), signal })) {
    if (!message.key.startsWith(keyOf(of, sha256)) || message.value.length === 0) continue
    const record = readable({ connection, codec }, 'Selection', message)
    const hex = record?.ids.toString('hex') ?? ''
    for (let at = 0; at < hex.length; at += 2 * ID_BYTES) ids.set(uuidOf(hex.slice(at, at + 2 * ID_BYTES)), 0)
  }
  if (ids.size !== problems)
    throw permanent(
      'selection-gone',
      `topic selections holds ${ids.size} of the ${problems} problems that revision ${of.revision} of run ${of.runId} was to take: choose them again under another revision`,
    )
  return {
    get size() {
      return ids.size
    },
    has: (id) => isUuid(id) && ids.has(id),
  }
}

/** From 32 hexadecimal digits. */
function uuidOf(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
