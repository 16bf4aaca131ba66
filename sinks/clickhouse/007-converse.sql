-- Further turns of conversations.

-- One row a turn, kept or not (only the last turn of a conversation can have failed; ended says at what). question and
-- answer are what the data set has; question_text and answer_text are untouched, of the last try and of the answer that
-- was chosen (else the first). question_refusals: rules that refused a try. Tokens, seconds and US dollars are those of
-- all tries and all answers.
CREATE TABLE IF NOT EXISTS follow_ups
(
    id String,
    run_id String,
    revision LowCardinality(String),
    problem_id String,
    response_id Nullable(String),
    turn UInt16,
    kept Bool,
    ended LowCardinality(Nullable(String)),
    detail Nullable(String) CODEC(ZSTD(3)),
    question Nullable(String) CODEC(ZSTD(3)),
    answer Nullable(String) CODEC(ZSTD(3)),
    reasoning Nullable(String) CODEC(ZSTD(3)),
    final_answer Nullable(String),
    winning_share Nullable(Float64),
    question_text Nullable(String) CODEC(ZSTD(3)),
    question_changes Array(LowCardinality(String)),
    question_refusals Array(LowCardinality(String)),
    answer_text Nullable(String) CODEC(ZSTD(3)),
    question_role LowCardinality(Nullable(String)),
    question_model LowCardinality(Nullable(String)),
    question_endpoint LowCardinality(Nullable(String)),
    question_temperature Nullable(Float64),
    question_seed Nullable(Int64),
    question_prompt_hash Nullable(String),
    question_finish_reason LowCardinality(Nullable(String)),
    question_calls UInt16,
    question_retries UInt16,
    question_prompt_tokens UInt32,
    question_cached_tokens UInt32,
    question_completion_tokens UInt32,
    question_seconds Float64,
    question_usd Nullable(Float64),
    answer_role LowCardinality(Nullable(String)),
    answer_model LowCardinality(Nullable(String)),
    answer_endpoint LowCardinality(Nullable(String)),
    answer_temperature Nullable(Float64),
    answer_seed Nullable(Int64),
    answer_prompt_hash Nullable(String),
    answer_finish_reason LowCardinality(Nullable(String)),
    answer_calls UInt16,
    answer_retries UInt16,
    answer_prompt_tokens UInt32,
    answer_cached_tokens UInt32,
    answer_completion_tokens UInt32,
    answer_seconds Float64,
    answer_usd Nullable(Float64),
    converse_version LowCardinality(String),
    created_at DateTime64(3, 'UTC'),
    topic LowCardinality(String),
    `partition` Int32,
    `offset` Int64,
    version UInt64,
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (run_id, revision, problem_id, id);

-- turns: questions that have an answer, the problem's own among them.
ALTER TABLE problems
    ADD COLUMN IF NOT EXISTS converse_version LowCardinality(Nullable(String)) AFTER pass_rate,
    ADD COLUMN IF NOT EXISTS turns_wished Nullable(UInt16) AFTER converse_version,
    ADD COLUMN IF NOT EXISTS turns Nullable(UInt16) AFTER turns_wished,
    ADD COLUMN IF NOT EXISTS conversation_ended LowCardinality(Nullable(String)) AFTER turns;

-- prompt_tokens and completion_tokens are those of the first turn's response; all calls for further turns stand apart.
ALTER TABLE sft
    ADD COLUMN IF NOT EXISTS turns UInt16 DEFAULT 1 AFTER conversations,
    ADD COLUMN IF NOT EXISTS further_prompt_tokens UInt32 AFTER completion_tokens,
    ADD COLUMN IF NOT EXISTS further_completion_tokens UInt32 AFTER further_prompt_tokens,
    ADD COLUMN IF NOT EXISTS conversation_ended LowCardinality(Nullable(String)) AFTER pair_refusal;

-- The conversations of SFT rows, a row a turn: the column conversations taken apart.
CREATE OR REPLACE VIEW sft_turns AS
SELECT run_id, revision, id, problem_id, turns, turn, said[2 * turn - 1].2 AS question, said[2 * turn].2 AS answer
FROM
(
    SELECT run_id, revision, id, problem_id, turns,
        JSONExtract(conversations, 'Array(Tuple(from String, value String))') AS said
    FROM sft FINAL
)
ARRAY JOIN range(1, turns + 1) AS turn;

-- How conversations ended: problems by their turns and the reason why there are no more; all-there: none.
CREATE OR REPLACE VIEW conversation_ends AS
SELECT run_id, revision, assumeNotNull(turns) AS reached, ifNull(conversation_ended, 'all-there') AS ended, count() AS conversations
FROM problems FINAL
WHERE converse_version IS NOT NULL
GROUP BY run_id, revision, reached, ended;

-- How many problems of a run got how far; conversed: those with at least one further turn. position orders the steps.
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
    SELECT run_id, revision, 'conversed', 9, problem_id FROM follow_ups WHERE kept
    UNION ALL
    SELECT run_id, revision, 'sft', 10, problem_id FROM sft
    UNION ALL
    SELECT run_id, revision, 'preferences', 11, problem_id FROM preferences
)
GROUP BY run_id, revision, step, position;

-- What models cost by role; see 005-cost.sql. Calls for further turns have roles of their own, as answerer:turns.
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
    FROM problems FINAL WHERE problems.model IS NOT NULL
    GROUP BY run_id, revision, slot, model
    UNION ALL
    SELECT run_id, revision, 'tagger', assumeNotNull(tag_model), 1, greatest(tag_attempts, 1) - 1, tag_prompt_tokens,
        tag_cached_tokens, tag_completion_tokens, tag_seconds, tag_usd
    FROM problems FINAL WHERE tag_model IS NOT NULL
    UNION ALL
    SELECT run_id, revision, role, model, 1, greatest(attempts, 1) - 1, prompt_tokens, cached_tokens, completion_tokens,
        seconds, usd
    FROM responses FINAL
    UNION ALL
    SELECT run_id, revision, 'judge', assumeNotNull(judge_model), 1, judge_attempts - 1, judge_prompt_tokens,
        judge_cached_tokens, judge_completion_tokens, judge_seconds, judge_usd
    FROM responses FINAL WHERE judge_attempts > 0
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
        SELECT run_id, revision, reward_models, reward_tokens, reward_seconds, reward_attempts, reward_usd
        FROM responses FINAL
    )
    ARRAY JOIN mapKeys(reward_models) AS reward
)
GROUP BY run_id, revision, role, model;
