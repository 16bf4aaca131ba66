// What a config says of certificates and logins outside of its endpoints: every file that it names is there and fits,
// every variable is set. Paths of the config start at its folder; here they are made whole.

import { resolve } from 'node:path'
import { kafkaConfig } from '../stream/config.ts'
import { serverConfig } from '../sinks/clickhouse/address.ts'
import { readTls, tlsConfig } from '../schemas/tls.ts'
import type { TlsConfig } from '../schemas/tls.ts'
import type { ConfigFault, ConfigPath } from './fault.ts'
import { valueAt } from './fault.ts'
import type { Environment } from './source.ts'

const KAFKA: ConfigPath = ['kafka']
const SERVER: ConfigPath = ['sinks', 'clickhouse', 'server']

/** Faults of the sections kafka and sinks.clickhouse.server; a section that is wrong by itself is told of elsewhere. */
export function brokenAccess(tree: unknown, environment: Environment, folder: string): ConfigFault[] {
  const filesOf = (path: ConfigPath): ConfigFault[] => {
    const parsed = tlsConfig.safeParse(valueAt(tree, path))
    if (!parsed.success) return []
    return readTls(parsed.data, environment, { folder }).faults.map(({ field, text }) => ({
      path: [...path, field],
      text,
    }))
  }
  const unset = (path: ConfigPath, names: Readonly<Record<string, string>>): ConfigFault[] =>
    Object.entries(names)
      .filter(([, name]) => (environment[name] ?? '') === '')
      .map(([field, name]) => ({
        path: [...path, field],
        text: `names the environment variable ${name}, which is not set; set it, or name another one`,
      }))
  const sasl = kafkaConfig.shape.sasl.safeParse(valueAt(tree, [...KAFKA, 'sasl'])).data
  const server = serverConfig.safeParse(valueAt(tree, SERVER))
  const { userEnv, passwordEnv } = server.success ? server.data : {}
  const asked = valueAt(tree, SERVER)
  // A login by default names may be none; one that the config names has to be there.
  const named = Object.entries({ userEnv, passwordEnv }).filter(([field]) => valueAt(asked, [field]) !== undefined)
  return [
    ...filesOf([...KAFKA, 'ssl']),
    ...(sasl === undefined
      ? []
      : unset([...KAFKA, 'sasl'], { usernameEnv: sasl.usernameEnv, passwordEnv: sasl.passwordEnv })),
    ...filesOf([...SERVER, 'tls']),
    ...unset(SERVER, Object.fromEntries(named) as Record<string, string>),
  ]
}

/** The same value with the paths of all certificates and keys made whole. */
export function withCertificatePaths<Value>(value: Value, folder: string): Value {
  return walk(value, null) as Value

  function walk(here: unknown, name: string | null): unknown {
    if (Array.isArray(here)) return here.map((each) => walk(each, null))
    if (typeof here !== 'object' || here === null) return here
    const isTls = name === 'tls' || name === 'ssl'
    return Object.fromEntries(
      Object.entries(here as Record<string, unknown>).map(([key, each]) => [
        key,
        isTls && FILES.has(key as keyof TlsConfig) && typeof each === 'string'
          ? resolve(folder, each)
          : walk(each, key),
      ]),
    )
  }
}

const FILES: ReadonlySet<keyof TlsConfig> = new Set(['ca', 'cert', 'key'])
