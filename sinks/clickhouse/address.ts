// Where a ClickHouse server is and how to log in: from the config, with the environment before it. No secret stands in
// the config: user and password are named by their environment variables.

import { z } from 'zod'
import { UsageFault } from '../../schemas/failure.ts'
import { readTls, tlsConfig, variableName } from '../../schemas/tls.ts'
import type { Environment, TlsMaterial } from '../../schemas/tls.ts'

export const serverConfig = z.strictObject({
  url: z
    .string()
    .refine((text) => isServerUrl(text), 'must be http:// or https://, as https://clickhouse:8443/magpie')
    .optional()
    .describe('The server, with the database as path; CLICKHOUSE_URL goes before it, and without both it is embedded'),
  userEnv: variableName.default('CLICKHOUSE_USER').describe('Name of the environment variable that holds the user'),
  passwordEnv: variableName
    .default('CLICKHOUSE_PASSWORD')
    .describe('Name of the environment variable that holds the password'),
  tls: tlsConfig.optional().describe('Certificates, where https:// needs other ones than those of the system'),
})

export type ServerConfig = z.infer<typeof serverConfig>

/** Holds secrets: never logged. */
export interface ServerAddress {
  readonly url: string
  readonly user?: string | undefined
  readonly password?: string | undefined
  readonly tls?: TlsMaterial | undefined
}

/** The variables that stand for `tls` where the config has none, so that every command reaches the server. */
const TLS_VARIABLES = { ca: 'CLICKHOUSE_CA', cert: 'CLICKHOUSE_CERT', key: 'CLICKHOUSE_KEY' } as const

/** null: no server is named, so the database is the embedded one. Throws UsageFault with every fault. */
export function resolveServer(config: ServerConfig | undefined, environment: Environment): ServerAddress | null {
  const given = environment['CLICKHOUSE_URL']
  const url = given === undefined || given === '' ? config?.url : given
  if (url === undefined) return null
  const faults: string[] = []
  if (!isServerUrl(url))
    faults.push('CLICKHOUSE_URL is not an http:// or https:// URL, as http://127.0.0.1:8123/magpie')
  const { userEnv, passwordEnv } = serverConfig.parse({ ...config, url: undefined })
  const named = Object.entries(TLS_VARIABLES).flatMap(([field, name]) => {
    const value = environment[name]
    return value === undefined || value === '' ? [] : [[field, value] as const]
  })
  const files = config?.tls ?? (named.length === 0 ? undefined : Object.fromEntries(named))
  const read = files === undefined ? null : readTls(files, environment)
  for (const { field, text } of read?.faults ?? []) {
    const name =
      config?.tls === undefined ? TLS_VARIABLES[field as 'ca' | 'cert' | 'key'] : `sinks.clickhouse.server.tls.${field}`
    faults.push(`${name}: ${text}`)
  }
  if (faults.length > 0) throw new UsageFault(faults)
  return { url, user: environment[userEnv], password: environment[passwordEnv], tls: read?.material }
}

export function isServerUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:')
}
