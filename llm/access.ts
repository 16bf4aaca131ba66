// How a model server lets us in: a key, further headers, certificates. Promise: all of it is found and looked at before
// the first call; what is wrong is told by its place, without any value.

import { z } from 'zod'
import { readTls, tlsConfig, variableName } from '../schemas/tls.ts'
import type { Environment, TlsMaterial } from '../schemas/tls.ts'

/** Part of an endpoint's config. */
export const accessConfig = {
  keyEnv: variableName.optional().describe('Name of the environment variable that holds the API key'),
  headersEnv: z
    .record(
      z.string().regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'is the name of an HTTP header, as X-Api-Key'),
      variableName.describe('Name of the environment variable that holds the value of the header'),
    )
    .optional()
    .describe('Headers sent with every call: name of the header, name of the environment variable with its value'),
  tls: tlsConfig.optional().describe('Certificates, where https:// needs other ones than those of the system'),
}

export interface AccessConfig {
  readonly keyEnv?: string | undefined
  readonly headersEnv?: Readonly<Record<string, string>> | undefined
  readonly tls?: z.infer<typeof tlsConfig> | undefined
}

/** Holds secrets: never logged. */
export interface Access {
  /** Sent as a bearer token; null sends none. */
  readonly key: string | null
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly tls: TlsMaterial | null
}

export interface AccessFault {
  /** Below the endpoint. */
  readonly path: readonly string[]
  readonly text: string
}

/** What a header can carry: no line end, which would begin another header. */
const HEADER_VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/

/** Reads variables and files; paths start at `folder`. */
export function readAccess(
  config: AccessConfig,
  environment: Environment,
  folder?: string,
): { access: Access; faults: AccessFault[] } {
  const faults: AccessFault[] = []
  const value = (name: string, path: readonly string[]): string => {
    const found = environment[name] ?? ''
    const field = path.at(-1)!
    if (found === '')
      faults.push({
        path,
        text: `names the environment variable ${name}, which is not set; set it, or take ${field} out`,
      })
    else if (!HEADER_VALUE.test(found))
      faults.push({
        path,
        text: `names the environment variable ${name}, which holds a line end, a blank around it or another character that no header can carry; set it anew`,
      })
    return found
  }
  const key = config.keyEnv === undefined ? null : value(config.keyEnv, ['keyEnv'])
  const headers = Object.entries(config.headersEnv ?? {}).map(([header, name]) => [
    header.toLowerCase(),
    value(name, ['headersEnv', header]),
  ])
  const read =
    config.tls === undefined ? null : readTls(config.tls, environment, folder === undefined ? {} : { folder })
  for (const { field, text } of read?.faults ?? []) faults.push({ path: ['tls', field], text })
  return {
    access: { key, headers: Object.fromEntries(headers) as Record<string, string>, tls: read?.material ?? null },
    faults,
  }
}

/** Whether two ways in are the same. */
export function isSameAccess(left: Access, right: Access): boolean {
  return JSON.stringify([left.key, left.headers, left.tls]) === JSON.stringify([right.key, right.headers, right.tls])
}
