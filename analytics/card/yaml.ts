// YAML for the front matter of a card. Promise: every text is quoted as JSON quotes it, which YAML reads the same, and no
// text leaves its line.

import { harmless } from '../../schemas/terminal-text.ts'

export type Yaml = string | number | boolean | readonly Yaml[] | { readonly [key: string]: Yaml }

/** An object as lines of block YAML. */
export function yamlLines(value: Readonly<Record<string, Yaml>>): string[] {
  return Object.entries(value).flatMap(([key, item]) => entry(key, item))
}

function entry(key: string, item: Yaml): string[] {
  if (Array.isArray(item)) {
    if (item.length === 0) return [`${key}: []`]
    return [`${key}:`, ...(item as readonly Yaml[]).flatMap(listed)]
  }
  if (typeof item === 'object') return [`${key}:`, ...indented(yamlLines(item as Record<string, Yaml>))]
  return [`${key}: ${scalar(item)}`]
}

function listed(item: Yaml): string[] {
  if (typeof item !== 'object') return [`- ${scalar(item)}`]
  const inside = yamlLines(item as Record<string, Yaml>)
  return inside.map((line, place) => (place === 0 ? `- ${line}` : `  ${line}`))
}

function indented(inside: readonly string[]): string[] {
  return inside.map((line) => `  ${line}`)
}

function scalar(value: string | number | boolean): string {
  return typeof value === 'string' ? JSON.stringify(harmless(value)) : String(value)
}
