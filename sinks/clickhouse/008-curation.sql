-- What curation saw: the pass rate of the problem, what decided a pair, and how many responses each rule took out,
-- in the rows and in the rejections of curate.

ALTER TABLE sft
    ADD COLUMN IF NOT EXISTS pass_rate Nullable(Float64) AFTER vote_share,
    ADD COLUMN IF NOT EXISTS pass_rate_difficulty LowCardinality(Nullable(String)) AFTER pass_rate,
    ADD COLUMN IF NOT EXISTS sft_dropped Map(LowCardinality(String), UInt32) AFTER pair_refusal,
    ADD COLUMN IF NOT EXISTS pair_dropped Map(LowCardinality(String), UInt32) AFTER sft_dropped;

ALTER TABLE preferences
    ADD COLUMN IF NOT EXISTS strategy LowCardinality(Nullable(String)) AFTER reward_name,
    ADD COLUMN IF NOT EXISTS chosen_rewards Map(LowCardinality(String), Float64) AFTER strategy,
    ADD COLUMN IF NOT EXISTS rejected_rewards Map(LowCardinality(String), Float64) AFTER chosen_rewards,
    ADD COLUMN IF NOT EXISTS pass_rate Nullable(Float64) AFTER rejected_verdict,
    ADD COLUMN IF NOT EXISTS pass_rate_difficulty LowCardinality(Nullable(String)) AFTER pass_rate,
    ADD COLUMN IF NOT EXISTS sft_dropped Map(LowCardinality(String), UInt32) AFTER sft_refusal,
    ADD COLUMN IF NOT EXISTS pair_dropped Map(LowCardinality(String), UInt32) AFTER sft_dropped;

ALTER TABLE rejections
    ADD COLUMN IF NOT EXISTS sft_refusal LowCardinality(Nullable(String)) AFTER collided_with,
    ADD COLUMN IF NOT EXISTS pair_refusal LowCardinality(Nullable(String)) AFTER sft_refusal,
    ADD COLUMN IF NOT EXISTS sft_dropped Map(LowCardinality(String), UInt32) AFTER pair_refusal,
    ADD COLUMN IF NOT EXISTS pair_dropped Map(LowCardinality(String), UInt32) AFTER sft_dropped;

-- One row a problem that curation has seen: why it gave no row of a kind (NULL: it gave one), what each rule took out.
-- The rows of a problem all say the same.
CREATE OR REPLACE VIEW curated AS
SELECT
    run_id, revision, problem_id,
    if(countIf(kind = 'sft') > 0, NULL, max(no_sft)) AS sft_refusal,
    if(countIf(kind = 'preference') > 0, NULL, max(no_pair)) AS pair_refusal,
    anyIf(taken_for_sft, notEmpty(taken_for_sft)) AS sft_dropped,
    anyIf(taken_for_pairs, notEmpty(taken_for_pairs)) AS pair_dropped
FROM
(
    SELECT run_id, revision, problem_id, 'sft' AS kind, CAST(NULL, 'Nullable(String)') AS no_sft,
        CAST(pair_refusal, 'Nullable(String)') AS no_pair, sft_dropped AS taken_for_sft, pair_dropped AS taken_for_pairs
    FROM sft FINAL
    UNION ALL
    SELECT run_id, revision, problem_id, 'preference', CAST(sft_refusal, 'Nullable(String)'),
        CAST(NULL, 'Nullable(String)'), sft_dropped, pair_dropped
    FROM preferences FINAL
    UNION ALL
    SELECT run_id, revision, problem_id, 'none',
        CAST(if(sft_refusal IS NULL AND pair_refusal IS NULL, reason, sft_refusal), 'Nullable(String)'),
        CAST(pair_refusal, 'Nullable(String)'), sft_dropped, pair_dropped
    FROM rejections FINAL WHERE stage = 'curate'
)
GROUP BY run_id, revision, problem_id;

-- What each rule of curation costs: rows_lost, problems without a row of the kind because of it; responses, how many
-- it took out, those of problems that gave a row all the same included.
CREATE OR REPLACE VIEW rule_costs AS
SELECT run_id, revision, data_set, rule, sum(lost) AS rows_lost, sum(taken) AS responses
FROM
(
    SELECT run_id, revision, 'sft' AS data_set, assumeNotNull(sft_refusal) AS rule, 1 AS lost, 0 AS taken
    FROM curated WHERE sft_refusal IS NOT NULL
    UNION ALL
    SELECT run_id, revision, 'preference', assumeNotNull(pair_refusal), 1, 0 FROM curated WHERE pair_refusal IS NOT NULL
    UNION ALL
    SELECT run_id, revision, 'sft', toString(name), 0, number
    FROM curated ARRAY JOIN mapKeys(sft_dropped) AS name, mapValues(sft_dropped) AS number
    UNION ALL
    SELECT run_id, revision, 'preference', toString(name), 0, number
    FROM curated ARRAY JOIN mapKeys(pair_dropped) AS name, mapValues(pair_dropped) AS number
)
WHERE rule != 'switched-off'
GROUP BY run_id, revision, data_set, rule;
