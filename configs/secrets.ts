// No secret in a config: it goes onto the log, into ClickHouse and onto screens. Values that look like one
// are refused with the place to put them instead, and never shown.

import type { ConfigFault, ConfigPath } from './fault.ts'

const SECRET_WORDS =
  /((api|access|private)[-_]?key|secret|password|passwd|authorization|bearer|credentials?|(^|api|access|auth|hf)[-_]?token)$/i

const NAME_OF_VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/

/** How the keys of well-known services begin. */
const TOKEN_FORM = /\b(sk-|hf_|gh[pousr]_|glpat-|xox[abp]-|AKIA|AIza|eyJ)[A-Za-z0-9_-]{16,}/

/** Whether a setting of this name would hold a secret itself (apiKey, password; not keyEnv, not maxTokens). */
export function isSecretName(name: string): boolean {
  return /^key$/i.test(name) || SECRET_WORDS.test(name)
}

/** Every place of a tree of plain data that holds what looks like a secret. */
export function inlineSecrets(tree: unknown, path: ConfigPath = []): ConfigFault[] {
  if (typeof tree === 'object' && tree !== null) {
    const entries = Array.isArray(tree) ? tree.map((value, index) => [index, value] as const) : Object.entries(tree)
    return entries.flatMap(([key, value]) => inlineSecrets(value, [...path, key]))
  }
  const name = String(path.at(-1) ?? '')
  if (/Env$/.test(name) && typeof tree === 'string' && !NAME_OF_VARIABLE.test(tree)) {
    return [
      {
        path,
        secret: true,
        text: 'must be the NAME of an environment variable that holds the secret, not the secret itself',
      },
    ]
  }
  const certificateFile = name === 'key' && ['ssl', 'tls'].includes(String(path.at(-2)))
  if (isSecretName(name) && !certificateFile && (typeof tree === 'string' || typeof tree === 'number') && tree !== '') {
    return [
      {
        path,
        secret: true,
        text: 'looks like a secret in the config; set it in the environment and give the variable by name, as keyEnv: MY_KEY',
      },
    ]
  }
  if (typeof tree === 'string' && TOKEN_FORM.test(tree)) {
    return [
      {
        path,
        secret: true,
        text: 'holds what looks like a key; set it in the environment and give the variable by name, as keyEnv: MY_KEY',
      },
    ]
  }
  if (typeof tree === 'string' && /^[a-z+]+:\/\/[^/\s]*@/i.test(tree)) {
    return [
      {
        path,
        secret: true,
        text: 'has a name or password inside its URL; take them out and give the key by name, as keyEnv: MY_KEY',
      },
    ]
  }
  return []
}
