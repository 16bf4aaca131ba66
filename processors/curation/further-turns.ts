// What a conversation adds to an SFT row: its kept turns, and what all its calls have cost. Promise: turns are only
// added to the response that they go on from.

import type { Conversation, ConversationTurn, FollowUp, Generation, SftRecord } from '../../schemas/records.ts'

type FurtherTurns = Pick<
  SftRecord,
  'conversations' | 'turns' | 'furtherPromptTokens' | 'furtherCompletionTokens' | 'conversationEnded'
>

const NONE: FurtherTurns = {
  conversations: [],
  turns: 1,
  furtherPromptTokens: 0,
  furtherCompletionTokens: 0,
  conversationEnded: null,
}

/** The part of the row of this response; `conversations` holds the further turns alone. */
export function furtherTurns(conversation: Conversation | null, responseId: string): FurtherTurns {
  if (conversation === null) return NONE
  // Curated with other rules than the conversation was: another response was chosen.
  if (conversation.responseId !== responseId) return { ...NONE, conversationEnded: 'other-response' }
  const conversations = conversation.followUps.flatMap(({ question, answers, chosen }) => {
    const answer = chosen === null ? undefined : answers[chosen]
    return question === null || answer === undefined ? [] : turnsOf(question, answer.split, answer.solution)
  })
  const calls = conversation.followUps.flatMap(callsOf)
  return {
    conversations,
    turns: 1 + conversations.length / 2,
    furtherPromptTokens: calls.reduce((sum, { promptTokens }) => sum + promptTokens, 0),
    furtherCompletionTokens: calls.reduce((sum, { completionTokens }) => sum + completionTokens, 0),
    conversationEnded: conversation.ended,
  }
}

/** Question and answer as turns; a thought stands before the answer in the tags that models use. */
export function turnsOf(question: string, reasoning: string | null, response: string): ConversationTurn[] {
  const value = reasoning === null ? response : `<think>\n${reasoning}\n</think>\n\n${response}`
  return [
    { from: 'human', value: question },
    { from: 'gpt', value },
  ]
}

function callsOf({ tries, answers }: FollowUp): Generation[] {
  return [...tries, ...answers].map(({ generation }) => generation)
}
