// Makes the rows of the data sets from what curation chose. Nothing is decided here.

import { preferenceId, sftId } from '../../schemas/ids.ts'
import type { Conversed, Curation, PreferenceRecord, SftRecord } from '../../schemas/records.ts'
import { furtherTurns, turnsOf } from './further-turns.ts'
import type { Candidate, ProblemFacts } from './candidates.ts'
import type { Pair } from './choose-pairs.ts'

export const CURATE_VERSION = 'curate@2'

/** What the rows of a problem are made of, whoever was chosen. */
export interface RowParts {
  readonly record: Conversed
  readonly facts: ProblemFacts
  readonly curation: Curation
  /** Milliseconds since 1970 UTC. */
  readonly now: number
}

/** What a row takes from the problem. */
function problemPart({ record, facts, curation, now }: RowParts) {
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
    language: facts.language,
    safety: tags?.safety ?? null,
    intent: tags?.intent ?? null,
    knowledge: tags?.knowledge ?? null,
    problemGeneration: problem.generation,
    version: CURATE_VERSION,
    passRate: facts.passRate,
    passRateDifficulty: facts.passRateDifficulty,
    sftDropped: curation.sftDropped,
    pairDropped: curation.pairDropped,
  }
}

/** The SFT row, with the further turns of a conversation that goes on from the chosen response. rewardName: of the reward that ranks. */
export function sftRow(parts: RowParts, chosen: Candidate, rewardName: string): SftRecord {
  const { record, curation } = parts
  const { response, verdict, symbolicVerdict, judgeVerdict, rewards, reward } = chosen
  const { promptTokens, completionTokens } = response.generation
  const { conversations, ...rest } = furtherTurns(record.conversation, response.id)
  return {
    ...problemPart(parts),
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
    pairRefusal: curation.pairRefusal,
  }
}

/** The preference row of a pair. index: its place among the pairs of the problem. */
export function preferenceRow(parts: RowParts, pair: Pair, index: number): PreferenceRecord {
  const { chosen, rejected, chosenValue, rejectedValue } = pair
  return {
    ...problemPart(parts),
    id: preferenceId(parts.record.id, index),
    chosen: chosen.verdict.solution,
    rejected: rejected.verdict.solution,
    chosenId: chosen.response.id,
    rejectedId: rejected.response.id,
    chosenReward: chosenValue,
    rejectedReward: rejectedValue,
    margin: chosenValue - rejectedValue,
    rewardName: pair.valueName,
    chosenVerdict: chosen.verdict.verdict,
    rejectedVerdict: rejected.verdict.verdict,
    chosenModel: chosen.response.generation.model,
    rejectedModel: rejected.response.generation.model,
    chosenReasoning: chosen.verdict.reasoning,
    rejectedReasoning: rejected.verdict.reasoning,
    chosenGeneration: chosen.response.generation,
    rejectedGeneration: rejected.response.generation,
    sftRefusal: parts.curation.sftRefusal,
    strategy: pair.strategy,
    chosenRewards: { ...chosen.rewards },
    rejectedRewards: { ...rejected.rewards },
  }
}
