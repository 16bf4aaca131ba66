// Makes the rows of the data sets from what curation chose. Nothing is decided here.

import { preferenceId, sftId } from '../../schemas/ids.ts'
import type { Conversed, PreferenceRecord, Rewarded, SftRecord } from '../../schemas/records.ts'
import { furtherTurns, turnsOf } from './further-turns.ts'
import type { Candidate } from './candidates.ts'
import type { Pair } from './choose-pair.ts'

export const CURATE_VERSION = 'curate@1'

/** What a row takes from the problem, whoever was chosen. */
function problemPart(record: Rewarded, now: number) {
  const { problem, screening, tags } = record
  return {
    runId: record.runId,
    revision: record.revision,
    createdAt: now,
    problemId: record.id,
    instruction: screening.text,
    questionModel: problem.generation?.model ?? null,
    source: problem.source,
    referenceAnswer: problem.referenceAnswer,
    difficulty: tags?.difficulty ?? null,
    quality: tags?.quality ?? null,
    qualityExplanation: tags?.qualityExplanation ?? null,
    category: tags?.category ?? null,
    otherCategories: tags?.otherCategories ?? [],
    language: tags?.language ?? screening.language,
    safety: tags?.safety ?? null,
    intent: tags?.intent ?? null,
    knowledge: tags?.knowledge ?? null,
    problemGeneration: problem.generation,
    version: CURATE_VERSION,
  }
}

/** The SFT row, with the further turns of a conversation that goes on from the chosen response. pairRefusal: why there is no preference row beside it; null if there is one. */
export function sftRow(
  record: Conversed,
  chosen: Candidate,
  rewardName: string,
  pairRefusal: string | null,
  now: number,
): SftRecord {
  const { response, verdict, symbolicVerdict, judgeVerdict, rewards, reward } = chosen
  const { promptTokens, completionTokens } = response.generation
  const { conversations, ...rest } = furtherTurns(record.conversation, response.id)
  return {
    ...problemPart(record, now),
    id: sftId(record.id),
    reasoning: verdict.reasoning,
    response: verdict.solution,
    ...rest,
    conversations: [...turnsOf(record.screening.text, verdict.reasoning, verdict.solution), ...conversations],
    responseId: response.id,
    model: response.generation.model,
    finalAnswer: verdict.finalAnswer,
    verdict: verdict.verdict,
    verdictReason: verdict.reason,
    symbolicVerdict,
    judgeVerdict,
    voteShare: verdict.voteShare,
    reward,
    rewardName: reward === null ? null : rewardName,
    rewards: { ...rewards },
    usage: { promptTokens, completionTokens },
    generation: response.generation,
    pairRefusal,
  }
}

/** The preference row. sftRefusal: why there is no SFT row beside it; null if there is one. */
export function preferenceRow(
  record: Rewarded,
  pair: Pair,
  rewardName: string,
  sftRefusal: string | null,
  now: number,
): PreferenceRecord {
  const { chosen, rejected } = pair
  return {
    ...problemPart(record, now),
    id: preferenceId(record.id),
    chosen: chosen.verdict.solution,
    rejected: rejected.verdict.solution,
    chosenId: chosen.response.id,
    rejectedId: rejected.response.id,
    chosenReward: chosen.reward,
    rejectedReward: rejected.reward,
    margin: chosen.reward - rejected.reward,
    rewardName,
    chosenVerdict: chosen.verdict.verdict,
    rejectedVerdict: rejected.verdict.verdict,
    chosenModel: chosen.response.generation.model,
    rejectedModel: rejected.response.generation.model,
    chosenReasoning: chosen.verdict.reasoning,
    rejectedReasoning: rejected.verdict.reasoning,
    chosenGeneration: chosen.response.generation,
    rejectedGeneration: rejected.response.generation,
    sftRefusal,
  }
}
