-- What this database has lost, and which runs have been read into it (again) since. A run that a loss, or the
-- database's own newness ('new'), has no line for here is read again from the beginning of its topics.

CREATE TABLE IF NOT EXISTS damages
(
    id String,
    table_name LowCardinality(String),
    reason LowCardinality(String),
    found_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree
ORDER BY id;

CREATE TABLE IF NOT EXISTS refills
(
    damage_id String,
    run_id String,
    revision LowCardinality(String),
    begun_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree
ORDER BY (run_id, revision, damage_id);
