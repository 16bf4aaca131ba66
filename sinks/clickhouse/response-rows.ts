// Answers and samples as rows of `responses`, with whatever has been found out about them by then: verdicts and
// rewards from `verified` and later topics; the bare text from records that were refused or failed on the way.

import type {
  Answered,
  Judged,
  Judgement,
  Response,
  Rewarded,
  RewardScore,
  Sampled,
  Verdict,
  Verified,
} from '../../schemas/records.ts'
import { judgementOf, settle } from '../../schemas/settled.ts'
import { placeColumns } from './place.ts'
import type { Origin, Row } from './place.ts'
import { generationColumns } from './rows.ts'

/** One row for the answer, if there is one, and one for each sample. */
export function responseRows(record: Answered | Sampled | Verified | Judged | Rewarded, origin: Origin): Row[] {
  const responses: Response[] = [
    ...(record.answer === null ? [] : [record.answer]),
    ...('samples' in record ? record.samples : []),
  ]
  const symbolic = byResponse('verification' in record ? record.verification.verdicts : [])
  const settled = byResponse('verification' in record ? settle(record).verdicts : [])
  const judging = 'judging' in record ? record.judging : null
  const rewards = 'rewards' in record ? record.rewards : []
  const place = placeColumns(origin, record.createdAt)
  return responses.map((response) => ({
    ...place,
    id: response.id,
    run_id: record.runId,
    problem_id: record.id,
    kind: response.kind,
    index: response.index,
    text: response.text,
    reasoning: response.reasoning,
    role: response.generation.role,
    ...generationColumns(response.generation),
    ...verdictColumns(settled.get(response.id), symbolic.get(response.id)),
    ...judgeColumns(judgementOf(judging, response.id), response.id),
    ...rewardColumns(rewards.filter((score) => score.responseId === response.id)),
  }))
}

function byResponse(verdicts: readonly Verdict[]): ReadonlyMap<string, Verdict> {
  return new Map(verdicts.map((verdict) => [verdict.responseId, verdict]))
}

/** verdict is what counts; symbolic_verdict is what symbols said alone. */
function verdictColumns(verdict: Verdict | undefined, symbolic: Verdict | undefined): Row {
  if (verdict === undefined) return {}
  return {
    reasoning: verdict.reasoning,
    solution: verdict.solution,
    final_answer: verdict.finalAnswer,
    answer_class: verdict.answerClass,
    complete: verdict.complete,
    thought: verdict.thought,
    verdict: verdict.verdict,
    verdict_reason: verdict.reason,
    symbolic_verdict: symbolic?.verdict ?? null,
    symbolic_reason: symbolic?.reason ?? null,
    vote_share: verdict.voteShare,
  }
}

/** What the judge said; what its call cost stands with the first of the responses that share it. */
function judgeColumns(judgement: Judgement | null, responseId: string): Row {
  if (judgement === null) return {}
  const said = {
    judge_verdict: judgement.verdict,
    judge_reason: judgement.explanation,
    judge_error: judgement.error,
    judge_model: judgement.generation?.model ?? null,
  }
  const call = judgement.responseIds[0] === responseId ? judgement.generation : null
  if (call === null) return said
  return {
    ...said,
    judge_endpoint: call.endpoint,
    judge_prompt_tokens: call.promptTokens,
    judge_cached_tokens: call.cachedTokens,
    judge_completion_tokens: call.completionTokens,
    judge_seconds: call.milliseconds / 1000,
    judge_attempts: call.attempts,
    judge_usd: call.usd,
    judge_kept_from: call.keptFrom,
  }
}

/** A reward without a finite value has an error and no entry among the values. */
function rewardColumns(scores: readonly RewardScore[]): Row {
  const values: Record<string, number> = {}
  const steps: Record<string, number[]> = {}
  const versions: Record<string, string> = {}
  const models: Record<string, string> = {}
  const errors: Record<string, string> = {}
  const tokens: Record<string, number> = {}
  const seconds: Record<string, number> = {}
  const attempts: Record<string, number> = {}
  const usd: Record<string, number> = {}
  const details: Record<string, string> = {}
  const keptFrom: Record<string, string> = {}
  for (const score of scores) {
    const isNumber = score.value !== null && Number.isFinite(score.value)
    if (isNumber) values[score.name] = score.value ?? 0
    else errors[score.name] = score.error ?? 'no-value'
    if (score.steps.length > 0) steps[score.name] = score.steps
    versions[score.name] = score.version
    if (score.model !== null) models[score.name] = score.model
    tokens[score.name] = score.tokens
    seconds[score.name] = score.milliseconds / 1000
    attempts[score.name] = score.attempts
    if (score.usd !== null) usd[score.name] = score.usd
    if (score.detail !== null) details[score.name] = score.detail
    if (score.keptFrom !== null) keptFrom[score.name] = score.keptFrom
  }
  return {
    rewards: values,
    reward_steps: steps,
    reward_versions: versions,
    reward_models: models,
    reward_errors: errors,
    reward_tokens: tokens,
    reward_seconds: seconds,
    reward_attempts: attempts,
    reward_usd: usd,
    reward_details: details,
    reward_kept_from: keptFrom,
  }
}
