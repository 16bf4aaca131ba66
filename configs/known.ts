// What the config schema knows of a place: its keys and its description, for hints in faults.

import { z } from 'zod'
import type { ConfigPath } from './fault.ts'

/** The parts of JSON Schema that zod writes for our schemas. */
interface JsonSchema {
  readonly description?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly propertyNames?: { readonly enum?: readonly string[] }
  readonly additionalProperties?: JsonSchema | boolean
  readonly items?: JsonSchema
  readonly prefixItems?: readonly JsonSchema[]
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, JsonSchema>>
}

export interface KnownSettings {
  /** Names that the place may hold; [] for a list or a plain value. */
  keysAt(path: ConfigPath): string[]
  /** The first sentence that describes the place, or null. */
  descriptionAt(path: ConfigPath): string | null
}

/** Reads what a zod schema says about its settings. */
export function knownSettings(schema: z.ZodType): KnownSettings {
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema

  const shapes = (given: JsonSchema): JsonSchema[] => {
    const pointed = given.$ref === undefined ? undefined : root.$defs?.[given.$ref.replace('#/$defs/', '')]
    const below = [
      ...(given.anyOf ?? []),
      ...(given.oneOf ?? []),
      ...(given.allOf ?? []),
      ...(pointed ? [pointed] : []),
    ]
    return [given, ...below.flatMap(shapes)]
  }

  const at = (path: ConfigPath): JsonSchema[] => {
    let here = shapes(root)
    for (const segment of path) {
      here = here.flatMap((shape) => {
        const rest = typeof shape.additionalProperties === 'object' ? shape.additionalProperties : undefined
        const child =
          typeof segment === 'number'
            ? (shape.prefixItems?.[segment] ?? shape.items)
            : (shape.properties?.[segment] ?? rest)
        return child === undefined ? [] : shapes(child)
      })
    }
    return here
  }

  return {
    keysAt: (path) => [
      ...new Set(
        at(path).flatMap((shape) => [...Object.keys(shape.properties ?? {}), ...(shape.propertyNames?.enum ?? [])]),
      ),
    ],
    descriptionAt: (path) => at(path).find((shape) => shape.description !== undefined)?.description ?? null,
  }
}
