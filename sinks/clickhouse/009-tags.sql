-- All that a judge model said of a problem, beside the labels that rows had before.

ALTER TABLE problems
    ADD COLUMN IF NOT EXISTS other_categories Array(LowCardinality(String)) AFTER category;

ALTER TABLE sft
    ADD COLUMN IF NOT EXISTS quality_explanation Nullable(String) CODEC(ZSTD(3)) AFTER quality,
    ADD COLUMN IF NOT EXISTS other_categories Array(LowCardinality(String)) AFTER category,
    ADD COLUMN IF NOT EXISTS intent Nullable(String) AFTER safety,
    ADD COLUMN IF NOT EXISTS knowledge Nullable(String) AFTER intent;

ALTER TABLE preferences
    ADD COLUMN IF NOT EXISTS quality_explanation Nullable(String) CODEC(ZSTD(3)) AFTER quality,
    ADD COLUMN IF NOT EXISTS other_categories Array(LowCardinality(String)) AFTER category,
    ADD COLUMN IF NOT EXISTS intent Nullable(String) AFTER safety,
    ADD COLUMN IF NOT EXISTS knowledge Nullable(String) AFTER intent;
