// Fields of rows that trainers read, and the provenance that stands behind them.

import type { AvroSchema } from '../../../schemas/avro-files.ts'
import { rowSchema } from '../../../sinks/json/rows.ts'
import type { RowFault } from '../contract.ts'

export interface FieldSchema {
  readonly name: string
  readonly type: AvroSchema
  readonly doc?: string
  readonly default?: unknown
}

/** A field of our own. */
export function field(name: string, type: AvroSchema, doc: string): FieldSchema {
  return { name, type, doc }
}

/** Fields of the whole rows, as their schema has them. */
export function provenance(type: 'sft' | 'preference', names: readonly string[]): FieldSchema[] {
  const { fields } = JSON.parse(rowSchema(type)) as { fields: FieldSchema[] }
  return names.map((name) => {
    const found = fields.find((each) => each.name === name)
    if (found === undefined) throw new Error(`rows of ${type} have no field ${name}`)
    return found
  })
}

/** The schema of rows with these fields. */
export function recordSchema(name: string, doc: string, fields: readonly FieldSchema[]): AvroSchema {
  return { type: 'record', name, namespace: 'magpie.export', doc, fields }
}

export interface Message {
  readonly role: string
  readonly content: string
  readonly reasoning_content?: string | null
}

/** A list of messages; withReasoning: those of assistants have a field for their thought. */
export function messagesType(name: string, withReasoning: boolean): AvroSchema {
  const reasoning = {
    ...{ name: 'reasoning_content', type: ['null', 'string'], default: null },
    doc: 'The thought before the content; null: none. Only of assistants',
  }
  return {
    type: 'array',
    items: {
      ...{ type: 'record', name, namespace: 'magpie.export' },
      fields: [
        field('role', 'string', 'system, user or assistant'),
        field('content', 'string', 'The text'),
        ...(withReasoning ? [reasoning] : []),
      ],
    },
  }
}

/** Faults of a list of speakers that do not take turns, or do not end with the second. */
export function turnFaults(
  at: string,
  speakers: readonly string[],
  [first, second]: readonly [string, string],
): RowFault[] {
  if (speakers.length === 0 || speakers.length % 2 !== 0)
    return [{ field: at, message: `${speakers.length} turns; they must end with one of ${second}` }]
  return speakers.flatMap((speaker, place) => {
    const wanted = place % 2 === 0 ? first : second
    return speaker === wanted ? [] : [{ field: `${at}.${place}`, message: `is of ${speaker}, not of ${wanted}` }]
  })
}
