// The secrets that this process knows, for the last net: what the log file and the terminal get is searched for them,
// whatever let one through. (The doors redact by themselves what servers say: llm/transport.ts, sinks, schemas/registry.ts.)

import { secretVariables } from '../configs/secrets.ts'
import { createRedactor } from '../schemas/redact.ts'

/** Names that say that they hold a secret. */
const SECRET_NAME = /(KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?)$/i

/**
 * Redacts the values of all variables whose name says secret, of those that the config names, and the passwords
 * inside URLs of the environment.
 */
export function redactorOf(environment: NodeJS.ProcessEnv, config: unknown = null): (text: string) => string {
  const named = new Set(secretVariables(config))
  const secrets = Object.entries(environment).flatMap(([name, value]) => {
    if (value === undefined) return []
    if (named.has(name) || SECRET_NAME.test(name)) return [value]
    const password = value.includes('@') ? (URL.parse(value)?.password ?? '') : ''
    return password === '' ? [] : [password, decoded(password)]
  })
  return createRedactor(secrets)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return text
    throw error
  }
}
