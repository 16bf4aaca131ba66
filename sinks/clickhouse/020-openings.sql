-- Which processes of a run write into this database: each leaves its name before its first row. Whoever finds the name
-- of another one here writes where that one writes, whatever address or replica either goes by.

CREATE TABLE IF NOT EXISTS openings
(
    run_id String,
    revision LowCardinality(String),
    process_id String,
    opened_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree
ORDER BY (run_id, revision, process_id);
