// No secret in a config: it goes onto the log, into ClickHouse and onto screens. Values that look like one
// are refused with the place to put them instead, and never shown.

import type { ConfigFault, ConfigPath } from './fault.ts'

const SECRET_WORDS =
  /((api|access|private)[-_]?key|secret|password|passwd|authorization|bearer|credentials?|(^|api|access|auth|hf)[-_]?token)$/i

const NAME_OF_VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/

const BY_NAME = 'set it in the environment and give the variable by name, as keyEnv: MY_KEY'

/** How the keys of well-known services begin. */
const TOKEN_FORM = /\b(sk-|hf_|gh[pousr]_|glpat-|xox[abp]-|AKIA|AIza|eyJ)[A-Za-z0-9_-]{16,}/

/** Whether a setting of this name would hold a secret itself (apiKey, password; not keyEnv, not maxTokens). */
export function isSecretName(name: string): boolean {
  return /^key$/i.test(name) || SECRET_WORDS.test(name)
}

/** What a plain value gives away by its form, whatever its name is. */
const TELLING_FORMS: readonly (readonly [RegExp, string])[] = [
  [TOKEN_FORM, `holds what looks like a key; ${BY_NAME}`],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'holds a private key; put it into a file and give its path as key'],
  [
    /^[a-z+]+:\/\/[^/\s]*@/i,
    `has a name or password inside its URL; take them out and give the key by name, as keyEnv: MY_KEY`,
  ],
  [
    /^[^\s/@:]+:[^\s/@]+@[^\s@]+:\d+$/,
    'has a name and password before its host; take them out and name their variables',
  ],
  [/^[a-z+]+:\/\/.*[?&](api[-_]?key|key|(access[-_]?)?token|password|secret)=/i, `has a key in its query; ${BY_NAME}`],
]

/** Every place of a tree of plain data that holds what looks like a secret. */
export function inlineSecrets(tree: unknown, path: ConfigPath = []): ConfigFault[] {
  if (typeof tree === 'object' && tree !== null) {
    const entries = Array.isArray(tree) ? tree.map((value, index) => [index, value] as const) : Object.entries(tree)
    return entries.flatMap(([key, value]) => inlineSecrets(value, [...path, key]))
  }
  const text = textOfSecret(tree, String(path.at(-1) ?? ''), String(path.at(-2) ?? ''))
  return text === null ? [] : [{ path, secret: true, text }]
}

function textOfSecret(value: unknown, name: string, above: string): string | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null
  if (typeof value === 'string' && (name.endsWith('Env') || above.endsWith('Env'))) {
    return NAME_OF_VARIABLE.test(value)
      ? null
      : 'must be the NAME of an environment variable that holds the secret, not the secret itself'
  }
  const isFile = name === 'key' && (above === 'ssl' || above === 'tls')
  if (isSecretName(name) && !isFile && value !== '') return `looks like a secret in the config; ${BY_NAME}`
  return TELLING_FORMS.find(([form]) => form.test(String(value)))?.[1] ?? null
}

/** Names of the environment variables that a config names as holders of secrets. */
export function secretVariables(tree: unknown, name = ''): string[] {
  if (typeof tree === 'string') return name.endsWith('Env') && NAME_OF_VARIABLE.test(tree) ? [tree] : []
  if (typeof tree !== 'object' || tree === null) return []
  const below = Object.entries(tree as Record<string, unknown>)
  return below.flatMap(([key, value]) => secretVariables(value, name.endsWith('Env') ? name : key))
}
