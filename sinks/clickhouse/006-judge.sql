-- The judge of final answers: verdict and pass_rate are settled (symbols, and the judge where they left it open);
-- symbolic_verdict and symbolic_pass_rate are what symbols said alone. The cost of a judge's call stands with the
-- first of the responses that share it (judge_attempts is 0 with the others).

ALTER TABLE responses
    ADD COLUMN IF NOT EXISTS symbolic_verdict LowCardinality(Nullable(String)) AFTER verdict_reason,
    ADD COLUMN IF NOT EXISTS symbolic_reason LowCardinality(Nullable(String)) AFTER symbolic_verdict,
    ADD COLUMN IF NOT EXISTS judge_verdict LowCardinality(Nullable(String)) AFTER symbolic_reason,
    ADD COLUMN IF NOT EXISTS judge_reason Nullable(String) CODEC(ZSTD(3)) AFTER judge_verdict,
    ADD COLUMN IF NOT EXISTS judge_error LowCardinality(Nullable(String)) AFTER judge_reason,
    ADD COLUMN IF NOT EXISTS judge_model LowCardinality(Nullable(String)) AFTER judge_error,
    ADD COLUMN IF NOT EXISTS judge_endpoint LowCardinality(Nullable(String)) AFTER judge_model,
    ADD COLUMN IF NOT EXISTS judge_prompt_tokens UInt32 AFTER judge_endpoint,
    ADD COLUMN IF NOT EXISTS judge_cached_tokens UInt32 AFTER judge_prompt_tokens,
    ADD COLUMN IF NOT EXISTS judge_completion_tokens UInt32 AFTER judge_cached_tokens,
    ADD COLUMN IF NOT EXISTS judge_seconds Float64 AFTER judge_completion_tokens,
    ADD COLUMN IF NOT EXISTS judge_attempts UInt16 AFTER judge_seconds,
    ADD COLUMN IF NOT EXISTS judge_usd Nullable(Float64) AFTER judge_attempts;

ALTER TABLE problems
    ADD COLUMN IF NOT EXISTS symbolic_pass_rate Nullable(Float64) AFTER pass_rate,
    ADD COLUMN IF NOT EXISTS judge_version LowCardinality(Nullable(String)) AFTER symbolic_pass_rate;

ALTER TABLE sft
    ADD COLUMN IF NOT EXISTS symbolic_verdict LowCardinality(Nullable(String)) AFTER verdict_reason,
    ADD COLUMN IF NOT EXISTS judge_verdict LowCardinality(Nullable(String)) AFTER symbolic_verdict;

-- Judged responses by what symbols and the judge said of them; judge: unreadable where the judge gave no verdict.
CREATE OR REPLACE VIEW judgements AS
SELECT
    run_id, revision, assumeNotNull(symbolic_verdict) AS symbolic, symbolic_reason,
    ifNull(judge_verdict, 'unreadable') AS judge, count() AS responses, countIf(judge_attempts > 0) AS calls
FROM responses FINAL
WHERE judge_verdict IS NOT NULL OR judge_error IS NOT NULL
GROUP BY run_id, revision, symbolic, symbolic_reason, judge;

-- How many problems of a run got how far. position orders the steps.
CREATE OR REPLACE VIEW funnel AS
SELECT run_id, revision, step, position, uniqExact(problem_id) AS problems
FROM
(
    SELECT run_id, revision, 'problems' AS step, 1 AS position, id AS problem_id FROM problems
    UNION ALL
    SELECT run_id, revision, 'screened', 2, id FROM problems WHERE stage != 'problems'
    UNION ALL
    SELECT run_id, revision, 'tagged', 3, id FROM problems WHERE tag_version IS NOT NULL
    UNION ALL
    SELECT run_id, revision, 'answered', 4, problem_id FROM responses WHERE kind = 'answer'
    UNION ALL
    SELECT run_id, revision, 'sampled', 5, problem_id FROM responses WHERE kind = 'sample'
    UNION ALL
    SELECT run_id, revision, 'verified', 6, problem_id FROM responses WHERE verdict IS NOT NULL
    UNION ALL
    SELECT run_id, revision, 'judged', 7, id FROM problems WHERE judge_version IS NOT NULL
    UNION ALL
    SELECT run_id, revision, 'rewarded', 8, problem_id FROM responses WHERE notEmpty(reward_versions)
    UNION ALL
    SELECT run_id, revision, 'sft', 10, problem_id FROM sft
    UNION ALL
    SELECT run_id, revision, 'preferences', 11, problem_id FROM preferences
)
GROUP BY run_id, revision, step, position;

-- What models cost by role; see 005-cost.sql.
CREATE OR REPLACE VIEW cost AS
SELECT
    run_id, revision, role, model,
    count() AS calls,
    sum(call_retries) AS retries,
    sum(call_prompt_tokens) AS prompt_tokens,
    sum(call_cached_tokens) AS cached_tokens,
    sum(call_completion_tokens) AS completion_tokens,
    sum(call_seconds) AS seconds,
    sum(call_usd) AS usd
FROM
(
    SELECT run_id, revision, 'questioner' AS role, assumeNotNull(model) AS model,
        max(greatest(attempts, 1) - 1) AS call_retries, sum(prompt_tokens) AS call_prompt_tokens,
        sum(cached_tokens) AS call_cached_tokens, sum(completion_tokens) AS call_completion_tokens,
        max(seconds) AS call_seconds, sum(usd) AS call_usd
    FROM problems FINAL WHERE problems.model IS NOT NULL
    GROUP BY run_id, revision, slot, model
    UNION ALL
    SELECT run_id, revision, 'tagger', assumeNotNull(tag_model), greatest(tag_attempts, 1) - 1, tag_prompt_tokens,
        tag_cached_tokens, tag_completion_tokens, tag_seconds, tag_usd
    FROM problems FINAL WHERE tag_model IS NOT NULL
    UNION ALL
    SELECT run_id, revision, role, model, greatest(attempts, 1) - 1, prompt_tokens, cached_tokens, completion_tokens,
        seconds, usd
    FROM responses FINAL
    UNION ALL
    SELECT run_id, revision, 'judge', assumeNotNull(judge_model), judge_attempts - 1, judge_prompt_tokens,
        judge_cached_tokens, judge_completion_tokens, judge_seconds, judge_usd
    FROM responses FINAL WHERE judge_attempts > 0
    UNION ALL
    SELECT run_id, revision, concat('reward:', reward), reward_models[reward], greatest(reward_attempts[reward], 1) - 1,
        reward_tokens[reward], 0, 0, reward_seconds[reward],
        if(mapContains(reward_usd, reward), reward_usd[reward], NULL)
    FROM
    (
        SELECT run_id, revision, reward_models, reward_tokens, reward_seconds, reward_attempts, reward_usd
        FROM responses FINAL
    )
    ARRAY JOIN mapKeys(reward_models) AS reward
)
GROUP BY run_id, revision, role, model;
