-- Money in the view of cost, and the budget that ended a run.

ALTER TABLE runs
    ADD COLUMN IF NOT EXISTS ended_by LowCardinality(Nullable(String)) AFTER program_version;

-- What models cost by role: calls, tries that were repeated, tokens (cached: of the prompt's, those out of the prefix
-- cache), seconds of waiting for them, US dollars (NULL without a price). The choices of one request are one call. It
-- counts what records carry: calls whose answer was lost or thrown away are in the topic `spending` alone.
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
