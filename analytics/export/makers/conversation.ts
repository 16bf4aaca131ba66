// Formats sharegpt (conversations of from and value) and messages (OpenAI's role and content): all turns of an SFT row.

import { sftOf } from '../../../sinks/clickhouse/read-rows.ts'
import { dataRow } from '../../../sinks/json/rows.ts'
import type { Look, Maker } from '../contract.ts'
import { tagsOf, turnsOf, withThought } from '../turns.ts'
import type { Tags, Turn } from '../turns.ts'
import { field, messagesType, provenance, recordSchema, turnFaults } from './fields.ts'
import type { Message } from './fields.ts'

const BEHIND = [
  ...['problem_id', 'model', 'question_model', 'source', 'final_answer', 'reference_answer', 'verdict'],
  ...['reward', 'reward_name', 'pass_rate', 'difficulty', 'quality', 'category', 'language', 'turns', 'revision'],
]

interface Said {
  readonly from: string
  readonly value: string
}

/** Maker of rows with a conversation each. */
export function conversationMaker({ format, reasoning, bare }: Look): Maker {
  const isSharegpt = format === 'sharegpt'
  const name = isSharegpt ? 'conversations' : 'messages'
  const list = isSharegpt ? SAID : messagesType('Message', reasoning === 'keep')
  const doc = isSharegpt ? 'The turns, human and gpt in turn' : 'The turns, user and assistant in turn'
  const fields = [
    ...(bare ? [] : provenance('sft', ['id'])),
    field(name, list, doc),
    ...(bare ? [] : provenance('sft', BEHIND)),
  ]
  return {
    schema: recordSchema('Conversation', 'A row of format ' + format, fields),
    make(columns) {
      const record = sftOf(columns)
      const tags = tagsOf(record.generation)
      const turns = turnsOf(record)
      const told = isSharegpt
        ? turns.flatMap((turn) => saidOf(turn, reasoning === 'think' ? tags : null))
        : turns.flatMap((turn) => messagesOf(turn, reasoning, tags))
      const row = bare ? {} : dataRow('sft', record)
      return [Object.fromEntries(fields.map((each) => [each.name, each.name === name ? told : row[each.name]]))]
    },
    faultsOf(row) {
      return isSharegpt
        ? turnFaults(
            name,
            (row[name] as Said[]).map(({ from }) => from),
            ['human', 'gpt'],
          )
        : turnFaults(
            name,
            (row[name] as Message[]).map(({ role }) => role),
            ['user', 'assistant'],
          )
    },
  }
}

const SAID = {
  type: 'array',
  items: {
    ...{ type: 'record', name: 'Said', namespace: 'magpie.export' },
    fields: [field('from', 'string', 'human or gpt'), field('value', 'string', 'The text')],
  },
}

function saidOf({ question, reasoning, answer }: Turn, tags: Tags | null): Said[] {
  return [
    { from: 'human', value: question },
    { from: 'gpt', value: tags === null ? answer : withThought(reasoning, answer, tags) },
  ]
}

function messagesOf({ question, ...said }: Turn, look: Look['reasoning'], tags: Tags): Message[] {
  return [{ role: 'user', content: question }, assistantMessage(said, look, tags)]
}

/** What an assistant said, with its thought where the look wants it. */
export function assistantMessage(
  { reasoning, answer }: Omit<Turn, 'question'>,
  look: Look['reasoning'],
  tags: Tags,
): Message {
  const role = 'assistant'
  switch (look) {
    case 'keep':
      return { role, content: answer, reasoning_content: reasoning }
    case 'think':
      return { role, content: withThought(reasoning, answer, tags) }
    case 'drop':
      return { role, content: answer }
  }
}
