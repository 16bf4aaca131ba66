// zod's issues in our words: what is wrong with which setting, and what to do about it. Secrets never appear.

import { z } from 'zod'
import { valueAt } from './fault.ts'
import type { ConfigFault, ConfigPath } from './fault.ts'
import type { KnownSettings } from './known.ts'
import { nearest } from './nearest.ts'
import { isSecretName } from './secrets.ts'

type Issue = z.core.$ZodIssue

/** zod's own messages; anything else was written by the component that owns the setting, and is kept. */
const MESSAGE_OF_ZOD = /^(Invalid|Too small|Too big|Unrecognized|Expected)/

const DIVISION = z.object({ divisor: z.number() })

/** Turns the issues of one failed parse into faults, one for each setting that is wrong. */
export function explainIssues(issues: readonly Issue[], known: KnownSettings): ConfigFault[] {
  return issues.flatMap((issue) => explain(issue, known))
}

function explain(issue: Issue, known: KnownSettings): ConfigFault[] {
  const path = issue.path.map((segment) => (typeof segment === 'number' ? segment : String(segment)))
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], text: unknownKey(key, known.keysAt(path)) }))
  }
  const nested = bestAlternative(issue)
  if (nested !== null) {
    return explainIssues(
      nested.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })),
      known,
    )
  }
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined && 'options' in issue) {
    const kind = valueAt(issue.input, [issue.discriminator])
    const kinds = orList(z.array(z.unknown()).parse(issue.options).map(String))
    const text = kind === undefined ? `is missing; give ${kinds}` : `must be ${kinds}, but is ${show(kind, path)}`
    return [{ path, text }]
  }
  const hint = known.descriptionAt(path)
  const advice = hint === null ? '' : `; ${lowerFirst(hint)}`
  if (issue.input === undefined && issue.code !== 'custom') return [{ path, text: `is missing${advice}` }]
  return [{ path, text: `${wrong(issue, path)}${advice}` }]
}

/** A union's issues tell most by the alternative whose kind of value was right but whose inside was wrong. */
function bestAlternative(issue: Issue): Issue[] | null {
  if (issue.code !== 'invalid_union') return null
  const deep = issue.errors.filter((alternative) => alternative.some((inner) => inner.path.length > 0))
  return deep.length === 1 ? deep[0]! : null
}

function unknownKey(key: string, names: readonly string[]): string {
  const meant = nearest(key, names)
  if (meant !== null) return `is no setting; did you mean "${meant}"?`
  if (names.length === 0) return 'is no setting; nothing can be set here'
  const shown = names.length > 16 ? [...names.slice(0, 16), '…'] : names
  return `is no setting; there are ${shown.join(', ')}`
}

function wrong(issue: Issue, path: ConfigPath): string {
  const given = `, but is ${show(issue.input, path)}`
  if (!MESSAGE_OF_ZOD.test(issue.message)) {
    // Some components name what is wanted, as "a code of ISO 639": then the sentence is made here.
    return /^an? /.test(issue.message) ? `must be ${issue.message}${given}` : lowerFirst(issue.message)
  }
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${kindOf(issue.expected)}${given}`
    case 'invalid_value':
      return `must be ${orList(issue.values.map((value) => String(value)))}${given}`
    case 'too_small':
      return `must ${issue.origin === 'number' || issue.origin === 'int' ? 'be' : 'hold'} ${issue.inclusive === true ? 'at least' : 'more than'} ${issue.minimum}${given}`
    case 'too_big':
      return `must ${issue.origin === 'number' || issue.origin === 'int' ? 'be' : 'hold'} ${issue.inclusive === true ? 'at most' : 'less than'} ${issue.maximum}${given}`
    case 'not_multiple_of':
      return `must be a multiple of ${DIVISION.parse(issue).divisor}${given}`
    case 'invalid_format':
      return `is not ${issue.format === 'url' ? 'a URL' : `of the right form (${issue.pattern ?? issue.format})`}${given}`
    case 'invalid_union':
      return `must be ${orList([...new Set(issue.errors.flat().map(alternativeOf))])}${given}`
    case 'invalid_key':
    case 'invalid_element':
    case 'custom':
    case 'unrecognized_keys':
      return lowerFirst(issue.message)
  }
}

function alternativeOf(issue: Issue): string {
  if (issue.code === 'invalid_type') return kindOf(issue.expected)
  if (issue.code === 'invalid_value') return issue.values.map((value) => JSON.stringify(value)).join(' or ')
  return lowerFirst(issue.message)
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  null: 'null',
}

function kindOf(expected: string): string {
  return KINDS[expected] ?? expected
}

function orList(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)!}`
}

/** The value that was given, short; hidden where the name says that it is a secret. */
function show(value: unknown, path: ConfigPath): string {
  if (isSecretName(String(path.at(-1) ?? ''))) return 'something else (not shown: it may be a secret)'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'object' && value !== null) return 'a mapping'
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z ]/.test(text) ? text.slice(0, 1).toLowerCase() + text.slice(1) : text
}
