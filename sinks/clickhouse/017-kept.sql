-- Whose a call is: kept_from names the revision that paid for what a row took over (NULL: the row's own revision), and
-- the view of cost counts what a revision has paid itself. manner_hash: what else decided a text, beside its sampling.
-- In follow_ups, calls, tokens, seconds and money are those of the row's own revision; question_kept and answer_kept
-- count the calls that were taken over.

ALTER TABLE problems
    ADD COLUMN IF NOT EXISTS manner_hash Nullable(String) AFTER prompt_hash,
    ADD COLUMN IF NOT EXISTS kept_from LowCardinality(Nullable(String)) AFTER usd,
    ADD COLUMN IF NOT EXISTS tag_kept_from LowCardinality(Nullable(String)) AFTER tag_usd;

ALTER TABLE responses
    ADD COLUMN IF NOT EXISTS manner_hash Nullable(String) AFTER prompt_hash,
    ADD COLUMN IF NOT EXISTS kept_from LowCardinality(Nullable(String)) AFTER usd,
    ADD COLUMN IF NOT EXISTS judge_kept_from LowCardinality(Nullable(String)) AFTER judge_usd,
    ADD COLUMN IF NOT EXISTS reward_kept_from Map(LowCardinality(String), String) AFTER reward_details;

ALTER TABLE follow_ups
    ADD COLUMN IF NOT EXISTS question_kept UInt16 AFTER question_usd,
    ADD COLUMN IF NOT EXISTS answer_kept UInt16 AFTER answer_usd;

-- What models cost by role; see 005-cost.sql and 007-converse.sql. Of a replay: what it has asked for itself.
CREATE OR REPLACE VIEW cost AS
SELECT
    run_id, revision, role, model,
    sum(call_count) AS calls,
    sum(call_retries) AS retries,
    sum(call_prompt_tokens) AS prompt_tokens,
    sum(call_cached_tokens) AS cached_tokens,
    sum(call_completion_tokens) AS completion_tokens,
    sum(call_seconds) AS seconds,
    sum(call_usd) AS usd
FROM
(
    SELECT run_id, revision, 'questioner' AS role, assumeNotNull(model) AS model,
        1 AS call_count, max(greatest(attempts, 1) - 1) AS call_retries, sum(prompt_tokens) AS call_prompt_tokens,
        sum(cached_tokens) AS call_cached_tokens, sum(completion_tokens) AS call_completion_tokens,
        max(seconds) AS call_seconds, sum(usd) AS call_usd
    FROM problems FINAL WHERE problems.model IS NOT NULL AND ifNull(kept_from, revision) = revision
    GROUP BY run_id, revision, slot, model
    UNION ALL
    SELECT run_id, revision, 'tagger', assumeNotNull(tag_model), 1, greatest(tag_attempts, 1) - 1, tag_prompt_tokens,
        tag_cached_tokens, tag_completion_tokens, tag_seconds, tag_usd
    FROM problems FINAL WHERE tag_model IS NOT NULL AND ifNull(tag_kept_from, revision) = revision
    UNION ALL
    SELECT run_id, revision, role, model, 1, greatest(attempts, 1) - 1, prompt_tokens, cached_tokens, completion_tokens,
        seconds, usd
    FROM responses FINAL WHERE ifNull(kept_from, revision) = revision
    UNION ALL
    SELECT run_id, revision, 'judge', assumeNotNull(judge_model), 1, judge_attempts - 1, judge_prompt_tokens,
        judge_cached_tokens, judge_completion_tokens, judge_seconds, judge_usd
    FROM responses FINAL WHERE judge_attempts > 0 AND ifNull(judge_kept_from, revision) = revision
    UNION ALL
    SELECT run_id, revision, assumeNotNull(question_role), assumeNotNull(question_model), question_calls, question_retries, question_prompt_tokens,
        question_cached_tokens, question_completion_tokens, question_seconds, question_usd
    FROM follow_ups FINAL WHERE question_calls > 0
    UNION ALL
    SELECT run_id, revision, assumeNotNull(answer_role), assumeNotNull(answer_model), answer_calls, answer_retries, answer_prompt_tokens,
        answer_cached_tokens, answer_completion_tokens, answer_seconds, answer_usd
    FROM follow_ups FINAL WHERE answer_calls > 0
    UNION ALL
    SELECT run_id, revision, concat('reward:', reward), reward_models[reward], 1, greatest(reward_attempts[reward], 1) - 1,
        reward_tokens[reward], 0, 0, reward_seconds[reward],
        if(mapContains(reward_usd, reward), reward_usd[reward], NULL)
    FROM
    (
        SELECT run_id, revision, reward_models, reward_tokens, reward_seconds, reward_attempts, reward_usd, reward_kept_from
        FROM responses FINAL
    )
    ARRAY JOIN mapKeys(reward_models) AS reward
    WHERE reward_kept_from[reward] IN ('', revision)
)
GROUP BY run_id, revision, role, model;
