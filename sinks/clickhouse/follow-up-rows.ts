// The further turns of a conversation as rows of `follow_ups` (007-converse.sql), one a turn. Promise: what every try
// and every answer of a turn has cost this revision is in its row, whether the turn stayed or not.

import type { Conversation, Conversed, FollowUp, Generation } from '../../schemas/records.ts'
import { placeColumns } from './place.ts'
import type { Origin, Row } from './place.ts'

/** One row for each further turn of a record. */
export function followUpRows(record: Conversed, origin: Origin): Row[] {
  const { conversation } = record
  if (conversation === null) return []
  return conversation.followUps.map((followUp) => ({
    ...placeColumns(origin, record.createdAt),
    id: followUp.id,
    run_id: record.runId,
    problem_id: record.id,
    response_id: conversation.responseId,
    turn: followUp.turn,
    kept: followUp.chosen !== null,
    converse_version: conversation.version,
    // Only the last turn of a conversation can have failed.
    ended: followUp.chosen === null ? conversation.ended : null,
    detail: followUp.chosen === null ? conversation.detail : null,
    ...questionColumns(followUp),
    ...answerColumns(followUp),
  }))
}

/** What `problems` knows of a conversation. */
export function conversationColumns({ version, wished, followUps, ended }: Conversation): Row {
  return {
    converse_version: version,
    turns_wished: wished,
    turns: 1 + followUps.filter(({ chosen }) => chosen !== null).length,
    conversation_ended: ended,
  }
}

function questionColumns({ question, tries }: FollowUp): Row {
  const last = tries.at(-1)
  return {
    question,
    question_text: last?.text ?? null,
    question_changes: last?.changes ?? [],
    question_refusals: tries.flatMap(({ refusal }) => (refusal === null ? [] : [refusal])),
    ...callColumns(
      'question',
      tries.map(({ generation }) => generation),
      last?.generation,
    ),
  }
}

function answerColumns({ answers, chosen, winningShare }: FollowUp): Row {
  const answer = chosen === null ? undefined : answers[chosen]
  const shown = answer ?? answers[0]
  return {
    answer: answer?.solution ?? null,
    reasoning: answer?.split ?? null,
    final_answer: answer?.finalAnswer ?? null,
    answer_text: shown?.text ?? null,
    winning_share: winningShare,
    ...callColumns(
      'answer',
      answers.map(({ generation }) => generation),
      shown?.generation,
    ),
  }
}

/**
 * Tokens, seconds and money of the calls that this revision paid, and how many it took over; model, endpoint, seed and
 * end of the one that is shown.
 */
function callColumns(prefix: 'question' | 'answer', all: readonly Generation[], shown: Generation | undefined): Row {
  const calls = all.filter(({ keptFrom }) => keptFrom === null)
  const sum = (field: (call: Generation) => number): number => calls.reduce((total, call) => total + field(call), 0)
  const priced = calls.flatMap(({ usd }) => (usd === null ? [] : [usd]))
  const columns: Row = {
    role: shown?.role ?? null,
    model: shown?.model ?? null,
    endpoint: shown?.endpoint ?? null,
    temperature: shown?.temperature ?? null,
    seed: shown?.seed ?? null,
    prompt_hash: shown?.promptHash ?? null,
    finish_reason: shown?.finishReason ?? null,
    calls: calls.length,
    retries: sum(({ attempts }) => Math.max(attempts, 1) - 1),
    prompt_tokens: sum(({ promptTokens }) => promptTokens),
    cached_tokens: sum(({ cachedTokens }) => cachedTokens),
    completion_tokens: sum(({ completionTokens }) => completionTokens),
    seconds: sum(({ milliseconds }) => milliseconds) / 1000,
    usd: priced.length === 0 ? null : priced.reduce((total, usd) => total + usd, 0),
    kept: all.length - calls.length,
  }
  return Object.fromEntries(Object.entries(columns).map(([name, value]) => [`${prefix}_${name}`, value]))
}
