-- The views. They read with FINAL inside, so a repeat never shows, with or without FINAL on the view.

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
    SELECT run_id, revision, 'rewarded', 7, problem_id FROM responses WHERE notEmpty(reward_versions)
    UNION ALL
    SELECT run_id, revision, 'sft', 8, problem_id FROM sft
    UNION ALL
    SELECT run_id, revision, 'preferences', 9, problem_id FROM preferences
)
GROUP BY run_id, revision, step, position;

-- Why problems ended, by stage; example: what was seen in one of them.
CREATE OR REPLACE VIEW reasons AS
SELECT run_id, revision, stage, reason, uniqExact(problem_id) AS problems, any(detail) AS example
FROM rejections FINAL
GROUP BY run_id, revision, stage, reason;

-- Dead letters by cause. redriven: of these, sent on their way again.
CREATE OR REPLACE VIEW failures AS
SELECT run_id, revision, stage, code, count() AS dead_letters, countIf(redriven_at IS NOT NULL) AS redriven, any(message) AS example
FROM dead_letters FINAL
GROUP BY run_id, revision, stage, code;

-- What models cost: calls, tokens and seconds of waiting for them. The choices of one request are one call.
CREATE OR REPLACE VIEW cost AS
SELECT
    run_id, revision, role, model,
    count() AS calls,
    sum(call_prompt_tokens) AS prompt_tokens,
    sum(call_completion_tokens) AS completion_tokens,
    sum(call_seconds) AS seconds
FROM
(
    SELECT run_id, revision, 'questioner' AS role, assumeNotNull(model) AS model, sum(prompt_tokens) AS call_prompt_tokens,
        sum(completion_tokens) AS call_completion_tokens, max(seconds) AS call_seconds
    FROM problems FINAL WHERE problems.model IS NOT NULL
    GROUP BY run_id, revision, slot, model
    UNION ALL
    SELECT run_id, revision, 'tagger', assumeNotNull(tag_model), tag_prompt_tokens, tag_completion_tokens, tag_seconds
    FROM problems FINAL WHERE tag_model IS NOT NULL
    UNION ALL
    SELECT run_id, revision, role, model, prompt_tokens, completion_tokens, seconds
    FROM responses FINAL
    UNION ALL
    SELECT run_id, revision, concat('reward:', reward), reward_models[reward], reward_tokens[reward], 0, reward_seconds[reward]
    FROM (SELECT run_id, revision, reward_models, reward_tokens, reward_seconds FROM responses FINAL)
    ARRAY JOIN mapKeys(reward_models) AS reward
)
GROUP BY run_id, revision, role, model;

-- Rewards of responses in twenty bins between each reward's least and greatest value. low: lower border of the bin.
CREATE OR REPLACE VIEW reward_histogram AS
WITH scores AS
(
    SELECT run_id, revision, kind, verdict, reward, value
    FROM (SELECT run_id, revision, kind, verdict, rewards FROM responses FINAL)
    ARRAY JOIN mapKeys(rewards) AS reward, mapValues(rewards) AS value
),
borders AS
(
    SELECT run_id, revision, reward, min(value) AS least, max(value) AS greatest FROM scores GROUP BY run_id, revision, reward
)
SELECT
    run_id, revision, reward, verdict,
    least + bin * (greatest - least) / 20 AS low,
    least + (bin + 1) * (greatest - least) / 20 AS high,
    count() AS responses
FROM
(
    SELECT scores.run_id AS run_id, scores.revision AS revision, scores.reward AS reward, scores.verdict AS verdict, least, greatest,
        if(greatest > least, least(toUInt8(19), toUInt8(floor(20 * (value - least) / (greatest - least)))), 0) AS bin
    FROM scores
    INNER JOIN borders ON scores.run_id = borders.run_id AND scores.revision = borders.revision AND scores.reward = borders.reward
)
GROUP BY run_id, revision, reward, verdict, least, greatest, bin;

-- Verdicts of responses with their reasons; mean_vote_share: mean share of the votes that agree with them.
CREATE OR REPLACE VIEW verdicts AS
SELECT run_id, revision, kind, verdict, verdict_reason, count() AS responses, avg(vote_share) AS mean_vote_share
FROM responses FINAL
WHERE verdict IS NOT NULL
GROUP BY run_id, revision, kind, verdict, verdict_reason;

-- Problems refused because of another one, both texts side by side.
CREATE OR REPLACE VIEW duplicates AS
SELECT
    refused.run_id AS run_id, refused.revision AS revision, refused.problem_id AS problem_id, refused.reason AS reason,
    refused.collided_with AS collided_with, mine.text AS text, other.text AS collided_text
FROM (SELECT run_id, revision, problem_id, reason, collided_with FROM rejections FINAL WHERE collided_with IS NOT NULL) AS refused
LEFT JOIN (SELECT DISTINCT ON (run_id, id) run_id, id, text FROM problems FINAL) AS mine
    ON mine.run_id = refused.run_id AND mine.id = refused.problem_id
LEFT JOIN (SELECT DISTINCT ON (run_id, id) run_id, id, text FROM problems FINAL) AS other
    ON other.run_id = refused.run_id AND other.id = refused.collided_with;
