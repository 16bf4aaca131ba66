// From the text of a config and the options given with it to a checked value: file, then options that stand
// for settings, then --set (the most particular wins). Promises: every fault is found in one go, each with
// the line it stands on or the option it came from; nothing of the schema is known here.

import type { z } from 'zod'
import { explainIssues } from './explain.ts'
import type { ConfigFault, ConfigPath } from './fault.ts'
import { isWithin, pathText, valueAt } from './fault.ts'
import { knownSettings } from './known.ts'
import type { Override } from './overrides.ts'
import { inlineSecrets } from './secrets.ts'
import { assign, parseAssignment } from './set.ts'
import { parseSource } from './source.ts'
import type { ConfigSource, Environment } from './source.ts'

export interface ReadRequest<Schema extends z.ZodType> {
  readonly file: string
  readonly text: string
  readonly environment: Environment
  readonly schema: Schema
  /** Options that stand for settings, worked out from the file's own tree; `foreseen` is that tree with what --set says. */
  overrides(tree: unknown, foreseen: unknown): readonly Override[]
  readonly set: readonly string[]
  /** Rules over several settings. `value` is null while single settings are wrong: then look at the raw tree. */
  rules(tree: unknown, value: z.output<Schema> | null): readonly ConfigFault[]
}

export type ReadResult<Value> = { readonly value: Value } | { readonly faults: string[] }

interface Origin {
  readonly path: ConfigPath
  readonly option: string
}

/** Reads and checks a config. Faults are full sentences, in the order of the file. */
export function readSettings<Schema extends z.ZodType>(request: ReadRequest<Schema>): ReadResult<z.output<Schema>> {
  const { source, faults } = parseSource(request.file, request.text, request.environment)
  const tree = structuredClone(source.value) as Record<string, unknown>
  const origins: Origin[] = []
  const foreseen = structuredClone(tree)
  const assignments = request.set.map(parseAssignment)
  // What cannot be assigned is said below, where it is assigned for good.
  for (const each of assignments) if (!('fault' in each)) assign(foreseen, each.path, each.value)
  for (const override of request.overrides(tree, foreseen)) {
    const problem = assign(tree, override.path, override.value)
    if (problem !== null) faults.push(`${override.option}: ${problem}`)
    else origins.push(override)
  }
  for (const assignment of assignments) {
    if ('fault' in assignment) {
      faults.push(assignment.fault)
      continue
    }
    const problem = assign(tree, assignment.path, assignment.value)
    if (problem !== null) faults.push(`${assignment.option}: ${problem}`)
    else origins.push(assignment)
  }
  // A text without a tree says nothing of its settings: only the faults of its YAML are worth reading.
  if (faults.length > 0 && Object.keys(source.value as object).length === 0) return { faults }

  const secrets = inlineSecrets(tree)
  const parsed = request.schema.safeParse(tree, { reportInput: true })
  const wrong = parsed.success ? [] : explainIssues(parsed.error.issues, knownSettings(request.schema))
  const broken = request.rules(tree, parsed.success ? parsed.data : null)
  const found: ConfigFault[] = [...secrets]
  for (const fault of [...wrong, ...broken]) {
    // The first fault of a setting says enough; what a secret is wrong with is never said.
    if (!found.some((earlier) => pathText(earlier.path) === pathText(fault.path))) found.push(fault)
  }
  const placed = found.map((fault) => place(fault, source, origins)).sort((left, right) => left.order - right.order)
  faults.push(...new Set(placed.map(({ sentence }) => sentence)))
  return parsed.success && faults.length === 0 ? { value: parsed.data } : { faults }
}

function place(
  fault: ConfigFault,
  source: ConfigSource,
  origins: readonly Origin[],
): { sentence: string; order: number } {
  const name = fault.path.length === 0 ? 'the config' : pathText(fault.path)
  const origin = origins.findLast(({ path }) => isWithin(fault.path, path) || isUnder(source, fault.path, path))
  if (origin !== undefined) {
    const option = fault.secret === true ? origin.option.replace(/^(--\S+)[^=]*(?:=.*)?$/s, '$1 …') : origin.option
    return { sentence: `${option}: ${name} ${fault.text}`, order: Number.MAX_SAFE_INTEGER }
  }
  const unknown = fault.text.startsWith('is no setting')
  const where = unknown ? source.placeOfKey(fault.path) : source.place(fault.path)
  const [line = 0, column = 0] = where.split(':').slice(-2).map(Number)
  return { sentence: `${where} ${name} ${fault.text}`, order: line * 10_000 + column }
}

/** An option made what the file does not have: a fault above its place, about the thing it made, is its own. */
function isUnder(source: ConfigSource, fault: ConfigPath, origin: ConfigPath): boolean {
  return fault.length > 0 && isWithin(origin, fault) && valueAt(source.value, fault) === undefined
}
