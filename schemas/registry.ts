// Which schema an id on the wire stands for. Two forms: the file registry.json (every released version, shipped
// with the project) and a Confluent schema registry. Both are read whole at start, so decoding never waits.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RECORD_NAMES, readSchemaFiles, SCHEMA_FOLDER, wholeSchema } from './avro-files.ts'
import type { AvroSchema } from './avro-files.ts'
import { transient, UsageFault } from './failure.ts'
import { basicPair, createRedactor } from './redact.ts'
import type { RecordName } from './records.ts'
import { tlsAdvice } from './tls.ts'
import type { Environment } from './tls.ts'

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

/** All released versions: of a Confluent registry when a URL is given, else of registry.json. */
export async function readRegistry(url: string | undefined): Promise<RegisteredSchema[]> {
  return url === undefined ? readRegistryFile() : await readConfluentRegistry(url)
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
 * The login: SCHEMA_REGISTRY_USER and SCHEMA_REGISTRY_PASSWORD, else those inside the URL. Throws UsageFault where it is
 * refused or the URL is none, a transient Failure `registry` when nothing answers as a registry.
 */
export async function readConfluentRegistry(
  url: string,
  environment: Environment = process.env,
): Promise<RegisteredSchema[]> {
  const { base, pair } = addressOf(url, environment)
  const redact = createRedactor([pair, pair?.slice(pair.indexOf(':') + 1)])
  const call = async (path: string, body?: unknown): Promise<unknown> => {
    const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json', ...basicHeader(pair) }
    const request = body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) }
    const response = await fetch(base + path, request).catch((cause: unknown) => {
      const advice = tlsAdvice((cause as Error).cause)
      if (advice !== null)
        throw new UsageFault(`SCHEMA_REGISTRY_URL: ${advice}; NODE_EXTRA_CA_CERTS names the file of an authority`)
      throw transient('registry', `the schema registry (SCHEMA_REGISTRY_URL) does not answer: ${String(cause)}`, {
        cause,
      })
    })
    if (response.status === 401 || response.status === 403) {
      throw new UsageFault(
        `SCHEMA_REGISTRY_URL: the registry refuses the login (${response.status}); set SCHEMA_REGISTRY_USER and SCHEMA_REGISTRY_PASSWORD`,
      )
    }
    if (!response.ok) {
      const said = redact((await response.text()).slice(0, 500))
      throw transient('registry', `the schema registry refused ${path}: ${response.status} ${said}`)
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

/** The URL without its login, and `user:password`; null where there is none. */
function addressOf(url: string, environment: Environment): { base: string; pair: string | null } {
  const bare = URL.parse(url)
  if (bare === null || !/^https?:$/.test(bare.protocol))
    throw new UsageFault('SCHEMA_REGISTRY_URL is not an http:// or https:// URL, as http://127.0.0.1:8081')
  const user = environment['SCHEMA_REGISTRY_USER'] ?? decodeURIComponent(bare.username)
  const password = environment['SCHEMA_REGISTRY_PASSWORD'] ?? decodeURIComponent(bare.password)
  bare.username = ''
  bare.password = ''
  return { base: bare.href.replace(/\/+$/, ''), pair: user === '' ? null : basicPair(user, password) }
}

function basicHeader(pair: string | null): Record<string, string> {
  return pair === null ? {} : { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}
