-- Views for the questions that people have of a run; docs/sql.md has queries on them. All read with FINAL inside, so none
-- shows a repeat, and all have run_id and revision.

-- Which step each problem has reached, a row a problem and step; position orders the steps.
CREATE OR REPLACE VIEW problem_steps AS
SELECT run_id, revision, problem_id, reached.1 AS step, reached.2 AS position
FROM
(
    SELECT run_id, revision, id AS problem_id,
        [('problems', 1, true), ('screened', 2, stage != 'problems'), ('tagged', 3, tag_version IS NOT NULL),
            ('judged', 7, judge_version IS NOT NULL)] AS steps
    FROM problems FINAL
    UNION ALL
    SELECT run_id, revision, problem_id,
        [('answered', 4, max(kind = 'answer')), ('sampled', 5, max(kind = 'sample')),
            ('verified', 6, max(verdict IS NOT NULL)), ('rewarded', 8, max(notEmpty(reward_versions)))]
    FROM responses FINAL GROUP BY run_id, revision, problem_id
    UNION ALL
    SELECT DISTINCT run_id, revision, problem_id, [('conversed', 9, true)] FROM follow_ups FINAL WHERE kept
    UNION ALL
    SELECT DISTINCT run_id, revision, problem_id, [('sft', 10, true)] FROM sft FINAL
    UNION ALL
    SELECT DISTINCT run_id, revision, problem_id, [('preferences', 11, true)] FROM preferences FINAL
)
ARRAY JOIN arrayFilter(step -> step.3, steps) AS reached;

-- How many problems of a run got how far.
CREATE OR REPLACE VIEW funnel AS
SELECT run_id, revision, step, position, count() AS problems
FROM problem_steps
GROUP BY run_id, revision, step, position;

-- The same by where the problems came from; template and model are NULL for those out of a file. A revision that has no
-- problems of its own (a replay of curate) takes these from the other revisions of the run.
CREATE OR REPLACE VIEW funnel_by_model AS
SELECT steps.run_id AS run_id, steps.revision AS revision, made.source AS source, made.template AS template,
    made.model AS model, steps.step AS step, steps.position AS position, count() AS problems
FROM problem_steps AS steps
LEFT JOIN
(
    SELECT run_id, id, any(source) AS source, any(template) AS template, any(model) AS model
    FROM problems FINAL GROUP BY run_id, id
) AS made ON made.run_id = steps.run_id AND made.id = steps.problem_id
GROUP BY run_id, revision, source, template, model, step, position;

-- How each problem ended, a row a problem: accepted before rejected before failed (a dead letter that waits for
-- somebody). reason: that of the rejection, or the code of the dead letter.
CREATE OR REPLACE VIEW outcomes AS
SELECT
    run_id, revision, problem_id,
    ['accepted', 'rejected', 'failed'][min(rank)] AS outcome,
    argMin(at_stage, (rank, at)) AS stage, argMin(why, (rank, at)) AS reason, argMin(at, (rank, at)) AS ended_at
FROM
(
    SELECT run_id, revision, problem_id, 1 AS rank, 'curate' AS at_stage, '' AS why, created_at AS at FROM sft FINAL
    UNION ALL
    SELECT run_id, revision, problem_id, 1, 'curate', '', created_at FROM preferences FINAL
    UNION ALL
    SELECT run_id, revision, problem_id, 2, toString(stage), toString(reason), created_at FROM rejections FINAL
    UNION ALL
    SELECT run_id, revision, problem_id, 3, toString(stage), toString(code), created_at
    FROM dead_letters FINAL WHERE redriven_at IS NULL
)
GROUP BY run_id, revision, problem_id;

-- Accept rate over time: problems that ended within the hour, and the share of them that was accepted.
CREATE OR REPLACE VIEW accepted_by_hour AS
SELECT
    run_id, revision, toStartOfHour(ended_at) AS hour, count() AS ended, countIf(outcome = 'accepted') AS accepted,
    countIf(outcome = 'rejected') AS rejected, countIf(outcome = 'failed') AS failed, accepted / ended AS accept_rate
FROM outcomes
GROUP BY run_id, revision, hour;

-- Do rewards know right from wrong? auc: how often a response that is equal scores above one that is different (0.5: a
-- coin; ties count half); auc_within: the same between responses to one problem, mean over the problems that have both.
CREATE OR REPLACE VIEW reward_agreement AS
SELECT
    run_id, revision, reward, sum(right) AS equal, sum(wrong) AS different,
    sum(right_sum) / equal AS mean_equal, sum(wrong_sum) / different AS mean_different,
    if(equal > 0 AND different > 0, arrayROCAUC(groupArrayArray(scores), groupArrayArray(labels)), NULL) AS auc,
    countIf(right > 0 AND wrong > 0) AS mixed_problems,
    avgOrNullIf(arrayROCAUC(scores, labels), right > 0 AND wrong > 0) AS auc_within
FROM
(
    SELECT
        run_id, revision, problem_id, reward, groupArray(score) AS scores, groupArray(label) AS labels,
        countIf(label = 1) AS right, countIf(label = 0) AS wrong,
        sumIf(score, label = 1) AS right_sum, sumIf(score, label = 0) AS wrong_sum
    FROM
    (
        SELECT run_id, revision, problem_id, rewards, toUInt8(verdict = 'equal') AS label
        FROM responses FINAL WHERE verdict IN ('equal', 'different')
    )
    ARRAY JOIN mapKeys(rewards) AS reward, mapValues(rewards) AS score
    GROUP BY run_id, revision, problem_id, reward
)
GROUP BY run_id, revision, reward;

-- Pass rate by category and difficulty; never, always: problems that no response, or every one, got right.
CREATE OR REPLACE VIEW pass_rates AS
SELECT
    run_id, revision, category, difficulty, count() AS problems, avg(pass_rate) AS mean_pass_rate,
    countIf(pass_rate = 0) AS never, countIf(pass_rate = 1) AS always
FROM problems FINAL
WHERE pass_rate IS NOT NULL
GROUP BY run_id, revision, category, difficulty;

-- The calls of models, a row a call; the choices of one request are one call, and so are the calls for one further turn
-- of a conversation (calls says how many). endpoint is '' for rewards; usd is NULL without a price.
CREATE OR REPLACE VIEW model_calls AS
SELECT run_id, revision, any(id) AS problem_id, 'questioner' AS role, assumeNotNull(model) AS model,
    assumeNotNull(any(problems.endpoint)) AS endpoint, 1 AS calls, max(greatest(problems.attempts, 1) - 1) AS retries,
    sum(problems.prompt_tokens) AS prompt_tokens, sum(problems.cached_tokens) AS cached_tokens,
    sum(problems.completion_tokens) AS completion_tokens, max(problems.seconds) AS seconds, sum(problems.usd) AS usd,
    countIf(finish_reason = 'length') > 0 AS cut, min(problems.created_at) AS created_at
FROM problems FINAL WHERE problems.model IS NOT NULL
GROUP BY run_id, revision, slot, model
UNION ALL
SELECT run_id, revision, id, 'tagger', assumeNotNull(tag_model), assumeNotNull(tag_endpoint), 1, greatest(tag_attempts, 1) - 1,
    tag_prompt_tokens, tag_cached_tokens, tag_completion_tokens, tag_seconds, tag_usd, false, reached_at
FROM problems FINAL WHERE tag_model IS NOT NULL
UNION ALL
SELECT run_id, revision, problem_id, role, model, endpoint, 1, greatest(attempts, 1) - 1,
    prompt_tokens, cached_tokens, completion_tokens, seconds, usd, finish_reason = 'length', created_at
FROM responses FINAL
UNION ALL
SELECT run_id, revision, problem_id, 'judge', assumeNotNull(judge_model), assumeNotNull(judge_endpoint), 1, judge_attempts - 1,
    judge_prompt_tokens, judge_cached_tokens, judge_completion_tokens, judge_seconds, judge_usd, false, created_at
FROM responses FINAL WHERE judge_attempts > 0
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
    SELECT run_id, revision, problem_id, reward_models, reward_tokens, reward_seconds, reward_attempts, reward_usd, created_at
    FROM responses FINAL
)
ARRAY JOIN mapKeys(reward_models) AS reward;

-- What models cost by role; see 005-cost.sql.
CREATE OR REPLACE VIEW cost AS
SELECT
    run_id, revision, role, model,
    sum(model_calls.calls) AS calls,
    sum(model_calls.retries) AS retries,
    sum(model_calls.prompt_tokens) AS prompt_tokens,
    sum(model_calls.cached_tokens) AS cached_tokens,
    sum(model_calls.completion_tokens) AS completion_tokens,
    sum(model_calls.seconds) AS seconds,
    sum(model_calls.usd) AS usd
FROM model_calls
GROUP BY run_id, revision, role, model;

-- What a row of data cost: all that the revision spent, for each of its rows and accepted problems (NULL where there are
-- none). A revision that took over the answers of another one has not paid for them.
CREATE OR REPLACE VIEW cost_per_row AS
SELECT
    run_id, revision, sum(sft) AS sft_rows, sum(preference) AS preference_rows, sum(problem) AS accepted_problems,
    sum(row_tokens) AS tokens, sum(row_usd) AS usd,
    tokens / nullIf(sft_rows, 0) AS tokens_per_sft_row, usd / nullIf(sft_rows, 0) AS usd_per_sft_row,
    tokens / nullIf(preference_rows, 0) AS tokens_per_preference_row, usd / nullIf(preference_rows, 0) AS usd_per_preference_row,
    tokens / nullIf(accepted_problems, 0) AS tokens_per_accepted_problem, usd / nullIf(accepted_problems, 0) AS usd_per_accepted_problem
FROM
(
    SELECT run_id, revision, 0 AS sft, 0 AS preference, 0 AS problem, prompt_tokens + completion_tokens AS row_tokens,
        CAST(usd, 'Nullable(Float64)') AS row_usd
    FROM cost
    UNION ALL
    SELECT run_id, revision, 1, 0, 0, 0, NULL FROM sft FINAL
    UNION ALL
    SELECT run_id, revision, 0, 1, 0, 0, NULL FROM preferences FINAL
    UNION ALL
    SELECT run_id, revision, 0, 0, 1, 0, NULL FROM outcomes WHERE outcome = 'accepted'
)
GROUP BY run_id, revision;

-- Engines and their speed. speed: completion tokens a second of waiting (for one request, not for the whole engine);
-- slowness: seconds for the same work beside the fastest endpoint of the same role and model, 1 for that one.
CREATE OR REPLACE VIEW engines AS
SELECT
    run_id, revision, role, model, endpoint, called AS calls, retried AS retries, repeated_calls, cut_calls,
    tokens AS completion_tokens, waited AS seconds, median_seconds, p95_seconds,
    if(tokens > 0, tokens / waited, NULL) AS speed,
    pace / min(pace) OVER (PARTITION BY run_id, revision, role, model) AS slowness
FROM
(
    SELECT
        run_id, revision, role, model, endpoint, sum(calls) AS called, sum(retries) AS retried,
        countIf(retries > 0) AS repeated_calls, countIf(cut) AS cut_calls, sum(completion_tokens) AS tokens,
        sum(seconds) AS waited, quantile(0.5)(seconds) AS median_seconds, quantile(0.95)(seconds) AS p95_seconds,
        if(tokens > 0, waited / tokens, waited / called) AS pace
    FROM model_calls
    GROUP BY run_id, revision, role, model, endpoint
);

-- How often calls had to be tried again: calls by the number of their retries.
CREATE OR REPLACE VIEW retries AS
SELECT run_id, revision, role, model, endpoint, model_calls.retries AS retries, sum(model_calls.calls) AS calls
FROM model_calls
GROUP BY run_id, revision, role, model, endpoint, retries;

-- Lengths in tokens of the model that wrote them, in bins that double: from low to below high. cut: those that came to
-- the limit of tokens.
CREATE OR REPLACE VIEW lengths AS
SELECT
    run_id, revision, kind, verdict, low, 2 * greatest(low, 1) AS high, count() AS texts, countIf(was_cut) AS cut
FROM
(
    SELECT run_id, revision, 'problem' AS kind, CAST(NULL, 'Nullable(String)') AS verdict,
        if(completion_tokens = 0, 0, exp2(floor(log2(completion_tokens)))) AS low, ifNull(finish_reason = 'length', false) AS was_cut
    FROM problems FINAL WHERE problems.model IS NOT NULL
    UNION ALL
    SELECT run_id, revision, toString(kind), CAST(verdict, 'Nullable(String)'),
        if(completion_tokens = 0, 0, exp2(floor(log2(completion_tokens)))), finish_reason = 'length'
    FROM responses FINAL
)
GROUP BY run_id, revision, kind, verdict, low;

-- Two revisions side by side, in both orders: how the problems ended that ended in both.
CREATE OR REPLACE VIEW compared_outcomes AS
SELECT
    one.run_id AS run_id, one.revision AS one, other.revision AS other,
    one.outcome AS outcome_one, one.reason AS reason_one, other.outcome AS outcome_other, other.reason AS reason_other,
    count() AS problems
FROM outcomes AS one
INNER JOIN outcomes AS other ON other.run_id = one.run_id AND other.problem_id = one.problem_id
WHERE one.revision != other.revision
GROUP BY run_id, one, other, outcome_one, reason_one, outcome_other, reason_other;

-- The same of verdicts: responses that both revisions have judged.
CREATE OR REPLACE VIEW compared_verdicts AS
SELECT
    one.run_id AS run_id, one.revision AS one, other.revision AS other,
    one.verdict AS verdict_one, other.verdict AS verdict_other, count() AS responses
FROM (SELECT run_id, revision, id, verdict FROM responses FINAL WHERE verdict IS NOT NULL) AS one
INNER JOIN (SELECT run_id, revision, id, verdict FROM responses FINAL WHERE verdict IS NOT NULL) AS other
    ON other.run_id = one.run_id AND other.id = one.id
WHERE one.revision != other.revision
GROUP BY run_id, one, other, verdict_one, verdict_other;

-- The same of rewards: responses that both have scored; changed: those whose score is another one.
CREATE OR REPLACE VIEW compared_rewards AS
WITH scores AS
(
    SELECT run_id, revision, id, reward, score
    FROM (SELECT run_id, revision, id, rewards FROM responses FINAL)
    ARRAY JOIN mapKeys(rewards) AS reward, mapValues(rewards) AS score
)
SELECT
    one.run_id AS run_id, one.revision AS one, other.revision AS other, one.reward AS reward, count() AS responses,
    countIf(one.score != other.score) AS changed, avg(one.score) AS mean_one, avg(other.score) AS mean_other,
    corr(one.score, other.score) AS correlation
FROM scores AS one
INNER JOIN scores AS other ON other.run_id = one.run_id AND other.id = one.id AND other.reward = one.reward
WHERE one.revision != other.revision
GROUP BY run_id, one, other, reward;
