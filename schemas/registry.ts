// Which schema an id on the wire stands for. Two forms: the file registry.json (every released version, shipped
// with the project) and a Confluent schema registry. Both are read whole at start, so decoding never waits.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RECORD_NAMES, readSchemaFiles, SCHEMA_FOLDER, wholeSchema } from './avro-files.ts'
import type { AvroSchema } from './avro-files.ts'
import { transient } from './failure.ts'
import type { RecordName } from './records.ts'

export interface RegisteredSchema {
  readonly id: number
  /** Record name strategy: `magpie.Problem`. */
  readonly subject: string
  /** From 1; the highest is the one that is written. */
  readonly version: number
  readonly schema: AvroSchema
}

export const subjectOf = (name: RecordName): string => `magpie.${name}`

/** All released versions in registry.json, oldest first. */
export function readRegistryFile(folder = SCHEMA_FOLDER): RegisteredSchema[] {
  return JSON.parse(readFileSync(join(folder, 'registry.json'), 'utf8')) as RegisteredSchema[]
}

/** The released list with every changed .avsc added as the next version of its subject; the same list if none changed. */
export function withUnreleased(released: readonly RegisteredSchema[]): RegisteredSchema[] {
  const files = readSchemaFiles()
  const list = [...released]
  for (const name of RECORD_NAMES) {
    const subject = subjectOf(name)
    const schema = wholeSchema(name, files)
    const newest = list.filter((entry) => entry.subject === subject).at(-1)
    if (newest !== undefined && JSON.stringify(newest.schema) === JSON.stringify(schema)) continue
    const id = Math.max(0, ...list.map((entry) => entry.id)) + 1
    list.push({ id, subject, version: (newest?.version ?? 0) + 1, schema })
  }
  return list
}

/**
 * Registers our newest schemas at a Confluent registry and reads every version of our subjects back.
 * Throws a transient Failure `registry` when it does not answer as one.
 */
export async function readConfluentRegistry(url: string): Promise<RegisteredSchema[]> {
  const base = url.replace(/\/+$/, '')
  const call = async (path: string, body?: unknown): Promise<unknown> => {
    const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json', ...credentialsOf(base) }
    const request = body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) }
    const response = await fetch(withoutCredentials(base) + path, request).catch((cause: unknown) => {
      throw transient('registry', `the schema registry (SCHEMA_REGISTRY_URL) does not answer: ${String(cause)}`, {
        cause,
      })
    })
    if (!response.ok) {
      throw transient('registry', `the schema registry refused ${path}: ${response.status} ${await response.text()}`)
    }
    return response.json()
  }
  const entries: RegisteredSchema[] = []
  for (const name of RECORD_NAMES) {
    const subject = subjectOf(name)
    await call(`/subjects/${subject}/versions`, { schema: JSON.stringify(wholeSchema(name)) })
    for (const version of (await call(`/subjects/${subject}/versions`)) as number[]) {
      const entry = (await call(`/subjects/${subject}/versions/${version}`)) as { id: number; schema: string }
      entries.push({ id: entry.id, subject, version, schema: JSON.parse(entry.schema) as AvroSchema })
    }
  }
  return entries
}

function credentialsOf(url: string): Record<string, string> {
  const { username, password } = new URL(url)
  if (username === '') return {}
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}

function withoutCredentials(url: string): string {
  const bare = new URL(url)
  bare.username = ''
  bare.password = ''
  return bare.toString().replace(/\/+$/, '')
}
