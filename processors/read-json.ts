// Reads the JSON object that a model was asked for. Promises: a value of the schema, or what is wrong in words that
// the model can be told.

import type { z } from 'zod'
import { plainWords } from './plain-words.ts'

/** Faults quote the reply; so much of one is enough to mend it. */
const FAULT_CHARACTERS = 1000

/** The JSON object in a reply, with or without a code fence or words around it. */
export function readJson<Value>(text: string, schema: z.ZodType<Value>): { value: Value } | { fault: string } {
  const from = text.indexOf('{')
  const to = text.lastIndexOf('}')
  if (from === -1 || to < from) return faulty('there is no JSON object in it.')
  let value: unknown
  try {
    value = JSON.parse(text.slice(from, to + 1))
  } catch (error) {
    return faulty(`${error instanceof Error ? error.message : String(error)}.`)
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return { value: parsed.data }
  return faulty(
    parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the object'}: ${issue.message}.`).join(' '),
  )
}

function faulty(fault: string): { fault: string } {
  const words = plainWords(fault)
  return { fault: words.length <= FAULT_CHARACTERS ? words : `${words.slice(0, FAULT_CHARACTERS).toWellFormed()}…` }
}
