// Records as rows of the tables (001-tables.sql). Promise: a row depends on the record, its place in the log and
// the revision alone, so that a repeat gives the same row.

import type {
  Conversed,
  Generation,
  Judged,
  PreferenceRecord,
  Problem,
  Rejection,
  RunRecord,
  RunStart,
  Screened,
  SftRecord,
  Tagged,
  Verified,
} from '../../schemas/records.ts'
import { settle } from '../../schemas/settled.ts'
import { conversationColumns } from './follow-up-rows.ts'
import { placeColumns, timeText } from './place.ts'
import type { Origin, Row } from './place.ts'
import { snakeKeys } from '../snake-case.ts'

/** Columns of a model call that problems and responses share; of each problem there are nine and more. */
export function generationColumns(generation: Generation): Row {
  return {
    model: generation.model,
    endpoint: generation.endpoint,
    template: generation.template,
    prompt_hash: generation.promptHash,
    temperature: generation.temperature,
    top_p: generation.topP,
    top_k: generation.topK,
    min_p: generation.minP,
    repetition_penalty: generation.repetitionPenalty,
    max_tokens: generation.maxTokens,
    seed: generation.seed,
    finish_reason: generation.finishReason,
    stop_reason: generation.stopReason,
    prompt_tokens: generation.promptTokens,
    completion_tokens: generation.completionTokens,
    seconds: generation.milliseconds / 1000,
    attempts: generation.attempts,
    cached_tokens: generation.cachedTokens,
    first_temperature: generation.firstTemperature,
    continuations: generation.continuations,
    usd: generation.usd,
    manner_hash: generation.mannerHash,
    kept_from: generation.keptFrom,
  } satisfies Record<GenerationColumn, unknown>
}

/** A field that is added to Generation is missed here by the compiler. */
type GenerationColumn = SnakeCase<Exclude<keyof Generation, 'role' | 'milliseconds'>> | 'seconds'
type SnakeCase<Name extends string> = Name extends `${infer Head}${infer Rest}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${SnakeCase<Rest>}`
  : ''

/** Row of `problems` from a raw problem, or from any later record with all that is known by then. */
export function problemRow(record: Problem | Screened | Tagged | Verified | Judged | Conversed, origin: Origin): Row {
  const problem = 'problem' in record ? record.problem : record
  const { generation } = problem
  const row: Row = {
    ...placeColumns(origin, record.createdAt),
    id: problem.id,
    run_id: problem.runId,
    stage: origin.topic,
    slot: problem.slot,
    choice: problem.choice,
    text: problem.text,
    source: problem.source,
    source_file: problem.sourceFile,
    source_line: problem.sourceLine,
    reference_answer: problem.referenceAnswer,
    opener: problem.opener,
    control_task: problem.controlTask,
    metadata: problem.metadata,
    ...(generation === null ? {} : generationColumns(generation)),
    created_at: timeText(problem.createdAt),
    reached_at: timeText(record.createdAt),
  }
  if ('screening' in record) {
    row['instruction'] = record.screening.text
    row['screen_version'] = record.screening.version
    row['screen_changes'] = record.screening.changes
    row['language'] = record.screening.language
    const { embedding } = record.screening
    if (embedding?.vector != null) {
      row['embedding'] = [...new Int8Array(embedding.vector)]
      row['embedding_version'] = embedding.version
    }
  }
  if ('tags' in record && record.tags !== null) {
    const { generation: call, version, language, ...tags } = record.tags
    Object.assign(row, snakeKeys(tags), {
      tag_version: version,
      tag_language: language,
      tag_model: call.model,
      tag_endpoint: call.endpoint,
      tag_prompt_tokens: call.promptTokens,
      tag_completion_tokens: call.completionTokens,
      tag_cached_tokens: call.cachedTokens,
      tag_attempts: call.attempts,
      tag_usd: call.usd,
      tag_kept_from: call.keptFrom,
      tag_seconds: call.milliseconds / 1000,
    })
  }
  if ('verification' in record) {
    const { verification } = record
    row['verify_version'] = verification.version
    row['verified_against'] = verification.against
    row['winning_answer'] = verification.winningAnswer
    row['winning_share'] = verification.winningShare
    row['answer_classes'] = verification.classes
    row['pass_rate'] = settle(record).passRate
    row['symbolic_pass_rate'] = verification.passRate
  }
  if ('judging' in record && record.judging !== null) row['judge_version'] = record.judging.version
  if ('conversation' in record && record.conversation !== null)
    Object.assign(row, conversationColumns(record.conversation))
  return row
}

/** Keys below these fields are names of rewards or rules, not of fields. */
const DATA_MAPS = new Set(['rewards', 'chosenRewards', 'rejectedRewards', 'sftDropped', 'pairDropped'])

/** Row of `sft`. */
export function sftRow(record: SftRecord, origin: Origin): Row {
  const { conversations, generation, problemGeneration, usage, version, createdAt, ...rest } = record
  return {
    ...(snakeKeys(rest, DATA_MAPS) as Row),
    ...placeColumns(origin, createdAt),
    conversations: JSON.stringify(conversations),
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    generation: jsonText(generation),
    problem_generation: jsonText(problemGeneration),
    curate_version: version,
  }
}

/** Row of `preferences`. */
export function preferenceRow(record: PreferenceRecord, origin: Origin): Row {
  const { chosenGeneration, rejectedGeneration, problemGeneration, version, createdAt, ...rest } = record
  return {
    ...(snakeKeys(rest, DATA_MAPS) as Row),
    ...placeColumns(origin, createdAt),
    chosen_generation: jsonText(chosenGeneration),
    rejected_generation: jsonText(rejectedGeneration),
    problem_generation: jsonText(problemGeneration),
    curate_version: version,
  }
}

/** Row of `rejections`. */
export function rejectionRow(rejection: Rejection, origin: Origin): Row {
  return {
    ...placeColumns({ ...origin, revision: rejection.revision }, rejection.createdAt),
    id: rejection.id,
    run_id: rejection.runId,
    problem_id: rejection.problemId,
    stage: rejection.stage,
    reason: rejection.reason,
    detail: rejection.detail,
    collided_with: rejection.collidedWith,
    ...(rejection.curation === null ? {} : (snakeKeys(rejection.curation, DATA_MAPS) as Row)),
    source_topic: rejection.topic,
    source_partition: rejection.partition,
    source_offset: rejection.offset,
  }
}

/** Row of `runs`. */
export function runRow(record: RunRecord, origin: Origin): Row {
  return {
    ...placeColumns({ ...origin, revision: record.revision }, record.createdAt),
    id: record.id,
    run_id: record.runId,
    name: record.runId,
    state: record.state,
    config: record.config,
    config_hash: record.configHash,
    started_at: timeText(record.startedAt),
    finished_at: record.finishedAt === null ? null : timeText(record.finishedAt),
    host: record.host,
    pid: record.pid,
    program_version: record.version,
    ended_by: record.endedBy,
  }
}

/** Row of `run_starts`. */
export function startRow(record: RunStart, origin: Origin): Row {
  return {
    ...placeColumns({ ...origin, revision: record.revision }, record.createdAt),
    id: record.id,
    run_id: record.runId,
    config: record.config,
    config_hash: record.configHash,
    parts: record.parts,
    host: record.host,
    pid: record.pid,
    program_version: record.version,
  }
}

function jsonText(generation: Generation | null): string | null {
  return generation === null ? null : JSON.stringify(snakeKeys(generation))
}
