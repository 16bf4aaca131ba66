// Format dpo: a prompt with a chosen and a rejected response, as TRL's DPOTrainer and its kin read them.

import type { AvroSchema } from '../../../schemas/avro-files.ts'
import type { PreferenceRecord } from '../../../schemas/records.ts'
import { preferenceOf } from '../../../sinks/clickhouse/read-rows.ts'
import { dataRow } from '../../../sinks/json/rows.ts'
import type { Look, Maker } from '../contract.ts'
import { tagsOf, withThought } from '../turns.ts'
import { assistantMessage } from './conversation.ts'
import { field, messagesType, provenance, recordSchema } from './fields.ts'
import type { Message } from './fields.ts'

const BEHIND = [
  ...[
    'problem_id',
    'chosen_id',
    'rejected_id',
    'chosen_reward',
    'rejected_reward',
    'margin',
    'reward_name',
    'strategy',
  ],
  ...['chosen_verdict', 'rejected_verdict', 'chosen_model', 'rejected_model', 'chosen_rewards', 'rejected_rewards'],
  ...['question_model', 'source', 'reference_answer', 'pass_rate', 'difficulty', 'quality', 'category', 'language'],
  'revision',
]

/** A prompt, or what was said to it: a list of one message, or its text. */
export type Told = string | readonly Message[]

/** Maker of rows of a pair each. */
export function pairMaker(look: Look): Maker {
  const fields = [
    ...(look.bare ? [] : provenance('preference', ['id'])),
    field('prompt', promptType(look), 'The problem'),
    field('chosen', responseType(look), 'The better response'),
    field('rejected', responseType(look, 'again'), 'The worse response'),
    ...(look.bare ? [] : provenance('preference', BEHIND)),
  ]
  return {
    schema: recordSchema('Pair', `A row of format dpo (${look.shape})`, fields),
    make(columns) {
      const record = preferenceOf(columns)
      const own: Record<string, unknown> = {
        prompt: promptOf(record, look),
        chosen: sideOf(record, 'chosen', look),
        rejected: sideOf(record, 'rejected', look),
      }
      const row = look.bare ? {} : dataRow('preference', record)
      return [Object.fromEntries(fields.map(({ name }) => [name, own[name] ?? row[name]]))]
    },
    faultsOf: ({ prompt, chosen, rejected }) => [
      ...roleFaults('prompt', prompt as Told, 'user'),
      ...roleFaults('chosen', chosen as Told, 'assistant'),
      ...roleFaults('rejected', rejected as Told, 'assistant'),
      ...(JSON.stringify(chosen) === JSON.stringify(rejected)
        ? [{ field: 'rejected', message: 'says the same as chosen' }]
        : []),
    ],
  }
}

export function promptType({ shape }: Look): AvroSchema {
  return shape === 'standard' ? 'string' : messagesType('Prompt', false)
}

/** The type of a response; Avro spells a named type out once, so a second field refers to it. */
export function responseType({ shape, reasoning }: Look, place: 'first' | 'again' = 'first'): AvroSchema {
  if (shape === 'standard') return 'string'
  return place === 'again' ? { type: 'array', items: 'Response' } : messagesType('Response', reasoning === 'keep')
}

export function promptOf({ instruction }: PreferenceRecord, { shape }: Look): Told {
  return shape === 'standard' ? instruction : [{ role: 'user', content: instruction }]
}

/** One side of a pair, its thought where the look wants it. */
export function sideOf(record: PreferenceRecord, side: 'chosen' | 'rejected', { shape, reasoning }: Look): Told {
  const tags = tagsOf(record[`${side}Generation`])
  const said = { reasoning: record[`${side}Reasoning`], answer: record[side] }
  if (shape === 'conversational') return [assistantMessage(said, reasoning, tags)]
  return reasoning === 'think' ? withThought(said.reasoning, said.answer, tags) : said.answer
}

/** Faults of a list that is not one message of this role. */
export function roleFaults(name: string, told: Told, role: string): { field: string; message: string }[] {
  if (typeof told === 'string') return []
  if (told.length !== 1) return [{ field: name, message: `${told.length} messages; it must be one` }]
  const found = told[0]?.role ?? ''
  return found === role ? [] : [{ field: `${name}.0.role`, message: `is ${found}, not ${role}` }]
}
