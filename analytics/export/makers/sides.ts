// Format kto: each side of a preference pair for itself, with the label whether it is wanted, as TRL's KTOTrainer reads
// them. Promise: a response that stands in several pairs on the same side is one row.

import { preferenceOf } from '../../../sinks/clickhouse/read-rows.ts'
import { dataRow } from '../../../sinks/json/rows.ts'
import type { Look, Maker } from '../contract.ts'
import { field, provenance, recordSchema } from './fields.ts'
import { promptOf, promptType, responseType, roleFaults, sideOf } from './pair.ts'
import type { Told } from './pair.ts'

const SIDES = ['chosen', 'rejected'] as const

const BEHIND = [
  ...['problem_id', 'question_model', 'source', 'reference_answer', 'pass_rate', 'difficulty', 'quality', 'category'],
  ...['language', 'revision'],
]

/** Maker of rows of a response each. */
export function sidesMaker(look: Look): Maker {
  const own = [
    field('prompt', promptType(look), 'The problem'),
    field('completion', responseType(look), 'The response'),
    field('label', 'boolean', 'true: wanted'),
  ]
  const behind = [
    field('response_id', 'string', 'Id of the response'),
    field('model', 'string', 'Model that wrote it'),
    field('reward', 'double', 'The value that decided the pair'),
    field('reward_name', 'string', 'What the value is'),
    field('verdict', 'string', 'Verdict of its final answer'),
    ...provenance('preference', BEHIND),
  ]
  const id = field('id', 'string', 'Id of the pair, and the side')
  const fields = look.bare ? own : [id, ...own, ...behind]
  // Pairs of one problem follow one another.
  let problem = ''
  let seen = new Set<string>()
  return {
    schema: recordSchema('Side', `A row of format kto (${look.shape})`, fields),
    make(columns) {
      const record = preferenceOf(columns)
      if (record.problemId !== problem) [problem, seen] = [record.problemId, new Set()]
      return SIDES.flatMap((side) => {
        const key = `${side} ${record[`${side}Id`]}`
        if (seen.has(key)) return []
        seen.add(key)
        const values: Record<string, unknown> = {
          ...(look.bare ? {} : dataRow('preference', record)),
          id: `${record.id}/${side}`,
          prompt: promptOf(record, look),
          completion: sideOf(record, side, look),
          label: side === 'chosen',
          response_id: record[`${side}Id`],
          model: record[`${side}Model`],
          reward: record[`${side}Reward`],
          verdict: record[`${side}Verdict`],
        }
        return [Object.fromEntries(fields.map(({ name }) => [name, values[name]]))]
      })
    },
    faultsOf: ({ prompt, completion }) => [
      ...roleFaults('prompt', prompt as Told, 'user'),
      ...roleFaults('completion', completion as Told, 'assistant'),
    ],
  }
}
