-- Which config a row came under: every row carries the hash of the config of the process that wrote it, and run_starts
-- has each start of each process with that config. Rows that were written before this have an empty hash.

ALTER TABLE problems ADD COLUMN IF NOT EXISTS config_hash LowCardinality(String);
ALTER TABLE responses ADD COLUMN IF NOT EXISTS config_hash LowCardinality(String);
ALTER TABLE follow_ups ADD COLUMN IF NOT EXISTS config_hash LowCardinality(String);
ALTER TABLE sft ADD COLUMN IF NOT EXISTS config_hash LowCardinality(String);
ALTER TABLE preferences ADD COLUMN IF NOT EXISTS config_hash LowCardinality(String);
ALTER TABLE rejections ADD COLUMN IF NOT EXISTS config_hash LowCardinality(String);
ALTER TABLE dead_letters ADD COLUMN IF NOT EXISTS config_hash LowCardinality(String);

CREATE TABLE IF NOT EXISTS run_starts
(
    id String,
    run_id String,
    revision LowCardinality(String),
    config String CODEC(ZSTD(3)),
    config_hash LowCardinality(String),
    parts Array(LowCardinality(String)),
    host String,
    pid Int32,
    program_version LowCardinality(String),
    created_at DateTime64(3, 'UTC'),
    topic LowCardinality(String),
    `partition` Int32,
    `offset` Int64,
    version UInt64,
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (run_id, revision, id);
