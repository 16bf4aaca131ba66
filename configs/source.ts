// A config file as YAML: plain data (no custom tags, no repeated keys, no alias bombs) with ${NAME} and
// ${NAME:-default} filled in from the environment, and for each path the line and column it stands at.

import { isAlias, isMap, isScalar, isSeq, LineCounter, parse, parseDocument, visit } from 'yaml'
import type { Document, Node } from 'yaml'
import type { ConfigPath } from './fault.ts'

export interface ConfigSource {
  readonly file: string
  readonly value: unknown
  /** `FILE:LINE:COLUMN` of the value at this path; of the nearest key above it when the path is not in the file. */
  place(path: ConfigPath): string
  /** The same for the key itself. */
  placeOfKey(path: ConfigPath): string
}

export interface ParsedSource {
  readonly source: ConfigSource
  /** Complete sentences, each with its place. */
  readonly faults: string[]
}

export type Environment = Readonly<Record<string, string | undefined>>

/** Aliases that one document may resolve: far above any real config, far below a bomb. */
const MOST_ALIASES = 100

/** Faults of the YAML that are worth reading. */
const MOST_FAULTS = 20

/** `$${NAME}` is the way to write a literal `${NAME}`. */
const VARIABLE = /(\$?)\$\{([^}]*)\}/g

const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

const SECRET_NAME = /(^|_)(KEY|TOKEN|SECRET|PASSWORD|PASSWD)$/i

/** Parses the text of a config file. Every fault of the YAML and of its variables is found in one go. */
export function parseSource(file: string, text: string, environment: Environment): ParsedSource {
  try {
    return parseNested(file, text, environment)
  } catch (error) {
    // The library goes down into every level by a call of its own.
    if (!(error instanceof RangeError)) throw error
    const place = (): string => `${file}:1:1`
    const source = { file, value: {}, place, placeOfKey: place }
    return { source, faults: [`${file}:1:1 is nested too deep to be a config`] }
  }
}

function parseNested(file: string, text: string, environment: Environment): ParsedSource {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    schema: 'core',
    resolveKnownTags: false,
    uniqueKeys: true,
    prettyErrors: false,
    logLevel: 'error', // what it would warn of on stderr is a fault of the settings, named with its place
  })
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`
  }
  const wrong = [...document.errors, ...document.warnings]
  const faults = wrong
    .slice(0, MOST_FAULTS)
    .map((error) => `${at(error.pos[0])} is not valid YAML: ${lowerFirst(error.message)}`)
  if (wrong.length > MOST_FAULTS) faults.push(`${file}: and ${wrong.length - MOST_FAULTS} more faults of the YAML`)
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || typeof node.value !== 'string' || !node.value.includes('${')) return
      const filled = fillVariables(node.value, node.type !== 'PLAIN', environment)
      for (const fault of filled.faults) faults.push(`${at(node.range?.[0] ?? 0)} ${fault}`)
      node.value = filled.value
    },
  })
  let value: unknown = {}
  if (document.errors.length === 0) {
    try {
      value = document.toJS({ maxAliasCount: MOST_ALIASES }) ?? {}
      if (holdsItself(value)) throw new Error('An alias refers to what it stands in; write the value out.')
    } catch (error) {
      value = {}
      faults.push(`${at(0)} cannot be read: ${lowerFirst(error instanceof Error ? error.message : String(error))}`)
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      faults.push(`${at(0)} holds no settings; a config is a YAML mapping such as "roles: { … }"`)
      value = {}
    }
  }
  return {
    source: {
      file,
      value,
      place: (path) => at(find(document, path).value),
      placeOfKey: (path) => at(find(document, path).key),
    },
    faults,
  }
}

/** Whether an alias makes a value its own part. */
function holdsItself(value: unknown, around: readonly unknown[] = []): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (around.includes(value)) return true
  return Object.values(value).some((part) => holdsItself(part, [...around, value]))
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1)
}

/** Offsets of the value and of the key at a path; both of the nearest key above when the path ends early. */
function find(document: Document, path: ConfigPath): { value: number; key: number } {
  let node: unknown = document.contents
  let offsets = { value: 0, key: 0 }
  for (const segment of path) {
    if (isAlias(node)) node = node.resolve(document)
    let child: unknown
    let key: unknown
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(segment))
      child = pair?.value
      key = pair?.key
    } else if (isSeq(node)) {
      child = node.items[Number(segment)]
      key = child
    }
    const keyOffset = offsetOf(key)
    if (keyOffset === null) return { value: offsets.key, key: offsets.key }
    offsets = { value: offsetOf(child) ?? keyOffset, key: keyOffset }
    node = child
  }
  return offsets
}

function offsetOf(node: unknown): number | null {
  return (node as Node | null | undefined)?.range?.[0] ?? null
}

interface Filled {
  /** The new value; unchanged where there are faults. */
  readonly value: unknown
  readonly faults: readonly string[]
}

/** Fills the variables of a scalar's text. An unquoted scalar gets the type that its new text has. */
function fillVariables(written: string, quoted: boolean, environment: Environment): Filled {
  const faults: string[] = []
  const refuse = (fault: string): string => {
    faults.push(fault)
    return ''
  }
  const text = written.replaceAll(VARIABLE, (whole, escape: string, inner: string) => {
    if (escape !== '') return whole.slice(1)
    const split = inner.indexOf(':-')
    const name = split === -1 ? inner : inner.slice(0, split)
    if (!VARIABLE_NAME.test(name)) return refuse(`has the variable "\${${inner}}"; write \${NAME} or \${NAME:-default}`)
    if (SECRET_NAME.test(name)) {
      return refuse(`would write the secret ${name} into the config; give its name instead, as in keyEnv: ${name}`)
    }
    const given = environment[name]
    if (given !== undefined && (given !== '' || split === -1)) return given
    if (split !== -1) return inner.slice(split + 2)
    return refuse(`needs the environment variable ${name}; set it, or give a default: \${${name}:-…}`)
  })
  if (faults.length > 0) return { value: written, faults }
  return { value: quoted ? text : typedScalar(text), faults }
}

/** What YAML makes of an unquoted word: a number, true, false, null, or the text itself. */
function typedScalar(text: string): unknown {
  if (!/^[-+.\w]+$/.test(text)) return text
  const value: unknown = parse(text, { schema: 'core' })
  return typeof value === 'object' && value !== null ? text : value
}
