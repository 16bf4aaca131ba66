// Takes secrets out of text that others wrote and we keep: a server may quote the key that it refuses. Promise: none of
// the given secrets is left, nor as JSON, in a URL or in a Basic header.

/** What stands in the place of a secret. */
export const REDACTED = '[redacted]'

/** Shorter values are words that stand anywhere; as secrets they are worth nothing. */
const LEAST_LENGTH = 6

/** Returns a function that redacts. Secrets that are shorter than six characters are left alone. */
export function createRedactor(secrets: Iterable<string | null | undefined>): (text: string) => string {
  const forms = new Set<string>()
  for (const secret of secrets) {
    if (secret == null || secret.trim().length < LEAST_LENGTH) continue
    for (const form of formsOf(secret.trim())) forms.add(form)
  }
  // The longest first: one secret may be a part of another's form.
  const list = [...forms].sort((left, right) => right.length - left.length)
  if (list.length === 0) return (text) => text
  return (text) => list.reduce((rest, form) => (rest.includes(form) ? rest.replaceAll(form, REDACTED) : rest), text)
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret)
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
  ]
}

/** `user:password` as HTTP's Basic and SASL PLAIN send it, for createRedactor. */
export function basicPair(user: string, password: string): string {
  return `${user}:${password}`
}
