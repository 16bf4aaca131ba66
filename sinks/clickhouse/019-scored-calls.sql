-- A reward is never asked about an incomplete response: its row of model_calls in 017-kept.sql was no call.

-- The calls of models, a row a call; the choices of one request are one call, and so are the calls for one further turn
-- of a conversation (calls says how many). endpoint is '' for rewards; usd is NULL without a price. Of a replay those that
-- it has made itself.
CREATE OR REPLACE VIEW model_calls AS
SELECT run_id, revision, any(id) AS problem_id, 'questioner' AS role, assumeNotNull(model) AS model,
    assumeNotNull(any(problems.endpoint)) AS endpoint, 1 AS calls, max(greatest(problems.attempts, 1) - 1) AS retries,
    sum(problems.prompt_tokens) AS prompt_tokens, sum(problems.cached_tokens) AS cached_tokens,
    sum(problems.completion_tokens) AS completion_tokens, max(problems.seconds) AS seconds, sum(problems.usd) AS usd,
    countIf(finish_reason = 'length') > 0 AS cut, min(problems.created_at) AS created_at
FROM problems FINAL WHERE problems.model IS NOT NULL AND ifNull(kept_from, revision) = revision
GROUP BY run_id, revision, slot, model
UNION ALL
SELECT run_id, revision, id, 'tagger', assumeNotNull(tag_model), assumeNotNull(tag_endpoint), 1, greatest(tag_attempts, 1) - 1,
    tag_prompt_tokens, tag_cached_tokens, tag_completion_tokens, tag_seconds, tag_usd, false, reached_at
FROM problems FINAL WHERE tag_model IS NOT NULL AND ifNull(tag_kept_from, revision) = revision
UNION ALL
SELECT run_id, revision, problem_id, role, model, endpoint, 1, greatest(attempts, 1) - 1,
    prompt_tokens, cached_tokens, completion_tokens, seconds, usd, finish_reason = 'length', created_at
FROM responses FINAL WHERE ifNull(kept_from, revision) = revision
UNION ALL
SELECT run_id, revision, problem_id, 'judge', assumeNotNull(judge_model), assumeNotNull(judge_endpoint), 1, judge_attempts - 1,
    judge_prompt_tokens, judge_cached_tokens, judge_completion_tokens, judge_seconds, judge_usd, false, created_at
FROM responses FINAL WHERE judge_attempts > 0 AND ifNull(judge_kept_from, revision) = revision
UNION ALL
SELECT run_id, revision, problem_id, assumeNotNull(question_role), assumeNotNull(question_model),
    assumeNotNull(question_endpoint), question_calls, question_retries, question_prompt_tokens, question_cached_tokens,
    question_completion_tokens, question_seconds, question_usd, question_finish_reason = 'length', created_at
FROM follow_ups FINAL WHERE question_calls > 0
UNION ALL
SELECT run_id, revision, problem_id, assumeNotNull(answer_role), assumeNotNull(answer_model),
    assumeNotNull(answer_endpoint), answer_calls, answer_retries, answer_prompt_tokens, answer_cached_tokens,
    answer_completion_tokens, answer_seconds, answer_usd, answer_finish_reason = 'length', created_at
FROM follow_ups FINAL WHERE answer_calls > 0
UNION ALL
SELECT run_id, revision, problem_id, concat('reward:', reward), reward_models[reward], '', 1,
    greatest(reward_attempts[reward], 1) - 1, reward_tokens[reward], 0, 0, reward_seconds[reward],
    if(mapContains(reward_usd, reward), reward_usd[reward], NULL), false, created_at
FROM
(
    SELECT run_id, revision, problem_id, reward_models, reward_tokens, reward_seconds, reward_attempts, reward_usd,
        reward_kept_from, reward_errors, created_at
    FROM responses FINAL
)
ARRAY JOIN mapKeys(reward_models) AS reward
WHERE reward_kept_from[reward] IN ('', revision) AND reward_errors[reward] != 'incomplete';
